// The columns of a ticket, each described once. Its facts, its row, its JSON, the lines of `show`, the columns and the
// filters of `list` follow from this.
import { momentInWords, shortMoment } from '../text/time-expressions.ts'
import { type Level, type Priority, priorityIn } from './priority.ts'
import type { TicketKind } from './ticket-kind.ts'
import { stateInWords, type TicketState } from './ticket-state.ts'
import { words } from './words.ts'

/** What a ticket opens with. */
interface Opening {
  desk: string
  requester: string
  at: string
}

/** How a column is told and looked for. What is left out does not concern it. */
interface Uses<Value> {
  /** Programs are not told, or by a command that knows more, as the handle of a person. */
  internal?: true
  /** What programs are told instead of the value as it is. */
  data?(value: Value): unknown
  /** How people read it, if not as it is. */
  inWords?(value: NonNullable<Value>): string
  /** The title of its line in `show`. */
  line?: string
  /** Its heading in `list`. */
  heading?: string
  filter?: Filter
}

/** How `list` finds tickets by a column. */
interface Filter {
  /** What stands before the value: `priority P1`, `priority:P1`. */
  key: string
  /** A value, for the help. */
  example: string
  /** The value that is looked for. Throws a `DeskError` of code `usage` for one that makes no sense. */
  read(typed: string): string
  /** The value is a path, and finds what lies below it, too. */
  withBelow?: true
}

export interface Column<Value> extends Uses<Value> {
  opening: Value | ((opened: Opening) => Value)
}

/** A column by its value in a ticket that was just opened. */
function column<Value>(opening: Column<Value>['opening'], uses: Uses<Value> = {}): Column<Value> {
  return { opening, ...uses }
}

const lowerCase = (typed: string) => typed.toLowerCase()

/** In the order in which `show` tells of them. In SQL `firstResponseAt` is `first_response_at`. */
export const COLUMNS = {
  state: column<TicketState>('new', { heading: 'STATE', inWords: stateInWords }),
  deskId: column<string>(opened => opened.desk, {
    internal: true,
    filter: { key: 'desk', example: 'it', read: lowerCase },
  }),
  requesterId: column<string>(opened => opened.requester, { internal: true }),
  ownerId: column<string | null>(null, { internal: true }),
  /** Who is asked to take it over, and until when. */
  offeredTo: column<string | null>(null, { internal: true }),
  offeredUntil: column<string | null>(null, { internal: true }),
  /** Ids of those who work on it beside its owner, as words. */
  helpers: column<string>('', { internal: true }),
  kind: column<TicketKind | null>(null, { filter: { key: 'kind', example: 'incident', read: lowerCase } }),
  category: column<string | null>(null, {
    filter: { key: 'category', example: 'hardware', read: lowerCase, withBelow: true },
  }),
  impact: column<Level | null>(null),
  urgency: column<Level | null>(null),
  priority: column<Priority | null>(null, {
    heading: 'PRIO',
    filter: { key: 'priority', example: 'P1', read: priorityIn },
  }),
  /** 1 if the priority counts a VIP. */
  raised: column<number>(0, { data: value => value === 1 }),
  /** As words. */
  tags: column<string>('', { data: words, line: 'tags', inWords: list => words(list).join(', ') }),
  /** JSON: values by field. */
  fields: column<string>('{}', { data: json => JSON.parse(json) }),
  openedAt: column<string>(opened => opened.at),
  updatedAt: column<string>(opened => opened.at),
  firstResponseAt: column<string | null>(null, { line: 'answered', inWords: shortMoment }),
  /** When it comes back by itself. */
  resumeAt: column<string | null>(null),
  /** When the requester may expect it to be solved. */
  expectedAt: column<string | null>(null, { line: 'expected', inWords: momentInWords }),
  resolvedAt: column<string | null>(null, { line: 'resolved', inWords: shortMoment }),
  closedAt: column<string | null>(null, { line: 'closed', inWords: shortMoment }),
  /** What the requester said of how it was, 1 to 5. */
  rating: column<number | null>(null, { line: 'rating', inWords: score => `${score} of 5` }),
  /** The ticket that it was merged into. */
  mergedInto: column<string | null>(null, { internal: true }),
}

/** All of a ticket that follows from its events. */
export type TicketFacts = {
  [Name in keyof typeof COLUMNS]: (typeof COLUMNS)[Name] extends Column<infer Value> ? Value : never
}

export type ColumnName = keyof TicketFacts

export const COLUMN_NAMES = Object.keys(COLUMNS) as ColumnName[]

/** The same with their names, for what treats all alike. */
export const NAMED_COLUMNS: readonly ({ name: ColumnName } & Column<unknown>)[] = COLUMN_NAMES.map(name => ({
  name,
  ...(COLUMNS[name] as Column<unknown>),
}))

export function openedTicket(opened: Opening): TicketFacts {
  const values = NAMED_COLUMNS.map(({ name, opening }) => [
    name,
    typeof opening === 'function' ? opening(opened) : opening,
  ])
  return Object.fromEntries(values) as TicketFacts
}

/** The facts alone of what may hold more. */
export function factsOf(ticket: TicketFacts): TicketFacts {
  return Object.fromEntries(COLUMN_NAMES.map(name => [name, ticket[name]])) as unknown as TicketFacts
}

/** What programs are told of the facts, by their names. */
export function factsData(ticket: TicketFacts): Record<string, unknown> {
  const publicColumns = NAMED_COLUMNS.filter(each => !each.internal)
  return Object.fromEntries(publicColumns.map(({ name, data }) => [name, data ? data(ticket[name]) : ticket[name]]))
}

/** What people read of a column's value; '' for none. */
export function factInWords(name: string, value: unknown): string {
  if (value === null || value === undefined) return ''
  return NAMED_COLUMNS.find(each => each.name === name)?.inWords?.(value) ?? String(value)
}
