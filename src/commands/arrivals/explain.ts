// The command explain: what was made of a message, and why.
import type { ArrivalVerdict } from '../../core/intake/verdict.ts'
import { type QuotedPart, quotedPartsOf } from '../../core/mail/quoted-parts.ts'
import { parseReference } from '../../core/ticket/reference.ts'
import { DeskError } from '../../errors.ts'
import { outcomeInWords } from '../../outcome.ts'
import { type Arrival, arrivalByNumber, newestArrivalsOf } from '../../store/arrivals.ts'
import { doubtAbout } from '../../store/doubts.ts'
import type { Sql } from '../../store/engine/sql.ts'
import { messageById } from '../../store/messages.ts'
import { ticketById } from '../../store/tickets.ts'
import { arrivalArgument } from '../command/arguments.ts'
import { type Call, expectArgs, type ReadCommand } from '../command/command.ts'
import { findTicket } from '../command/find-ticket.ts'

const MOST = 50

/** `explain M-3`, or `explain HD-1` for all messages of a ticket. */
export const explain: ReadCommand<{ arrival: number } | { ticket: number }> = {
  word: 'explain',
  aliases: ['why'],
  usage: 'MESSAGE',
  about: 'message',
  summary:
    'Explains what happened to a message and why: its kind, its ticket, who was let in, what was cut. With a ticket, all of its messages.',
  body: 'none',
  parse(line, { prefixes }) {
    expectArgs(this, line, 1, 2)
    const text = line.args.join(' ')
    const ticket = /^m?-?\d+$/i.test(text) ? null : parseReference(text, prefixes)
    return ticket === null ? { arrival: arrivalArgument(text) } : { ticket }
  },
  async reads(sql, call, args) {
    const arrivals = 'ticket' in args ? await ofTicket(sql, call, args.ticket) : [await ofNumber(sql, args.arrival)]
    const explained = await Promise.all(arrivals.map(each => explanation(sql, each)))
    return { text: explained.map(each => each.text).join('\n\n'), data: explained.map(each => each.data) }
  },
}

async function ofNumber(sql: Sql, number: number): Promise<Arrival> {
  const found = await arrivalByNumber(sql, number)
  if (found) return found
  throw new DeskError('not-found', `There is no message M-${number}: relaydesk inbox list --all shows all messages.`)
}

async function ofTicket(sql: Sql, { prefixes }: Call, number: number): Promise<Arrival[]> {
  const ticket = await findTicket(sql, number, prefixes)
  return newestArrivalsOf(sql, ticket.id, MOST)
}

interface Explanation {
  text: string
  data: unknown
}

async function explanation(sql: Sql, arrival: Arrival): Promise<Explanation> {
  const { verdict, number, outcome } = arrival
  const ticket = arrival.ticketId === null ? undefined : await ticketById(sql, arrival.ticketId)
  const message = arrival.messageId === null ? undefined : await messageById(sql, arrival.messageId)
  const doubt = message ? await doubtAbout(sql, message.id) : null
  const cuts = message?.text && message.visible !== null ? quotedPartsOf(message.text, message.visible) : []
  const ref = ticket?.ref ?? null
  const lines = [
    `M-${number}  ${arrival.subject || '(no subject)'}`,
    `came       ${arrival.arrivedAt.slice(0, 16).replace('T', ' ')} through ${arrival.channel}, from ${arrival.sender ?? 'nobody'}`,
    `outcome    ${outcome}${ref ? ` ${ref}` : ''}${arrival.duplicateOf === null ? '' : ` of M-${arrival.duplicateOf}`}`,
    ...(arrival.detail ? [`detail     ${arrival.detail}`] : []),
    ...(verdict ? explanationLines(verdict, arrival, ref) : []),
    ...(doubt === null ? [] : [`doubt      ${doubt}`]),
    ...(message ? [`cut        ${cutInWords(cuts, ref)}`] : []),
  ]
  const data = {
    message: `M-${number}`,
    outcome,
    ref,
    sender: arrival.sender,
    subject: arrival.subject,
    duplicateOf: arrival.duplicateOf,
    acknowledgement: arrival.acknowledgement,
    ...(verdict ?? {}),
    doubt,
    cut: cuts,
  }
  return { text: lines.join('\n'), data }
}

