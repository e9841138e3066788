// Tries whether mail to the addresses of the desk arrives.
import { setTimeout as pause } from 'node:timers/promises'
import type { ImapFlow } from 'imapflow'
import type { Finding } from '../../../src/channel/adapter.ts'
import type { Sent } from '../../../src/channel/outbound.ts'
import { sentenceOf } from '../../../src/errors.ts'
import { connectImap } from '../imap/connect.ts'
import type { EmailSettings, ImapSettings } from '../settings.ts'
import type { TokenSource } from '../sign-in/oauth.ts'
import { providerOf } from '../sign-in/provider.ts'
import { addressOf, type SelfMail, selfMail } from './self-mail.ts'

const WITHIN_MS = 30_000
const LOOK_MS = 250
const LONGEST_LOOK_MS = 2_000
const APART_MS = 5 * 60_000

export interface DeliveryTest {
  settings: EmailSettings
  /** Mailboxes that can be read. */
  mailboxes: ImapSettings[]
  tokens: TokenSource | undefined
  send(mail: SelfMail): Promise<Sent>
  now(): Date
  /** How long to wait; milliseconds. */
  within?: number
}

/** Sends a mail to each address that the mailboxes are for, and waits until it lies in one of them. */
export async function testDelivery(test: DeliveryTest): Promise<Finding[]> {
  const addresses = [...new Set(test.mailboxes.map(mailbox => addressOf(mailbox, test.settings)))]
  const findings = await Promise.all(addresses.map(address => testAddress(address, test)))
  return findings.flat()
}

async function testAddress(address: string, test: DeliveryTest): Promise<Finding[]> {
  const { settings, tokens, send, now, within = WITHIN_MS } = test
  const mailboxes = test.mailboxes.filter(mailbox => addressOf(mailbox, settings) === address)
  const places = mailboxes.map(({ user, host }) => `${user} at ${host}`).join(' or ')
  const what = `a mail to ${address} arrives in the mailbox of ${places}`
  const looking: Looking[] = []
  try {
    for (const mailbox of mailboxes) looking.push({ mailbox, client: await connectImap(mailbox, tokens) })
    const mail = selfMail('doctor', settings.address, address, now())
    const sentAt = now()
    const started = performance.now()
    const { refused } = await send(mail)
    const [refusal] = refused
    if (refusal) {
      const advice = `${settings.send.smtp?.host} refuses mail to ${address} ("${refusal.reason}"): create that address there, or correct address in the configuration.`
      return [{ what, ok: false, advice }]
    }
    const found = await lookUntilFound(looking, mail, within)
    if (!found) return [{ what, ok: false, advice: await whyNot(looking, mail, address, test) }]
    const seconds = (performance.now() - started) / 1000
    return [
      { what: `${what}: ${found.folder}, after ${seconds.toFixed(1)} s`, ok: true },
      ...compareClocks(found.at, sentAt, now(), found.mailbox.host),
    ]
  } catch (error) {
    return [{ what, ok: false, advice: `${sentenceOf(error)}: fix that and run relaydesk doctor again.` }]
  } finally {
    for (const { client } of looking) {
      await client.logout().catch(() => undefined)
      client.close()
    }
  }
}

interface Looking {
  mailbox: ImapSettings
  client: ImapFlow
}

interface FoundMail {
  mailbox: ImapSettings
  folder: string
  /** When the server says it came. */
  at: Date | undefined
}

async function lookUntilFound(looking: Looking[], mail: SelfMail, within: number): Promise<FoundMail | undefined> {
  const end = performance.now() + within
  for (let wait = LOOK_MS; ; wait = Math.min(wait * 1.5, LONGEST_LOOK_MS)) {
    for (const { mailbox, client } of looking) {
      for (const folder of foldersOf(mailbox)) {
        const at = await find(client, folder, mail)
        if (at !== undefined) return { mailbox, folder, at: at ?? undefined }
      }
    }
    if (performance.now() + wait > end) return undefined
    await pause(wait)
  }
}

/** Also where a desk that runs meanwhile moves it to. */
function foldersOf({ folders }: ImapSettings): string[] {
  const names = folders.flatMap(({ name, after }) => (after.startsWith('move:') ? [name, after.slice(5)] : [name]))
  return [...new Set(names)]
}

/** When it came, null if the server does not say; undefined if it is not there, or there is no such folder. */
async function find(client: ImapFlow, folder: string, mail: SelfMail): Promise<Date | null | undefined> {
  try {
    await client.mailboxOpen(folder, { readOnly: true })
  } catch (error) {
    if (client.usable) return undefined
    throw error
  }
  const search = { or: [{ header: { 'message-id': mail.messageId } }, { subject: mail.mark }] }
  const [uid] = (await client.search(search, { uid: true })) || []
  if (uid === undefined) return undefined
  const query = { uid: true, internalDate: true, headers: ['received'] }
  const message = await client.fetchOne(String(uid), query, { uid: true })
  if (!message) return null // moved away in this moment, but it was there
  const received = newestReceived(message.headers?.toString('latin1') ?? '')
  return received ?? (message.internalDate ? new Date(message.internalDate) : null)
}

/** RFC 5321 section 4.4: each server puts its own above those of the others. */
function newestReceived(headers: string): Date | undefined {
  const [first = ''] = headers.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)
  const date = new Date((first.split(';').at(-1) ?? '').replace(/\([^()]*\)/g, ' ').trim())
  return Number.isNaN(date.getTime()) ? undefined : date
}

async function whyNot(looking: Looking[], mail: SelfMail, address: string, test: DeliveryTest): Promise<string> {
  const { within = WITHIN_MS } = test
  const relay = test.settings.send.smtp?.host
  for (const { mailbox, client } of looking) {
    const junk = (await client.list()).find(({ specialUse }) => specialUse === '\\Junk')?.path
    if (junk !== undefined && (await find(client, junk, mail)) !== undefined) {
      return `it landed in ${junk} of ${mailbox.user}: let mail from ${test.settings.address} through the junk filter there, or mail from your requesters may end up there, too.`
    }
  }
  const google = looking.some(({ mailbox }) => providerOf(mailbox.host) === 'google')
    ? ' (At Google, mail to a group from one of its members stays in Sent.)'
    : ''
  return `${relay} accepted it, but it had not arrived after ${within / 1000} s: make sure that mail to ${address} is delivered to this mailbox and into these folders (${looking.flatMap(({ mailbox }) => foldersOf(mailbox)).join(', ')}), and look at the log of ${relay}.${google}`
}

/** The server says when it took the mail; that was between our sending and our seeing it, if the clocks agree. */
function compareClocks(at: Date | undefined, sent: Date, seen: Date, host: string): Finding[] {
  if (!at) return []
  const apart = Math.max(0, at.getTime() - seen.getTime(), sent.getTime() - at.getTime())
  const what = `the clocks of this machine and of ${host} agree`
  if (apart <= APART_MS) return [{ what, ok: true }]
  const minutes = Math.round(apart / 60_000)
  const advice = `here it is ${seen.toISOString()}, there it was ${at.toISOString()}, ${minutes} minutes apart: correct the clock that is wrong (here: timedatectl set-ntp true), otherwise sign-ins can fail and messages can get out of order.`
  return [{ what, ok: false, advice }]
}
