/** Answers that wait to be sent all the same: which of them is meant, and what their writer was shown when they were kept. */
import type { ShownState } from '../../core/ticket/shown.ts'
import { DeskError } from '../../errors.ts'
import type { Sql } from '../../store/engine/sql.ts'
import { eventAt, lastEventOf } from '../../store/events.ts'
import { answeredAlike, type Message, messageById, unsentBy } from '../../store/messages.ts'
import type { Person } from '../../store/people.ts'
import type { Ticket } from '../../store/tickets.ts'
import { isUnsent, quoted } from './unseen.ts'

/** The ticket as its writer named it, and the one that this is part of by now, mostly the same. */
export interface AnsweredTicket {
  named: Ticket
  ticket: Ticket
}

/** What sends a text that was kept, on a ticket of this reference. */
export type Again = (ref: string) => { line: string; label: string }

/** Where a text may have been kept; the newest last. */
export function placesOf({ named, ticket }: AnsweredTicket): Ticket[] {
  return named.id === ticket.id ? [ticket] : [named, ticket]
}

/** The text of somebody's that was kept with this event. Throws a `DeskError` if it has left since. */
export async function unsentAt(
  sql: Sql,
  places: readonly Ticket[],
  author: Person,
  seq: number,
): Promise<Message | undefined> {
  for (const { id } of places) {
    const event = await eventAt(sql, id, seq)
    if (!event || !isUnsent(event) || event.actorId !== author.id) continue
    const message = await messageById(sql, event.data.message)
    if (message && (await wasSent(sql, places, message))) throw new DeskError('conflict', sentAlready(places))
    if (message) return message
  }
  return undefined
}

/** The text of somebody's that waits; where there are several, the desk asks which is meant. */
export async function onlyUnsent(
  sql: Sql,
  places: readonly Ticket[],
  author: Person,
  again: Again,
): Promise<Message | undefined> {
  const byText = new Map<string, { message: Message; place: Ticket }>()
  for (const place of places.toReversed()) {
    for (const message of await unsentBy(sql, place.id, author.id)) {
      const text = message.text ?? ''
      if (!byText.has(text) && !(await wasSent(sql, places, message))) byText.set(text, { message, place })
    }
  }
  const [first, ...others] = byText.values()
  if (first && others.length > 0) throw await askWhichUnsent(sql, [first, ...others], again)
  return first?.message
}

const MOST_KEPT = 5 // texts to choose from
const MOST_LABEL = 40 // characters of a text on its button

/** What asks which one is meant, with a way to send each of the newest. */
async function askWhichUnsent(
  sql: Sql,
  waiting: readonly { message: Message; place: Ticket }[],
  again: Again,
): Promise<DeskError> {
  const ways: { text: string; label: string; line: string }[] = []
  for (const { message, place } of waiting.slice(0, MOST_KEPT)) {
    const seq = (await unsentSeqOf(sql, message)) ?? 0
    const text = message.text?.trim() || '(files only)'
    const flatText = text.replace(/\s+/gu, ' ')
    const label = `Send "${flatText.length > MOST_LABEL ? `${flatText.slice(0, MOST_LABEL)}…` : flatText}"`
    ways.push({ text, label, line: lineForUnsent(again(place.ref).line, seq) })
  }
  const lines = ways.map(({ text, line }) => `${quoted(text)}\n\nTo send this one, write: ${line}`)
  const sentence = `Nothing was sent: ${waiting.length} of your answers are saved here, so say which one.`
  return new DeskError('conflict', [sentence, ...lines].join('\n\n'), {
    actions: ways.map(({ label, line }) => ({ label, style: 'danger', line })),
  })
}

/** Names the text that is meant by the event that kept it. */
export function lineForUnsent(line: string, seq: number): string {
  return `${line} --read ${seq}`
}

/** Whether a text that was kept was sent since, by its own button or written once more. */
async function wasSent(sql: Sql, places: readonly Ticket[], message: Message): Promise<boolean> {
  for (const { id } of places) {
    if (await lastEventOf(sql, id, 'replied', data => data.kept === message.id)) return true
    const answer = { ticketId: id, authorId: message.authorId, text: message.text ?? '', since: message.storedAt }
    if (answer.text.trim() && (await answeredAlike(sql, answer))) return true
  }
  return false
}

export function sentAlready(places: readonly Ticket[]): string {
  return `You have already sent this text on ${places.at(-1)?.ref ?? 'it'}, so it was not sent again.`
}

/** What `--anyway` answers: the refusal that its writer was shown; null if there was none. */
export async function refusalShown(sql: Sql, message: Message): Promise<{ shown: ShownState; only: boolean } | null> {
  const event = await unsentEventOf(sql, message)
  if (!event) return null
  return { shown: { seq: event.seq, readers: event.data.readers ?? null }, only: event.data.only ?? false }
}

/** The event that kept a text. */
async function unsentEventOf(sql: Sql, { id, ticketId }: Pick<Message, 'id' | 'ticketId'>) {
  const event = await lastEventOf(sql, ticketId, 'noted', data => data.message === id)
  return event && isUnsent(event) ? event : undefined
}

/** The number of the event that kept a text; undefined for a message that is none. */
export async function unsentSeqOf(sql: Sql, message: Pick<Message, 'id' | 'ticketId'>): Promise<number | undefined> {
  return (await unsentEventOf(sql, message))?.seq
}