function explanationLines(verdict: ArrivalVerdict, arrival: Arrival, ref: string | null): string[] {
  const { kind, reasons, bulk, rule, allowed } = verdict
  const sort = bulk ? ` (${bulk})` : ''
  const because =
    reasons.length > 0 ? `, because of ${reasons.join('; ')}` : ', because nothing suggests that a machine wrote it'
  return [
    `kind       ${kind}${sort}${because}`,
    ...senderInWords(verdict),
    `ticket     ${ticketInWords(verdict, arrival, ref)}`,
    ...(allowed ? [`let in     ${allowedInWords(verdict, arrival, ref)}`] : []),
    ...(arrival.acknowledgement ? [`receipt    ${receiptInWords(arrival.acknowledgement)}`] : []),
    ...(rule === 'tokens-disagree'
      ? ['doubt      it answers messages of different kinds, so it was kept internal']
      : []),
  ]
}

const RULES: Readonly<Record<string, string>> = {
  token: 'it answers one of our mails, as its signed id or address shows',
  references: 'it answers a mail on the ticket (In-Reply-To, References)',
  thread: 'it was written in the conversation of the ticket',
  subject: 'its subject names the ticket',
  agent: 'an agent put it there',
  recipient: 'it is about somebody we recently wrote to on this ticket',
  alert: 'the same alert came before',
  follows: 'it answers a ticket that was closed too long ago, so it got a new one that is linked to it',
  forwarded: 'an agent forwarded it on behalf of its writer',
  'sent-by-hand': 'a colleague answered from the mailbox',
  'named-thread': 'its conversation began with the reference of the ticket',
  'tokens-disagree': 'it answers mails of ours',
  'token-of-another': 'it answers a notification that went to another agent',
  'token-seen': 'it answers a notification whose reply address is now known to others',
}

const AUTHENTICITY: Record<string, string> = {
  pass: 'confirmed by its domain',
  unaligned: 'not confirmed: the checks passed, but for another domain',
  fail: 'not confirmed: its domain says that the mail did not come from there',
  none: 'not confirmed: there is no evidence for or against it',
}

function senderInWords({ authentication, spam, scan }: ArrivalVerdict): string[] {
  const words = AUTHENTICITY[authentication?.result ?? 'none']
  const found = authentication?.reasons.join(', ')
  return [
    ...(words ? [`sender     ${words}${found ? ` (${found})` : ''}`] : []),
    ...(spam && spam.length > 0 ? [`spam       ${spam.join('; ')}`] : []),
    ...(scan ? [`scanner    ${scan}`] : []),
  ]
}

function ticketInWords({ rule, clues }: ArrivalVerdict, { outcome }: Arrival, ref: string | null): string {
  if (outcome === 'opened') return `${ref}, opened by this message: ${rule ? RULES[rule] : openedBecause(clues)}`
  if (outcome === 'appended') return `${ref}, because ${RULES[rule ?? ''] ?? rule}`
  if (outcome.startsWith('held:')) {
    const why = outcomeInWords(outcome)
    return ref ? `${ref}, if an agent lets it in: ${why}` : `none, until an agent decides: ${why}`
  }
  const although = clues.length > 0 ? `, although ${clues.join(', ')} hinted at one` : ''
  return `none${although}: ${outcomeInWords(outcome)}`
}

function openedBecause(clues: readonly string[]): string {
  return clues.length > 0
    ? `the hints at another ticket (${clues.join(', ')}) were not enough`
    : 'nothing in it points to another ticket'
}

function allowedInWords({ allowed }: ArrivalVerdict, { sender }: Arrival, ref: string | null): string {
  const who = sender ?? 'its sender'
  const words: Record<string, string> = {
    participant: `${who} takes part in ${ref}`,
    alias: `${who} is another address of somebody who takes part in ${ref}`,
    addressee: `it answers a mail that was sent to ${who}`,
    agent: `${who} is an agent`,
    decided: 'an agent let it in',
    machine: 'as automatic mail: it is kept with the ticket, but notifies nobody and lets nobody in',
  }
  return words[allowed ?? ''] ?? ''
}

function receiptInWords(acknowledgement: string): string {
  const reasons: Record<string, string> = {
    queued: 'an acknowledgement was sent',
    'none:old': 'none, because the message is old',
    'none:no-address': 'none, because there is no address to send it to',
    'none:unconfirmed': 'none, because the domain of its sender says that the mail did not come from there',
    'none:echo': 'none, because this address has just got one with the same subject',
    'none:too-many': 'none, because this address got too many within an hour',
  }
  return reasons[acknowledgement] ?? 'none, because a machine wrote it'
}

function cutInWords(cuts: readonly QuotedPart[], ref: string | null): string {
  if (cuts.length === 0) return 'nothing'
  const parts = cuts.map(({ what, lines }) => `${what} (${lines} ${lines === 1 ? 'line' : 'lines'})`)
  return `${parts.join(', ')}; show ${ref} --full shows all`
}
