// Tries one mailbox.
import type { ImapFlow, ListResponse } from 'imapflow'
import type { Finding } from '../../../src/channel/adapter.ts'
import { nearest } from '../../../src/core/text/command-line.ts'
import type { FolderSettings, ImapSettings } from '../settings.ts'
import { checkCertificate } from '../sign-in/certificate.ts'
import type { TokenSource } from '../sign-in/oauth.ts'
import { providerOf } from '../sign-in/provider.ts'
import { type Circumstances, loginAdvice } from './advice.ts'
import { connectImap, serverReply } from './connect.ts'
import { canKeep, KEYWORD } from './marker.ts'
import { probe } from './probe.ts'

const MOST_NAMES = 20

/** The folders of a mailbox, and what the server puts before their names, such as `INBOX.`. */
interface KnownFolders {
  listed: ListResponse[]
  prefix: string
}

/**
 * Tries one mailbox as the desk would use it, and changes nothing there: host, port, certificate, signing in, folders,
 * and what the server can do. What comes after a fault is not tried.
 */
export async function checkMailbox(
  mailbox: ImapSettings,
  tokens: TokenSource | undefined,
  more: Circumstances & { now(): Date },
): Promise<Finding[]> {
  const reached = await checkServer(mailbox, more.now())
  if (reached.some(({ ok }) => !ok)) return reached
  const what = `${mailbox.user} signs in at ${mailbox.host} with ${mailbox.password === undefined ? 'oauth' : 'a password'}`
  let client: ImapFlow | undefined
  try {
    client = await connectImap(mailbox, tokens)
    const listed = await client.list() // Microsoft lets in whom it refuses afterwards
    const known: KnownFolders = { listed, prefix: client.namespace?.prefix ?? '' }
    return [
      ...reached,
      { what, ok: true },
      ...(await checkFolders(client, known, mailbox)),
      ...checkCapabilities(client, mailbox),
    ]
  } catch (error) {
    return [...reached, { what, ok: false, advice: loginAdvice(error, mailbox, more) }]
  } finally {
    await client?.logout().catch(() => undefined)
    client?.close()
  }
}

async function checkServer(mailbox: ImapSettings, now: Date): Promise<Finding[]> {
  const { host, port, security, ca } = mailbox
  const way = { tls: 'IMAP over TLS', starttls: 'IMAP with STARTTLS', plain: 'IMAP without encryption' }[security]
  const what = `${host}:${port} speaks ${way}`
  const reached = await probe(mailbox)
  if ('trouble' in reached) return [{ what, ok: false, advice: reached.trouble }]
  if (!reached.tls) {
    const advice = 'others on the network can see the password and all mail: prefer security: tls or starttls.'
    return [{ what, ok: true, ...(isThisMachine(host) ? {} : { advice }) }]
  }
  const shown = { host, port, ca, settings: 'imap', ...(security === 'starttls' ? { starttls: 'imap' as const } : {}) }
  const certificate = checkCertificate(reached.tls, shown, now)
  reached.tls.destroy()
  return [{ what, ok: true }, certificate]
}

function isThisMachine(host: string): boolean {
  return /^(localhost|127\.[\d.]+|::1)$/i.test(host)
}

async function checkFolders(client: ImapFlow, known: KnownFolders, mailbox: ImapSettings): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const folder of mailbox.folders) findings.push(await checkFolder(client, known, folder, mailbox))
  const { sent, appendSent } = mailbox
  if (sent !== undefined) {
    const what = `the folder ${sent} holds mail that colleagues send by hand`
    const advice = missing(known, sent, 'imap.sent', mailbox, '\\Sent')
    findings.push(advice === undefined ? { what, ok: true } : { what, ok: false, advice })
  } else if (appendSent) {
    const sentFolder = known.listed.find(({ specialUse }) => specialUse === '\\Sent')?.path ?? 'Sent'
    const what = "the desk's answers go into the folder of sent mail"
    findings.push({
      what,
      ok: false,
      advice: `appendSent needs the name of that folder: write imap.sent: ${sentFolder}.`,
    })
  }
  return findings
}

async function checkFolder(
  client: ImapFlow,
  known: KnownFolders,
  folder: FolderSettings,
  mailbox: ImapSettings,
): Promise<Finding> {
  const { name, after } = folder
  const what = `the folder ${name} of ${mailbox.user} can be read`
  const advice = missing(known, name, 'imap.folders', mailbox)
  if (advice !== undefined) return { what, ok: false, advice }
  let readOnly: boolean | undefined
  try {
    readOnly = (await client.mailboxOpen(name)).readOnly
  } catch (error) {
    const mend = `give ${mailbox.user} the right to read and write in it, or leave it out of imap.folders.`
    return { what, ok: false, advice: `the server says "${serverReply(error)}": ${mend}` }
  }
  if (after === 'nothing') return { what, ok: true }
  if (readOnly) {
    const mend = `give ${mailbox.user} the right to write in it, or write after: nothing.`
    return { what: `${what} and marked`, ok: false, advice: `the server lets it be read only: ${mend}` }
  }
  return afterwards(client, known, folder, mailbox, what)
}

