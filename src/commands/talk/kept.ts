/** Answers that wait to be sent all the same: which of them is meant, and what their writer was shown when they were kept. */
import type { Shown } from '../../core/ticket/shown.ts'
import { DeskError } from '../../errors.ts'
import type { Sql } from '../../store/engine/sql.ts'
import { eventAt, lastEventOf } from '../../store/events.ts'
import { answeredAlike, type Message, messageById, unsentBy } from '../../store/messages.ts'
import type { Person } from '../../store/people.ts'
import type { Ticket } from '../../store/tickets.ts'
import { isUnsent, quoted } from './unseen.ts'

/** The ticket as its writer named it, and the one that this is part of by now, mostly the same. */
export interface Answered {
  named: Ticket
  ticket: Ticket
}

/** What sends a text that was kept, on a ticket of this reference. */
export type Again = (ref: string) => { line: string; label: string }

/** Where a text may have been kept; the newest last. */
export function placesOf({ named, ticket }: Answered): Ticket[] {
  return named.id === ticket.id ? [ticket] : [named, ticket]
}

/** The text of somebody's that was kept with this event. Throws a `DeskError` if it has left since. */
export async function keptAt(
  sql: Sql,
  places: readonly Ticket[],
  author: Person,
  seq: number,
): Promise<Message | undefined> {
  for (const { id } of places) {
    const event = await eventAt(sql, id, seq)
    if (!event || !isUnsent(event) || event.actorId !== author.id) continue
    const kept = await messageById(sql, event.data.message)
    if (kept && (await hasLeft(sql, places, kept))) throw new DeskError('conflict', sentAlready(places))
    if (kept) return kept
  }
  return undefined
}

/** The text of somebody's that waits; where there are several, the desk asks which is meant. */
export async function onlyKept(
  sql: Sql,
  places: readonly Ticket[],
  author: Person,
  again: Again,
): Promise<Message | undefined> {
  const byText = new Map<string, { kept: Message; place: Ticket }>()
  for (const place of places.toReversed()) {
    for (const kept of await unsentBy(sql, place.id, author.id)) {
      const text = kept.text ?? ''
      if (!byText.has(text) && !(await hasLeft(sql, places, kept))) byText.set(text, { kept, place })
    }
  }
  const [first, ...others] = byText.values()
  if (first && others.length > 0) throw await whichKept(sql, [first, ...others], again)
  return first?.kept
}

const MOST_KEPT = 5 // texts to choose from
const MOST_LABEL = 40 // characters of a text on its button

/** What asks which one is meant, with a way to send each of the newest. */
async function whichKept(
  sql: Sql,
  waiting: readonly { kept: Message; place: Ticket }[],
  again: Again,
): Promise<DeskError> {
  const ways: { text: string; label: string; line: string }[] = []
  for (const { kept, place } of waiting.slice(0, MOST_KEPT)) {
    const seq = (await seqOfKept(sql, kept)) ?? 0
    const text = kept.text?.trim() || '(files only)'
    const begun = text.replace(/\s+/gu, ' ')
    const label = `Send "${begun.length > MOST_LABEL ? `${begun.slice(0, MOST_LABEL)}…` : begun}"`
    ways.push({ text, label, line: lineOfKept(again(place.ref).line, seq) })
  }
  const lines = ways.map(({ text, line }) => `${quoted(text)}\n\nTo send this one, write: ${line}`)
  const sentence = `Nothing was sent: ${waiting.length} of your answers are saved here, so say which one.`
  return new DeskError('conflict', [sentence, ...lines].join('\n\n'), {
    actions: ways.map(({ label, line }) => ({ label, style: 'danger', line })),
  })
}

/** Names the text that is meant by the event that kept it. */
export function lineOfKept(line: string, seq: number): string {
  return `${line} --read ${seq}`
}

/** Whether a text that was kept was sent since, by its own button or written once more. */
async function hasLeft(sql: Sql, places: readonly Ticket[], kept: Message): Promise<boolean> {
  for (const { id } of places) {
    if (await lastEventOf(sql, id, 'replied', data => data.kept === kept.id)) return true
    const said = { ticketId: id, authorId: kept.authorId, text: kept.text ?? '', since: kept.storedAt }
    if (said.text.trim() && (await answeredAlike(sql, said))) return true
  }
  return false
}

export function sentAlready(places: readonly Ticket[]): string {
  return `You have already sent this text on ${places.at(-1)?.ref ?? 'it'}, so it was not sent again.`
}

/** What `--anyway` answers: the refusal that its writer was shown; null if there was none. */
export async function refusalShown(sql: Sql, message: Message): Promise<{ shown: Shown; only: boolean } | null> {
  const kept = await eventOfKept(sql, message)
  if (!kept) return null
  return { shown: { seq: kept.seq, readers: kept.data.readers ?? null }, only: kept.data.only ?? false }
}

/** The event that kept a text. */
async function eventOfKept(sql: Sql, { id, ticketId }: Pick<Message, 'id' | 'ticketId'>) {
  const event = await lastEventOf(sql, ticketId, 'noted', data => data.message === id)
  return event && isUnsent(event) ? event : undefined
}

/** The number of the event that kept a text; undefined for a message that is none. */
export async function seqOfKept(sql: Sql, message: Pick<Message, 'id' | 'ticketId'>): Promise<number | undefined> {
  return (await eventOfKept(sql, message))?.seq
}
