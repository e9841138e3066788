// Reads queries such as "unowned older 1d".
import { DeskError } from '../../errors.ts'
import { nearest } from '../text/command-line.ts'
import { parseDuration } from '../text/time-expressions.ts'
import { type ColumnName, NAMED_COLUMNS } from './columns.ts'
import { TICKET_STATES, type TicketState } from './ticket-state.ts'

/** Which tickets are meant. What is left out says nothing. */
export interface TicketQuery {
  /** In any of these states; left out: those that are neither resolved nor closed. `all`: in any. */
  states?: readonly TicketState[] | 'all'
  /** A handle; `me` is whoever asks, `nobody` those without an owner. */
  owner?: string
  /** Who works on it beside its owner; as `owner`. */
  helper?: string
  /** Part of the requester's name or address. */
  requester?: string
  /** Values of columns; of a category also those below it. */
  columns?: Partial<Record<ColumnName, string>>
  tags?: readonly string[]
  /** Opened longer ago than this, or less long; milliseconds. */
  older?: number
  newer?: number
  /** Nothing happened for this long; milliseconds. */
  quiet?: number
  /** Words that stand in what was written, in any order. */
  words?: readonly string[]
}

/** More than anybody looks for; each is a condition of its own for the database. */
const MOST_WORDS = 50
const LONGEST_WORD = 500 // characters, a phrase in quotes included

function tooLong(): DeskError {
  return new DeskError(
    'usage',
    `A query has at most ${MOST_WORDS} words, and each at most ${LONGEST_WORD} characters: please shorten it.`,
  )
}

const SHORT: ReadonlyMap<string, TicketQuery> = new Map(
  Object.entries({
    open: {},
    mine: { owner: 'me' },
    unowned: { owner: 'nobody' },
    all: { states: 'all' },
    new: { states: ['new'] },
    waiting: { states: ['waiting-on-requester', 'waiting-on-third-party'] },
    scheduled: { states: ['scheduled'] },
    resolved: { states: ['resolved'] },
    closed: { states: ['closed'] },
    helping: { helper: 'me' },
  } satisfies Record<string, TicketQuery>),
)

const FILTER_EXAMPLES = NAMED_COLUMNS.flatMap(({ filter }) => (filter ? [`${filter.key} ${filter.example}`] : []))

/** What `help list` says of the language. */
export const QUERY_DETAILS = `A query combines any of these, or names a view that you saved (help view):
  open, mine, unowned, helping           whose they are; open ones
  new, waiting, scheduled, resolved, closed, all, state NAME
  owner @bob, helper @eve, requester ann, tag vip
  ${FILTER_EXAMPLES.join(', ')}
  older 1d, newer 2h, quiet 3d           opened before, opened since, nothing happened for
  printer jam                            words in the messages`

type Reader = (value: string) => TicketQuery

const COLUMN_READERS: Record<string, Reader> = Object.fromEntries(
  NAMED_COLUMNS.flatMap(({ name, filter }) =>
    filter ? [[filter.key, (value: string) => ({ columns: { [name]: filter.read(value) } })]] : [],
  ),
)

const READERS: ReadonlyMap<string, Reader> = new Map(
  Object.entries({
    owner: value => ({ owner: handleIn(value) }),
    helper: value => ({ helper: handleIn(value) }),
    requester: value => ({ requester: value.toLowerCase() }),
    from: value => ({ requester: value.toLowerCase() }),
    state: value => ({ states: [stateIn(value)] }),
    ...COLUMN_READERS,
    tag: value => ({ tags: [value.toLowerCase()] }),
    older: value => ({ older: spanIn('older', value) }),
    newer: value => ({ newer: spanIn('newer', value) }),
    quiet: value => ({ quiet: spanIn('quiet', value) }),
  } satisfies Record<string, Reader>),
)

/**
 * Reads the words of a query: `mine`, `unowned older 1d`, `tag vip printer`. A key may stand with its value as
 * `tag:vip`, too. Throws a `DeskError` of code `usage` for a value that makes no sense, and for a filter that there is not
 * (`has:attachment`); where `searches`, one that resembles none (`error:timeout`) is looked for. A quoted phrase is words.
 */
export function parseQuery(parts: readonly string[], { searches = false } = {}): TicketQuery {
  if (parts.length > MOST_WORDS || parts.some(each => each.length > LONGEST_WORD)) throw tooLong()
  let query: TicketQuery = {}
  const searchWords: string[] = []
  for (let at = 0; at < parts.length; at += 1) {
    const part = parts[at] ?? ''
    const [, key = '', inline = ''] = /^([a-z]+):(.+)$/i.exec(part) ?? []
    const reader = READERS.get(key.toLowerCase()) ?? READERS.get(part.toLowerCase())
    const short = SHORT.get(part.toLowerCase())
    const next = parts[at + 1]
    if (reader && (inline || next !== undefined)) {
      query = merge(query, reader(inline || (next ?? '')))
      if (!inline) at += 1
    } else if (short) {
      query = merge(query, short)
    } else if (reader) {
      throw new DeskError('usage', `Say what to look for after ${part}.`)
    } else {
      refuseUnknown(part, searches)
      searchWords.push(...part.split(/\s+/).filter(Boolean))
    }
  }
  if (searchWords.length > MOST_WORDS) throw tooLong()
  return searchWords.length > 0 ? { ...query, words: searchWords } : query
}

/** `prioritiy:P1`: who writes so means a filter, and not a word. */
function refuseUnknown(part: string, searches: boolean): void {
  const [, key = '', value = ''] = /^([a-z]{2,20}):([^\s/\\]\S*)$/i.exec(part) ?? []
  if (!key) return
  const suggestion = nearest(key.toLowerCase(), [...READERS.keys()])
  if (suggestion === null && searches) return
  const instead =
    suggestion === null ? `Filters are ${[...READERS.keys()].join(', ')}.` : `Did you mean ${suggestion}:${value}?`
  throw new DeskError(
    'usage',
    `There is no filter "${key}". ${instead} To look for words, write: search "${key} ${value}"`,
  )
}

/** Whether a word says something by itself or with the next one, so that it is no name. */
export function isQueryWord(word: string): boolean {
  const plain = word.toLowerCase()
  return SHORT.has(plain) || READERS.has(plain) || /^[a-z]+:./i.test(word)
}

function merge(query: TicketQuery, more: TicketQuery): TicketQuery {
  const tags = [...(query.tags ?? []), ...(more.tags ?? [])]
  const both =
    Array.isArray(query.states) && Array.isArray(more.states) ? { states: [...query.states, ...more.states] } : {}
  const columns = query.columns && more.columns ? { columns: { ...query.columns, ...more.columns } } : {}
  return { ...query, ...more, ...both, ...columns, ...(tags.length > 0 ? { tags } : {}) }
}

function handleIn(value: string): string {
  return value.replace(/^@/, '').toLowerCase()
}

function stateIn(value: string): TicketState {
  const name = value.toLowerCase().replaceAll('_', '-')
  const state = TICKET_STATES.find(each => each === name)
  if (state) return state
  throw new DeskError('usage', `"${value}" is not a state: write one of ${TICKET_STATES.join(', ')}.`)
}

function spanIn(key: string, value: string): number {
  const span = parseDuration(value)
  if (span !== null) return span
  throw new DeskError(
    'usage',
    `"${value}" is not a length of time: write ${key} 30m, ${key} 2h or ${key} 3d, at most 100 years.`,
  )
}