/** What becomes of a message once it is stored. */
function afterwards(
  client: ImapFlow,
  known: KnownFolders,
  { name, after }: FolderSettings,
  mailbox: ImapSettings,
  what: string,
): Finding {
  if (after === 'keyword' && !canKeep(client, KEYWORD)) {
    const advice = `${name} does not support keywords, so messages stay unmarked there; still, nothing is lost or taken twice. To see which messages are done, write after: move:Processed or after: seen.`
    return { what, ok: true, advice }
  }
  if (!after.startsWith('move:')) return { what, ok: true }
  const target = after.slice('move:'.length)
  if (mailbox.folders.some(each => pathOf(each.name, known) === pathOf(target, known))) {
    const advice = `after: ${after} moves mail into a folder that mail is taken from: choose another folder, such as Processed.`
    return { what: `mail from ${name} moves to ${target}`, ok: false, advice }
  }
  const isThere = known.listed.some(({ path }) => path === pathOf(target, known))
  return { what, ok: true, ...(isThere ? {} : { advice: `${target} does not exist yet; the desk will create it.` }) }
}

/** Undefined if there is such a folder, and it can hold mail. */
function missing(
  known: KnownFolders,
  name: string,
  setting: string,
  { host }: ImapSettings,
  use?: string,
): string | undefined {
  const { listed } = known
  const found = listed.find(({ path }) => path === pathOf(name, known))
  const holds = listed.filter(({ flags }) => !flags.has('\\Noselect') && !flags.has('\\NonExistent'))
  if (found && holds.includes(found)) return undefined
  const special = holds.filter(({ specialUse }) => use !== undefined && specialUse === use).map(({ path }) => path)
  const others = holds.map(({ path }) => path).filter(path => !special.includes(path))
  const names = [...special, ...nearestFirst(name, others)]
  const shown = names.slice(0, MOST_NAMES).join(', ')
  const rest = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : ''
  const label =
    providerOf(host) === 'google'
      ? ' At Google, a label is a folder only if Show in IMAP is ticked for it: Gmail > Settings > Labels.'
      : ''
  const is = found ? `${name} holds other folders, but no mail` : `there is no folder ${name}`
  return `${is}: write one of these in ${setting}: ${shown}${rest}.${label}`
}

/** As imapflow asks for it. INBOX is the one name whose case does not matter (RFC 3501 section 5.1). */
function pathOf(name: string, { prefix }: KnownFolders): string {
  if (name.toUpperCase() === 'INBOX') return 'INBOX'
  return name.startsWith(prefix) ? name : `${prefix}${name}`
}

/** Names most like the one that was meant; also those whose last part is like its last part. */
export function nearestFirst(nameSought: string, names: readonly string[]): string[] {
  const word = lastPart(nameSought)
  const same = names.filter(name => lastPart(name) === word)
  const like = takeNearest(nameSought.toLowerCase(), names, name => name.toLowerCase())
  const alike = takeNearest(word, names, lastPart)
  return [...new Set([...same, ...like, ...alike, ...names])]
}

function lastPart(name: string): string {
  return name.split(/[/.]/).at(-1)?.toLowerCase() ?? ''
}

function takeNearest(nameSought: string, names: readonly string[], wordOf: (name: string) => string): string[] {
  const taken: string[] = []
  for (let remaining = [...names]; ; ) {
    const word = nearest(nameSought, remaining.map(wordOf))
    if (word === null) return taken
    taken.push(...remaining.filter(name => wordOf(name) === word))
    remaining = remaining.filter(name => wordOf(name) !== word)
  }
}

/** What the server cannot do, where the desk would use it. Nothing of it is needed. */
function checkCapabilities(client: ImapFlow, { host, folders, poll }: ImapSettings): Finding[] {
  const has = (name: string) => client.capabilities.has(name)
  const moves = folders.some(({ after }) => after.startsWith('move:'))
  const findings: Finding[] = []
  const lacks = (name: string, advice: string) => findings.push({ what: `${host} has no ${name}`, ok: true, advice })
  if (!has('IDLE')) {
    lacks('IDLE', `it does not announce new mail; the desk looks every ${poll / 1000} s (imap.poll).`)
  }
  if (moves && !has('MOVE'))
    lacks('MOVE', 'messages are copied to their folder and then deleted, which has the same result.')
  if (moves && !has('MOVE') && !has('UIDPLUS')) {
    lacks(
      'UIDPLUS',
      'moving also removes what people have marked as deleted in that folder: to prevent that, write after: keyword or after: seen.',
    )
  }
  if (findings.length === 0)
    findings.push({ what: `${host} supports everything that the desk uses (IDLE, MOVE)`, ok: true })
  return findings
}
