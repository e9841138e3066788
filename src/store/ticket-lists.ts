import type { TicketQuery } from '../core/query.ts'
import { allOf, Either, type Fragment, fragment, list, type Sql } from './sql.ts'
import type { Ticket } from './tickets.ts'

const MOST_HITS = 1_000 // messages that a search looks at, the newest

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

/** Newest change first. */
export async function listTickets(sql: Sql, wanted: TicketList): Promise<Ticket[]> {
  return sql<Ticket>`
    SELECT * FROM tickets_read WHERE id IN (
      SELECT t.id FROM tickets t WHERE ${allOf(conditionsOf(wanted))}
      ORDER BY t.updated_at DESC, t.number DESC LIMIT ${wanted.limit})
    ORDER BY "updatedAt" DESC, number DESC`
}

function conditionsOf({ query, ownerId, helperId, now }: TicketList): Fragment[] {
  const { states, requester, priority, kind, category, tags = [], older, newer, quiet, desk, words = [] } = query
  const ago = (span: number) => new Date(Date.parse(now) - span).toISOString()
  return [
    fragment`t.merged_into IS NULL`,
    ...stateConditions(states),
    ...(ownerId === undefined
      ? []
      : [ownerId === null ? fragment`t.owner_id IS NULL` : fragment`t.owner_id = ${ownerId}`]),
    ...(helperId === undefined ? [] : [fragment`' ' || t.helpers || ' ' LIKE ${`% ${helperId} %`}`]),
    ...(requester === undefined ? [] : [requesterIs(requester)]),
    ...(priority === undefined ? [] : [fragment`t.priority = ${priority}`]),
    ...(kind === undefined ? [] : [fragment`t.kind = ${kind}`]),
    ...(category === undefined
      ? []
      : [fragment`(t.category = ${category} OR (t.category >= ${`${category}/`} AND t.category < ${`${category}0`}))`]),
    ...tags.map(tag => fragment`t.id IN (SELECT ticket_id FROM ticket_tags WHERE tag = ${tag})`),
    ...(older === undefined ? [] : [fragment`t.opened_at < ${ago(older)}`]),
    ...(newer === undefined ? [] : [fragment`t.opened_at > ${ago(newer)}`]),
    ...(quiet === undefined ? [] : [fragment`t.updated_at < ${ago(quiet)}`]),
    ...(desk === undefined ? [] : [fragment`t.desk_id = ${desk}`]),
    ...(words.length === 0 ? [] : [fragment`t.id IN (${writtenIn(words)})`]),
  ]
}

function stateConditions(states: TicketQuery['states']): Fragment[] {
  if (states === 'all') return []
  if (states === undefined) return [fragment`t.closed_at IS NULL`, fragment`t.state <> 'resolved'`]
  const open = states.includes('closed') ? [] : [fragment`t.closed_at IS NULL`]
  return [...open, fragment`t.state IN (${list(states)})`]
}

/** Part of a name or of an address. */
function requesterIs(text: string): Fragment {
  const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`
  return fragment`t.requester_id IN (
    SELECT id FROM people WHERE lower(name) LIKE ${pattern} ESCAPE '\\'
    UNION SELECT person_id FROM identities WHERE address LIKE ${pattern} ESCAPE '\\')`
}

/** Tickets of the newest messages that hold all of these words. FTS5: https://sqlite.org/fts5.html */
function writtenIn(words: readonly string[]): Either {
  const quoted = words.map(word => `"${word.replaceAll('"', '""')}"`).join(' ')
  const plain = words.join(' ')
  return new Either(
    fragment`
      SELECT m.ticket_id FROM (
        SELECT rowid AS number FROM message_words WHERE message_words MATCH ${quoted}
        ORDER BY rowid DESC LIMIT ${MOST_HITS}) AS hit
      JOIN message_numbers n ON n.number = hit.number JOIN messages m ON m.id = n.message_id`,
    fragment`
      SELECT hit.ticket_id FROM (
        SELECT ticket_id FROM messages
        WHERE to_tsvector('simple', left(subject || ' ' || coalesce(visible, text, ''), 20000)) @@ plainto_tsquery('simple', ${plain})
        ORDER BY stored_at DESC LIMIT ${MOST_HITS}) AS hit`,
  )
}
