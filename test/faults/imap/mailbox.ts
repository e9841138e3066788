import { readFileSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ImapFlow } from 'imapflow'
import type { Dovecot } from '../../support/servers/dovecot.ts'

const KEYWORD = '$Relaydesk'
const PROCESSED = 'Processed'
const MOST_REMOVED = 40 // untaken: of more nothing would be known

/** A mailbox that the desk watches. */
export interface WatchedMailbox {
  user: string
  /** What anybody else signs in with. */
  password: string
  /** The desk has no password, and signs in with a token. */
  byToken: boolean
  after: 'keyword' | 'move:Processed'
}

export const BY_PASSWORD: WatchedMailbox = { user: 'support', password: 'secret', byToken: false, after: 'keyword' }
export const BY_TOKEN: WatchedMailbox = {
  user: 'office@desk.example',
  password: 'other',
  byToken: true,
  after: `move:${PROCESSED}`,
}

/** How the server comes to number a folder anew. */
export type Renumbering = 'stopped' | 'running' | 'torn-out'

/** Where a folder stands, as the server tells it. */
export interface Standing {
  uidValidity: number
  uidNext: number
  /** Messages in the inbox that the desk has not marked or moved. */
  untouched: number
}

/** Removes what the desk has taken already. */
export async function removeTaken(dovecot: Dovecot, mailbox: WatchedMailbox): Promise<number> {
  return asColleague(dovecot, mailbox, async client => {
    const byKeyword = mailbox.after === 'keyword'
    await client.mailboxOpen(byKeyword ? 'INBOX' : PROCESSED)
    const uids = await client.search(byKeyword ? { keyword: KEYWORD } : { all: true }, { uid: true })
    if (!uids || uids.length === 0) return 0
    await client.messageDelete(uids.join(','), { uid: true })
    return uids.length
  })
}

/** Removes what came last, also if the desk did not take it yet. Gives the Message-IDs of what it had not marked. */
export async function removeNewest(dovecot: Dovecot, mailbox: WatchedMailbox): Promise<string[]> {
  return asColleague(dovecot, mailbox, async client => {
    const { exists } = await client.mailboxOpen('INBOX')
    if (exists === 0) return []
    const first = Math.max(1, exists - MOST_REMOVED + 1)
    const found = await client.fetchAll(`${first}:*`, { uid: true, flags: true, envelope: true })
    await client.messageDelete(found.map(each => each.uid).join(','), { uid: true })
    return found.filter(each => !each.flags?.has(KEYWORD)).map(each => each.envelope?.messageId ?? '')
  })
}

/** Puts messages that the desk took into the inbox once more: copies of them, or those that it moved away. */
export async function refill(
  dovecot: Dovecot,
  mailbox: WatchedMailbox,
  copies: readonly (string | Uint8Array)[],
): Promise<number> {
  return asColleague(dovecot, mailbox, async client => {
    if (mailbox.after === 'keyword') {
      for (const copy of copies) await client.append('INBOX', Buffer.from(copy), [])
      return copies.length
    }
    const { exists } = await client.mailboxOpen(PROCESSED)
    const moved = Math.min(exists, copies.length)
    if (moved > 0) await client.messageMove(`1:${moved}`, 'INBOX')
    return moved
  })
}

/** Whether the server gave the folder another UIDVALIDITY. `killServer` is for where it is stopped meanwhile. */
export async function renumber(
  dovecot: Dovecot,
  mailbox: WatchedMailbox,
  how: Renumbering,
  killServer: () => Promise<void>,
): Promise<boolean> {
  const before = await uidValidityOf(dovecot, mailbox)
  if (how === 'running') {
    // Far from what the server comes to by itself, or it would use the same one again.
    const other = before + 10_000
    await dovecot.doveadm('mailbox', 'update', '-u', mailbox.user, '--uid-validity', `${other}`, 'INBOX')
  } else {
    if (how === 'stopped') await killServer()
    await forgetNumbers(join(dovecot.homeOf(mailbox.user), 'Maildir'))
    if (how === 'stopped') await dovecot.start()
    // A session whose index was torn out may stay at what it knew for ever: whoever does that ends it.
    else await dovecot.doveadm('kick', mailbox.user).catch(() => undefined)
  }
  return (await uidValidityOf(dovecot, mailbox)) !== before
}

export async function standingOf(dovecot: Dovecot, mailbox: WatchedMailbox): Promise<Standing> {
  return asColleague(dovecot, mailbox, async client => {
    const { uidValidity, uidNext } = await client.mailboxOpen('INBOX')
    const left = await client.search(mailbox.after === 'keyword' ? { unKeyword: KEYWORD } : { all: true })
    return { uidValidity: Number(uidValidity), uidNext, untouched: left ? left.length : 0 }
  })
}

async function uidValidityOf(dovecot: Dovecot, { user }: WatchedMailbox): Promise<number> {
  const said = await dovecot.doveadm('mailbox', 'status', '-u', user, 'uidvalidity', 'INBOX')
  return Number(/uidvalidity=(\d+)/.exec(said)?.[1])
}

async function forgetNumbers(maildir: string): Promise<void> {
  const names = (await readdir(maildir)).filter(name => name === 'dovecot-uidlist' || name.startsWith('dovecot.index'))
  await Promise.all(names.map(name => rm(join(maildir, name), { force: true })))
}

/** Straight to the server, whatever is wrong with the network of the desk. */
async function asColleague<T>(
  dovecot: Dovecot,
  { user, password }: WatchedMailbox,
  work: (client: ImapFlow) => Promise<T>,
): Promise<T> {
  const client = new ImapFlow({
    host: 'localhost',
    port: dovecot.imapsPort,
    secure: true,
    auth: { user, pass: password },
    tls: { ca: readFileSync(dovecot.certFile) },
    logger: false,
  })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.logout().catch(() => undefined)
    client.close()
  }
}
