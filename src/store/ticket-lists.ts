// Lists of tickets by a query.
import { COLUMNS, type Column, type ColumnName } from '../core/ticket/columns.ts'
import type { TicketQuery } from '../core/ticket/query.ts'
import { allOf, Either, type Fragment, fragment, list, type Sql, unionOf } from './engine/sql.ts'
import { columnSql, type Ticket } from './tickets.ts'

const MOST_HITS = 1_000 // messages that a search looks at, the newest
const FEW_PEOPLE = 1_000 // whose tickets are looked up one by one; more of them have enough among the newest
const MOST_CATEGORIES = 200 // walked one by one

/** A query, and what only whoever asks knows. */
export interface TicketList {
  query: TicketQuery
  /** Person ids where the query names an owner or a helper; null for nobody. */
  ownerId?: string | null
  helperId?: string
  /** ISO 8601 UTC. */
  now: string
  limit: number
}

/**
 * Newest change first. The page is put together from walks: each goes along one index in that order, stops as soon as
 * it has a page, and meets little that does not belong. So a list takes as long with many tickets as with few.
 */
export async function listTickets(sql: Sql, list: TicketList): Promise<Ticket[]> {
  const walks = await walksFor(sql, list)
  if (walks.length === 0) return []
  return sql<Ticket>`
    SELECT * FROM tickets_read WHERE number IN (
      SELECT number FROM (${unionOf(walks)}) AS page ORDER BY updated_at DESC, number DESC LIMIT ${list.limit})
    ORDER BY "updatedAt" DESC, number DESC`
}

/** What comes first here leads; the rest of the query only leaves out what is met on the way. */
async function walksFor(sql: Sql, list: TicketList): Promise<Fragment[]> {
  const { words = [], requester, tags: [tag, ...tags] = [], columns: { category, ...columns } = {} } = list.query
  const without = (query: { [Key in keyof TicketQuery]: undefined | TicketQuery[Key] }): TicketList => ({
    ...list,
    query: { ...list.query, ...query } as TicketQuery,
  })
  if (words.length > 0) return [byWords(list, words)]
  if (requester !== undefined && (await areFew(sql, requester))) {
    return along(without({ requester: undefined }), ({ done }) => byRequester(requester, done))
  }
  if (tag !== undefined) return along(without({ tags }), ({ done }) => byTag(tag, done))
  const below = category === undefined ? undefined : await categoriesBelow(sql, category)
  const from = fragment`tickets t`
  if (below === undefined) return along(list, () => ({ from, where: [] }))
  const rest = without({ columns })
  return below.flatMap(each => along(rest, () => ({ from, where: [fragment`t.category = ${each}`] })))
}

/** Where a walk goes along. */
interface Lead {
  from: Fragment
  where: Fragment[]
  /** What has the columns that it is ordered by; the ticket itself if left out. */
  by?: Fragment
}

function along(list: TicketList, leadOf: (part: Part) => Lead): Fragment[] {
  const rest = conditionsOf(list)
  return partsOf(list.query.states).map(part => {
    const { where, ...lead } = leadOf(part)
    return walk(list, { ...lead, where: [...where, part.is, ...rest] })
  })
}

/** At most a page of tickets. */
function walk({ limit }: TicketList, { from, where, by = fragment`t` }: Lead): Fragment {
  return fragment`
    SELECT * FROM (
      SELECT ${by}.updated_at, ${by}.number FROM ${from} WHERE ${allOf(where)}
      ORDER BY ${by}.updated_at DESC, ${by}.number DESC LIMIT ${limit}) AS walk`
}

// CROSS JOIN keeps SQLite from going through the tickets instead: https://sqlite.org/optoverview.html#manual_control_of_query_plans_using_cross_join

function byWords(list: TicketList, words: readonly string[]): Fragment {
  const from = fragment`(SELECT DISTINCT ticket_id FROM (${writtenIn(words)}) AS hit) AS found CROSS JOIN tickets t`
  const where = [fragment`t.id = found.ticket_id`, UNMERGED, stateIs(list.query.states), ...conditionsOf(list)]
  return walk(list, { from, where })
}

