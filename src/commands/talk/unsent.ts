/** Answers that are kept instead of sent, because their writer has not seen what changed, and their way out with one word. */
import type { Reply } from '../../channel/desk.ts'
import type { Options } from '../../core/text/options.ts'
import { parseShown, type ShownState } from '../../core/ticket/shown.ts'
import { DeskError } from '../../errors.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { eventsAfter } from '../../store/events.ts'
import { answeredAlike, attachmentsOf, type MessageFile, messageById, unsentBy } from '../../store/messages.ts'
import type { Person } from '../../store/people.ts'
import { type Change, recordEvent, type Ticket } from '../../store/tickets.ts'
import type { Call } from '../command/command.ts'
import { storeInternalText } from '../command/internal-text.ts'
import { type Readers, readersInWords, readersOf, shownWith } from '../command/recipients.ts'
import {
  type Again,
  type AnsweredTicket,
  lineForUnsent,
  onlyUnsent,
  placesOf,
  refusalShown,
  sentAlready,
  unsentAt,
} from './find-unsent.ts'
import { quoted, shownTo, unseenChanges } from './unseen.ts'

/** A text on its way to the requester. */
export interface Draft {
  author: Person
  text: string
  /** The same as Markdown, where its writer chose what is styled in it; else the text is sent as it was typed. */
  markdown?: string | null
  attachments: readonly MessageFile[]
  /** To the requester alone. */
  only: boolean
  /** Digest of the mail that it came in, and its Message-ID. */
  raw?: string
  externalId?: string | null
}

/** What may be said with every command whose text goes to the requester. */
export const ANSWER_OPTIONS = { read: 'text', anyway: 'flag', only: 'flag' } as const

interface AnswerOptions {
  /** What its writer was shown, where the line says so. */
  read: ShownState | null
  anyway: boolean
  only: boolean
}

/** Throws a `DeskError` of code `usage` for a `--read` that is no number. */
export function answerOptions(options: Options): AnswerOptions {
  const readText = options.text('read')
  const read = readText === undefined ? null : parseShown(readText)
  if (readText !== undefined && read === null) {
    throw new DeskError(
      'usage',
      `Nothing was sent: --read takes the number of the last event you saw, as in --read 17.`,
    )
  }
  return { read, anyway: options.has('anyway'), only: options.has('only') }
}

/**
 * The text of the line, or the one that was kept for its writer to send with `--anyway`: the one of the event that
 * `--read` names, or the only one.
 */
export async function draftOf(
  tx: Tx,
  { actor: author, attachments, body: text, markdown }: Call,
  { named, ticket }: AnsweredTicket,
  { anyway, only, read }: AnswerOptions,
  again: Again,
): Promise<Draft & { unsentId?: string }> {
  const draft = { author, text, markdown: markdown ?? null, attachments, only }
  if (text.trim()) return draft
  const places = placesOf({ named, ticket })
  const message = !anyway
    ? undefined
    : read
      ? await unsentAt(tx, places, author, read.seq)
      : await onlyUnsent(tx, places, author, again)
  if (!message && attachments.length > 0) return draft
  if (!message) {
    const sentence = anyway
      ? `You have no saved answer on ${ticket.ref} since the last one that you sent (show ${ticket.ref} has older ones): write reply ${ticket.ref} followed by your text.`
      : `Write what to answer: reply ${ticket.ref} followed by your text.`
    throw new DeskError('usage', sentence)
  }
  const refusal = await refusalShown(tx, message)
  return {
    author,
    text: message.text ?? '',
    markdown: message.markdown,
    attachments: await attachmentsOf(tx, message.id),
    only: only || (refusal?.only ?? false),
    unsentId: message.id,
  }
}

/**
 * Keeps a text back if something happened that its writer has not seen, or others read it than they were shown; gives
 * the reply that says so, undefined if it may leave. `named`: the ticket as its writer named it, which may have become
 * part of `ticket`.
 */
export async function refuseUnseen(
  tx: Tx,
  call: Call,
  { named, ticket }: AnsweredTicket,
  change: Change,
  draft: Draft & { unsentId?: string },
  { read, anyway }: Pick<AnswerOptions, 'read' | 'anyway'>,
  again: Again,
): Promise<Reply | undefined> {
  if (read && !anyway) refuseUnknown({ named, ticket }, read)
  const readers = await readersOf(tx, call, ticket, { only: draft.only })
  if (readers.recipients.length === 0) throw nobodyToAnswer(ticket)
  const changes = await changesFor(tx, call, { named, ticket }, draft, { read, anyway }, readers)
  if (read && changes.length === 0 && (await wasSentSince(tx, ticket, draft, read))) {
    return { text: sentAlready([ticket]), data: { ref: ticket.ref, sent: false, duplicate: true } }
  }
  if (changes.length === 0) return undefined
  const { seq } = await keepUnsent(tx, ticket, change, draft, readers)
  return unsentReply(ticket, changes, draft, readers, { ...again(ticket.ref), seq })
}

