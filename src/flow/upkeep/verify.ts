// Checks that all that is stored is whole and accounted for.
import { sha256, unpack } from '../../content.ts'
import type { TicketFacts } from '../../core/ticket/columns.ts'
import { hashEvent } from '../../core/ticket/digests.ts'
import { replay } from '../../core/ticket/ticket.ts'
import type { RecordedEvent } from '../../core/ticket/ticket-event.ts'
import { sentenceOf } from '../../errors.ts'
import { countOutcomes } from '../../store/arrivals.ts'
import { type Blob, blobsAfter } from '../../store/blobs.ts'
import type { Sql } from '../../store/engine/sql.ts'
import { eventsBetween, type StoredEvent } from '../../store/events.ts'
import type { LargeFiles } from '../../store/files.ts'
import { digestsOf } from '../../store/messages.ts'
import { type TicketHead, ticketsAfter } from '../../store/tickets.ts'
import { unsoundRows } from '../../store/unsound.ts'

const PAGE = 500
const BLOB_PAGE = 50
const MOST_PROBLEMS = 1_000

export interface Verification {
  /** Deliveries, repeats included. */
  arrivals: number
  /** By outcome, without its reason. */
  outcomes: Record<string, number>
  /** By outcome with its reason, e.g. `held:no-sender`. */
  reasons: Record<string, number>
  /** Arrivals that did not end in what their outcome says. */
  unaccounted: number
  tickets: number
  events: number
  contents: number
  /** One sentence each; empty if all is well. */
  problems: string[]
}

/** Checks that every arrival is accounted for, every ticket follows from its events, and every stored byte is whole. */
export async function verify(sql: Sql, files: LargeFiles): Promise<Verification> {
  const problems: string[] = []
  const outcomes: Record<string, number> = {}
  const reasons: Record<string, number> = {}
  let arrivals = 0
  for (const { outcome, reason, count, repeats } of await countOutcomes(sql)) {
    arrivals += count + repeats
    outcomes[outcome] = (outcomes[outcome] ?? 0) + count
    if (repeats > 0) outcomes.duplicate = (outcomes.duplicate ?? 0) + repeats
    if (reason !== null) reasons[`${outcome}:${reason}`] = count
  }
  const rows = await unsoundRows(sql)
  problems.push(...rows.map(row => row.problem))
  const chains = await verifyTickets(sql, problems)
  const contents = await verifyContents(sql, files, problems)
  const unaccounted = rows.filter(row => row.about === 'arrival').length
  return { arrivals, outcomes, reasons, unaccounted, ...chains, contents, problems: problems.slice(0, MOST_PROBLEMS) }
}

async function verifyTickets(sql: Sql, problems: string[]): Promise<{ tickets: number; events: number }> {
  let tickets = 0
  let events = 0
  for (let last = ''; ; ) {
    const page = await ticketsAfter(sql, last, PAGE)
    const end = page.at(-1)?.id
    if (end === undefined) return { tickets, events }
    const byTicket = Map.groupBy(await eventsBetween(sql, last, end), event => event.ticketId)
    const digests = await digestsOf(sql, last, end)
    for (const ticket of page) {
      const chain = byTicket.get(ticket.id) ?? []
      problems.push(...chainProblems(ticket, chain), ...contentProblems(ticket, chain, digests))
      events += chain.length
    }
    tickets += page.length
    last = end
  }
}

function chainProblems(ticket: TicketFacts & TicketHead, chain: StoredEvent[]): string[] {
  const problems: string[] = []
  let previous = ''
  chain.forEach((event, index) => {
    if (event.seq !== index + 1) problems.push(`${ticket.ref}: event ${index + 1} of its chain is missing.`)
    if (event.previous !== previous)
      problems.push(`${ticket.ref}: event ${event.seq} does not follow the one before it.`)
    const { type, data } = event
    if (hashEvent(event, type, data, event.previous) !== event.hash) {
      problems.push(`${ticket.ref}: event ${event.seq} was changed after it was written.`)
    }
    if (!dataOf(event)) problems.push(`${ticket.ref}: event ${event.seq} cannot be read.`)
    previous = event.hash
  })
  if (ticket.eventSeq !== chain.length || ticket.eventHash !== previous) {
    problems.push(`${ticket.ref}: its last events are missing, or there are too many.`)
  }
  const recorded = chain.map(parsed).filter(event => event !== undefined)
  if (recorded.length < chain.length) return problems // the sentence about each is in place of what follows from it
  try {
    const facts = replay(recorded)
    for (const field of Object.keys(facts) as (keyof TicketFacts)[]) {
      if (facts[field] !== ticket[field]) {
        problems.push(`${ticket.ref}: its ${field} is "${ticket[field]}", but its events say "${facts[field]}".`)
      }
    }
  } catch (error) {
    problems.push(sentenceOf(error))
  }
  return problems
}

function parsed(event: StoredEvent): RecordedEvent | undefined {
  const data = dataOf(event)
  return data && ({ ...event, data } as unknown as RecordedEvent)
}

/** Undefined for what no event of ours could hold. */
function dataOf(event: StoredEvent): Record<string, unknown> | undefined {
  try {
    const data: unknown = JSON.parse(event.data)
    return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** What an event says of a message's content must fit the message, unless that was erased. */
function contentProblems(ticket: TicketHead, chain: StoredEvent[], digests: Map<string, string | null>): string[] {
  const problems: string[] = []
  for (const event of chain) {
    const { message, content } = dataOf(event) ?? {}
    if (typeof message !== 'string') continue
    const digest = digests.get(message)
    if (digest === undefined) problems.push(`${ticket.ref}: the message of event ${event.seq} is missing.`)
    else if (digest !== null && digest !== content) {
      problems.push(`${ticket.ref}: the message of event ${event.seq} was changed after it was stored.`)
    }
  }
  return problems
}

async function verifyContents(sql: Sql, files: LargeFiles, problems: string[]): Promise<number> {
  let contents = 0
  for (let last = ''; ; ) {
    const page = await blobsAfter(sql, last, BLOB_PAGE)
    const end = page.at(-1)?.sha256
    if (end === undefined) return contents
    for (const blob of page) problems.push(...(await blobProblems(blob, files)))
    contents += page.length
    last = end
  }
}

async function blobProblems(blob: Blob, files: LargeFiles): Promise<string[]> {
  try {
    const bytes = unpack(blob.encoding, blob.data ?? (await files.read(blob.sha256, blob.encoding)))
    if (bytes.length === blob.size && sha256(bytes) === blob.sha256) return []
    return [`Content ${blob.sha256} was changed after it was stored.`]
  } catch (error) {
    return [`Content ${blob.sha256} cannot be read: ${sentenceOf(error)}`]
  }
}