function byRequester(requester: string, done: Part['done']): Lead {
  // Of two indexes that do, only this one has all that is asked for: the tickets themselves need not be read.
  const index = done === 1 ? new Either(fragment`INDEXED BY tickets_requester_done`, fragment``) : fragment``
  const from = fragment`(${peopleLike(requester)}) AS person CROSS JOIN tickets t ${index}`
  return { from, where: [fragment`t.requester_id = person.id`] }
}

function byTag(tag: string, done: Part['done']): Lead {
  const where = [fragment`g.tag = ${tag}`, fragment`g.done = ${done}`, fragment`t.id = g.ticket_id`]
  return { from: fragment`ticket_tags g CROSS JOIN tickets t`, where, by: fragment`g` }
}

interface Part {
  /** 1 for what is closed. */
  done: 0 | 1
  is: Fragment
}

const UNMERGED = fragment`t.merged_into IS NULL`
const OPEN = fragment`t.closed_at IS NULL`
const UNFINISHED = fragment`t.closed_at IS NULL AND t.state <> 'resolved'`
const DONE = fragment`t.closed_at IS NOT NULL AND t.merged_into IS NULL`

/** Indexes keep what is open and what is closed apart. What was merged is closed. */
function partsOf(states: TicketQuery['states']): Part[] {
  if (states === undefined) return [{ done: 0, is: UNFINISHED }]
  if (states === 'all') {
    return [
      { done: 0, is: OPEN },
      { done: 1, is: DONE },
    ]
  }
  return [...new Set(states)].map(state =>
    state === 'closed' ? { done: 1, is: DONE } : { done: 0, is: fragment`t.closed_at IS NULL AND t.state = ${state}` },
  )
}

function stateIs(states: TicketQuery['states']): Fragment {
  if (states === 'all') return allOf([])
  return states === undefined ? UNFINISHED : fragment`t.state IN (${list(states)})`
}

/** All that a query says but for states and words. */
function conditionsOf({ query, ownerId, helperId, now }: TicketList): Fragment[] {
  const { requester, columns = {}, tags = [], older, newer, quiet } = query
  const ago = (span: number) => new Date(Date.parse(now) - span).toISOString()
  return [
    ...(ownerId === undefined
      ? []
      : [ownerId === null ? fragment`t.owner_id IS NULL` : fragment`t.owner_id = ${ownerId}`]),
    ...(helperId === undefined
      ? []
      : [fragment`t.helpers <> ''`, fragment`' ' || t.helpers || ' ' LIKE ${`% ${helperId} %`}`]),
    ...(requester === undefined ? [] : [requesterIs(requester)]),
    ...Object.entries(columns).map(([name, value]) => columnIs(name as ColumnName, value)),
    ...tags.map(
      tag => fragment`EXISTS (SELECT 1 FROM ticket_tags own WHERE own.ticket_id = t.id AND own.tag = ${tag})`,
    ),
    ...(older === undefined ? [] : [fragment`t.opened_at < ${ago(older)}`]),
    // What was opened later was changed later, too: there the walk ends.
    ...(newer === undefined ? [] : [fragment`t.opened_at > ${ago(newer)}`, fragment`t.updated_at > ${ago(newer)}`]),
    ...(quiet === undefined ? [] : [fragment`t.updated_at < ${ago(quiet)}`]),
  ]
}

function columnIs(name: ColumnName, value: string): Fragment {
  const column = fragment`t.${columnSql(name)}`
  const { filter }: Column<unknown> = COLUMNS[name]
  if (!filter?.withBelow) return fragment`${column} = ${value}`
  return fragment`(${column} = ${value} OR ${column} LIKE ${`${escaped(value)}/%`} ESCAPE '\\')`
}

function escaped(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&')
}

/** People by part of a name or of an address. */
function peopleLike(text: string): Fragment {
  const byIndex = fragment`
    SELECT n.person_id AS id FROM (${numbersLike(text)}) AS part CROSS JOIN person_numbers n WHERE n.number = part.number`
  return fragment`${new Either(hasTrigram(text) ? byIndex : byRow(text), byRow(text))}`
}