/** Throws a `DeskError` for the number of an event that the ticket does not have yet: it must be that of another. */
function refuseUnknown({ named, ticket }: AnsweredTicket, { seq }: ShownState): void {
  const newest = isOfWhole({ named, ticket }, seq) ? ticket : named
  if (seq <= newest.eventSeq) return
  throw new DeskError(
    'usage',
    `Nothing was sent: ${newest.ref} has no event ${seq} yet; its newest is ${newest.eventSeq}. Look at it with show ${newest.ref}, then say with --read what you saw.`,
  )
}

/** Whether it is the ticket that the named one became part of whose event was seen: `show` tells of that one. */
function isOfWhole({ named, ticket }: AnsweredTicket, seq: number): boolean {
  return named.id !== ticket.id && seq >= named.eventSeq
}

/** Whether the very same left since its writer looked: from another form, or the same one twice. */
async function wasSentSince(tx: Tx, { id }: Ticket, { author, text }: Draft, { seq }: ShownState): Promise<boolean> {
  const [since] = (await eventsAfter(tx, id, seq)).filter(each => each.type === 'replied' && each.actorId === author.id)
  if (!since) return false
  return answeredAlike(tx, { ticketId: id, authorId: author.id, text, since: since.at })
}

async function changesFor(
  tx: Tx,
  call: Call,
  { named, ticket }: AnsweredTicket,
  draft: Draft & { unsentId?: string },
  { read, anyway }: Pick<AnswerOptions, 'read' | 'anyway'>,
  readers: Readers,
): Promise<string[]> {
  const { author } = draft
  if (anyway) {
    // What was refused is shown with the refusal; since then something may have changed once more.
    const message = draft.unsentId
      ? await messageById(tx, draft.unsentId)
      : (await unsentBy(tx, ticket.id, author.id))[0]
    const refusal = message ? await refusalShown(tx, message) : null
    const place = message?.ticketId === named.id ? named : ticket
    const narrowed = draft.only && !refusal?.only // to fewer than were shown
    return refusal
      ? unseenChanges(tx, place, author, narrowed ? { ...refusal.shown, readers: null } : refusal.shown, readers)
      : []
  }
  if (read) {
    const of = isOfWhole({ named, ticket }, read.seq) ? ticket : named
    return unseenChanges(tx, of, author, draft.only ? { ...read, readers: null } : read, readers)
  }
  const changes: string[] = []
  for (const each of named.id === ticket.id ? [ticket] : [named, ticket]) {
    const shown = await shownTo(tx, call, each, author)
    if (shown) changes.push(...(await unseenChanges(tx, each, author, shown, readers)))
    else if (each.mergedInto !== null) changes.push(`${each.ref} has become part of ${ticket.ref}.`)
  }
  return changes
}

export function nobodyToAnswer({ ref }: Ticket): DeskError {
  return new DeskError('conflict', `${ref} has no address to send an answer to: add one with invite ${ref} ADDRESS.`)
}

/** Keeps a text with the ticket that did not leave, for its writer to send with one word. Gives the message and the event. */
export async function keepUnsent(
  tx: Tx,
  ticket: Ticket,
  change: Change,
  { author, text, markdown, attachments, only, raw, externalId }: Draft,
  readers: Readers,
): Promise<{ messageId: string; seq: number }> {
  const note = await storeInternalText(tx, ticket, change, author, text, 'unsent', attachments, {
    raw,
    externalId,
    markdown,
  })
  const data = {
    message: note.message ?? '',
    content: note.content ?? '',
    what: 'unsent',
    readers: shownWith(ticket, readers).readers ?? '',
    ...(only ? { only } : {}),
  }
  const { eventSeq: seq } = await recordEvent(tx, ticket, { type: 'noted', data }, change)
  return { messageId: data.message, seq }
}

/** What the writer of a text that was kept is told; `line` sends it all the same. */
export function unsentReply(
  ticket: Ticket,
  changes: readonly string[],
  draft: Draft,
  readers: Readers,
  { line, label, seq }: { line: string; label: string; seq: number },
): Reply {
  const to = readersInWords(readers)
  const text = [
    `Nothing was sent: ${ticket.ref} has changed since you saw it.`,
    ...changes,
    'Your text was saved with the ticket:',
    quoted(draft.text || '(files only)'),
    `To send it to ${to} anyway, write: ${line}`,
  ].join('\n\n')
  return {
    text,
    data: { ref: ticket.ref, sent: false, changes, to: readers.recipients.map(each => each.recipient) },
    actions: [{ label, style: 'danger', line: lineForUnsent(line, seq) }],
    undone: true,
  }
}
