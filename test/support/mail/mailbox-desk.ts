import type { Alarm } from '../../../src/store/alarms.ts'
import { standingAlarms } from '../../../src/store/alarms.ts'
import { makeDesk, type TestDesk } from '../desk.ts'
import { eventually } from '../eventually.ts'
import type { Dovecot } from '../servers/dovecot.ts'
import type { Engine } from '../store/engines.ts'

/** Settings of one mailbox of a server, as they stand in a configuration. */
export function mailboxOf(dovecot: Dovecot, more: object = {}): Record<string, unknown> {
  const who = { user: 'support', password: 'secret' }
  return { host: 'localhost', port: dovecot.imapsPort, ca: dovecot.certFile, poll: '1s', ...who, ...more }
}

export interface MailboxDeskOptions {
  engine?: Engine
  /** Of the mailbox. */
  mailbox?: object
  /** Several mailboxes, instead. */
  mailboxes?: object[]
  /** Of the whole configuration. */
  root?: object
}

/** A desk that reads mailboxes of a server and puts what it sends into a Maildir. */
export function deskOn(dovecot: Dovecot, options: MailboxDeskOptions = {}): Promise<TestDesk> {
  const { engine = 'sqlite', mailbox, mailboxes = [mailboxOf(dovecot, mailbox)], root = {} } = options
  // Many mails of one sender stand for what came in weeks.
  return makeDesk(engine, { maildir: 'mail' }, { imap: mailboxes }, { floods: { tickets: 0, messages: 0 }, ...root })
}

/** Resolves once so many folders have a place from which they are read on. */
export async function watching(desk: TestDesk, folders = 1): Promise<void> {
  const begun = async () => {
    const rows = await desk.desk.context.store.read<{
      key: string
    }>`SELECT key FROM channel_memory WHERE channel = 'support'`
    return rows.filter(({ key }) => key.startsWith('imap ')).length >= folders || undefined
  }
  await eventually(begun, `the desk watches ${folders} folders`)
}

export interface ArrivalRow {
  subject: string
  outcome: string
  reason: string | null
  detail: string | null
  /** Of an opened one: `queued`, or `none:<reason>`. */
  acknowledgement: string | null
  /** How often it came. */
  seen: number
}

/** Everything that came, in the order of its numbers. */
export async function arrivalsOf(desk: TestDesk): Promise<ArrivalRow[]> {
  const rows = await desk.desk.context.store.read<ArrivalRow>`
    SELECT subject, outcome, reason, detail, acknowledgement, seen FROM arrivals ORDER BY number`
  return rows.map(row => ({ ...row, seen: Number(row.seen) }))
}

/** Waits until something of this subject has come. Gives all that has. */
export function untilCame(desk: TestDesk, subject: string, deadline?: number): Promise<ArrivalRow[]> {
  const ask = async () => {
    const rows = await arrivalsOf(desk)
    return rows.some(row => row.subject === subject) ? rows : undefined
  }
  return eventually(ask, `"${subject}" has come`, deadline)
}

export function alarmsOf(desk: TestDesk): Promise<Alarm[]> {
  return desk.desk.context.store.consistently(standingAlarms)
}

/** Flags of the messages in a folder, by subject; without \Recent, which is nobody's. */
export async function flagsIn(dovecot: Dovecot, folder = 'INBOX', user = 'support'): Promise<Record<string, string[]>> {
  const words = ['-f', 'json', 'fetch', '-u', user, 'hdr.subject flags', 'mailbox', folder, 'all']
  const answer = await dovecot.doveadm(...words).catch(error => {
    if (!/was expunged/.test(String(error))) throw error // while it was asked for: asked again, it is not there
    return dovecot.doveadm(...words)
  })
  const rows = JSON.parse(answer || '[]') as Record<string, string>[]
  const flags = (text = '') => text.split(' ').filter(flag => flag !== '' && flag !== '\\Recent')
  return Object.fromEntries(rows.map(row => [row['hdr.subject'], flags(row.flags).toSorted()]))
}

/** Waits until the messages in a folder have these flags, and no others are there. */
export async function untilFlags(
  dovecot: Dovecot,
  expected: Record<string, string[]>,
  folder = 'INBOX',
  user = 'support',
): Promise<void> {
  const wanted = JSON.stringify(Object.entries(expected).toSorted())
  let last = ''
  const ask = async () => {
    last = JSON.stringify(Object.entries(await flagsIn(dovecot, folder, user)).toSorted())
    return last === wanted || undefined
  }
  await eventually(ask, `${folder} holds ${wanted}`).catch(error => {
    throw new Error(`${error.message}; it holds ${last}`)
  })
}

let count = 0

/** A mail of Ann's, with what matters to a test. */
export function mailFrom(
  subject: string,
  more: { from?: string; id?: string; answers?: string; text?: string; date?: Date } = {},
): string {
  count += 1
  const {
    from = 'ann@example.com',
    id = `<m${count}@example.com>`,
    answers,
    text = `About ${subject}.`,
    date = new Date(),
  } = more
  return [
    `From: ${from}`,
    'To: help@desk.example',
    `Subject: ${subject}`,
    `Message-ID: ${id}`,
    ...(answers === undefined ? [] : [`In-Reply-To: ${answers}`, `References: ${answers}`]),
    `Date: ${date.toUTCString().replace('GMT', '+0000')}`,
    '',
    text,
    '',
  ].join('\n')
}