/** Whether a ticket is of such a person, asked ticket by ticket: no index may lead to all of theirs instead. */
function requesterIs(text: string): Fragment {
  const byNumber = fragment`(
    SELECT n.number FROM person_numbers n WHERE n.person_id = t.requester_id) IN (${numbersLike(text)})`
  const byId = fragment`t.requester_id IN (${byRow(text)})`
  return fragment`${new Either(hasTrigram(text) ? byNumber : fragment`+${byId}`, byId)}`
}

/** Of trigrams: https://sqlite.org/fts5.html#the_trigram_tokenizer */
function numbersLike(text: string): Fragment {
  return fragment`SELECT rowid AS number FROM person_parts WHERE person_parts MATCH ${quoted(text)}`
}

function hasTrigram(text: string): boolean {
  return [...text].length >= 3
}

function byRow(text: string): Fragment {
  const pattern = `%${escaped(text)}%`
  return fragment`
    SELECT id FROM people WHERE lower(name) LIKE ${pattern} ESCAPE '\\'
    UNION SELECT person_id FROM identities WHERE address LIKE ${pattern} ESCAPE '\\'`
}

async function areFew(sql: Sql, requester: string): Promise<boolean> {
  const [found] = await sql<{ count: number }>`
    SELECT count(*) AS count FROM (${peopleLike(requester)} LIMIT ${FEW_PEOPLE + 1}) AS alike`
  return (found?.count ?? 0) <= FEW_PEOPLE
}

/**
 * This category and those below it that any ticket has; undefined if too many are in use. Goes from one to the next in
 * the index, which takes a step for each category, not for each ticket.
 */
async function categoriesBelow(sql: Sql, category: string): Promise<string[] | undefined> {
  const used = await sql<{ category: string }>`
    WITH RECURSIVE
      open (category) AS (
        SELECT min(t.category) FROM tickets t WHERE ${OPEN} AND t.category IS NOT NULL
        UNION ALL
        SELECT (SELECT min(t.category) FROM tickets t WHERE ${OPEN} AND t.category > open.category)
        FROM open WHERE open.category IS NOT NULL),
      done (category) AS (
        SELECT min(t.category) FROM tickets t WHERE ${DONE} AND t.category IS NOT NULL
        UNION ALL
        SELECT (SELECT min(t.category) FROM tickets t WHERE ${DONE} AND t.category > done.category)
        FROM done WHERE done.category IS NOT NULL)
    SELECT category FROM open WHERE category IS NOT NULL
    UNION SELECT category FROM done WHERE category IS NOT NULL
    LIMIT ${MOST_CATEGORIES + 1}`
  if (used.length > MOST_CATEGORIES) return undefined
  return used.map(each => each.category).filter(each => each === category || each.startsWith(`${category}/`))
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}

/** Tickets of the newest messages that hold all of these words. FTS5: https://sqlite.org/fts5.html */
function writtenIn(words: readonly string[]): Either {
  const plain = words.join(' ')
  // The index knows which words a message has, not where they stand, so each is looked for by itself.
  const tokens = plain.split(/[^\p{L}\p{N}\p{M}\p{Co}]+/u).filter(Boolean)
  return new Either(
    fragment`
      SELECT n.ticket_id FROM (
        SELECT rowid AS number FROM message_words WHERE message_words MATCH ${tokens.map(quoted).join(' ') || quoted('')}
        ORDER BY rowid DESC LIMIT ${MOST_HITS}) AS newest
      CROSS JOIN message_numbers n WHERE n.number = newest.number`,
    fragment`
      SELECT newest.ticket_id FROM (
        SELECT ticket_id FROM messages
        WHERE to_tsvector('simple', left(subject || ' ' || coalesce(visible, text, ''), 20000)) @@ plainto_tsquery('simple', ${plain})
        ORDER BY stored_at DESC, id DESC LIMIT ${MOST_HITS}) AS newest`,
  )
}
