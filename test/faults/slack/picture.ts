import { byTime } from '../../support/slack/shapes.ts'
import type { DeskView } from '../imap/view.ts'
import type { Story, Wanted } from './plan.ts'

/** What a desk holds in the end, without what may differ from run to run (ids, numbers, times). */
export interface SlackPicture {
  /** One text for each ticket. */
  tickets: string[]
  /** Every arrival, as `id: outcome`. */
  arrivals: { id: string; outcome: string }[]
}

interface MessageRow {
  id: string
  ticket: string
  direction: string
  text: string
  revises: string | null
  what: string | null
  at: string
  came: string | null
}

interface TicketRow {
  id: string
  number: number | string
  state: string
  owner: string | null
  requester: string | null
  tags: string | null
  claims: number | string
  resolved: number | string
}

/** A ticket as it should be, in the words of a picture. */
export function wantedText(wanted: Wanted): string {
  const says = Object.entries(wanted.says).map(([label, text]) => [label, text?.replace(/^@desk /, '') ?? null])
  return textOf({ ...wanted, says: Object.fromEntries(says), claims: wanted.owner === null ? 0 : 1 })
}

/** `labels`: of what was written, by the id that the desk knows it by; `names`: of people, by theirs. */
export async function readSlackPicture(
  view: DeskView,
  { labels, names }: { labels: ReadonlyMap<string, string>; names: ReadonlyMap<string, string> },
): Promise<SlackPicture> {
  const tickets = await all<TicketRow>(
    view,
    `SELECT t.id AS id, t.number AS number, t.state AS state, o.handle AS owner, t.tags AS tags,
            (SELECT min(i.address) FROM identities i WHERE i.kind = 'slack' AND i.person_id = t.requester_id) AS requester,
            (SELECT count(*) FROM events e WHERE e.ticket_id = t.id AND e.type = 'claimed') AS claims,
            (SELECT count(*) FROM events e WHERE e.ticket_id = t.id AND e.type = 'resolved') AS resolved
     FROM tickets t LEFT JOIN people o ON o.id = t.owner_id`,
  )
  const messages = await all<MessageRow>(
    view,
    `SELECT m.id AS id, m.ticket_id AS ticket, m.direction AS direction, m.text AS text, m.revises AS revises,
            m.what AS what, m.sent_at AS at, a.external_id AS came
     FROM messages m LEFT JOIN arrivals a ON a.message_id = m.id ORDER BY m.sent_at, m.stored_at`,
  )
  const arrivals = await all<{ id: string; outcome: string; reason: string | null }>(
    view,
    'SELECT external_id AS id, outcome, reason FROM arrivals',
  )
  const byTicket = Map.groupBy(messages, each => each.ticket)
  return {
    tickets: tickets.map(ticket => ticketText(ticket, byTicket.get(ticket.id) ?? [], labels, names)).sort(),
    arrivals: arrivals.map(({ id, outcome, reason }) => ({ id, outcome: reason ? `${outcome}:${reason}` : outcome })),
  }
}

function ticketText(
  ticket: TicketRow,
  messages: readonly MessageRow[],
  labels: ReadonlyMap<string, string>,
  names: ReadonlyMap<string, string>,
): string {
  const says: [string, string | null][] = []
  const spent: string[] = []
  const notes: string[] = []
  for (const { id, direction, text, came, revises, what } of messages) {
    if (revises !== null || what === 'solution') continue
    if (came !== null) {
      const last = messages
        .filter(each => each.revises === id)
        .sort(byRevision)
        .at(-1)
      says.push([labels.get(came) ?? came, last?.what === 'deletion' ? null : (last?.text ?? text)])
    } else if (/^s\d+-\d+$/.test(text)) spent.push(text)
    else if (direction === 'internal') notes.push(/\((s\d+-\d+)\)/.exec(text)?.[1] ?? text)
  }
  const { state, owner, requester, tags, claims, resolved } = ticket
  return textOf({
    ...{ requester: names.get(requester ?? '') ?? `${requester}`, says: Object.fromEntries(says), state, owner },
    ...{ spent, notes, tags: (tags ?? '').split(' ').filter(Boolean) },
    ...{ claims: Number(claims), resolved: Number(resolved) },
  })
}

/** Its time stands at the end of its id; what is stored of it is too short for two changes in one second of the emulator. */
function byRevision(a: MessageRow, b: MessageRow): number {
  return byTime(a.came?.split('/').at(-1) ?? '', b.came?.split('/').at(-1) ?? '')
}

function textOf({ says, spent, tags, notes, ...rest }: Wanted & { claims: number }): string {
  const { requester, state, owner, claims, resolved } = rest
  const sorted = Object.entries(says).sort(([a], [b]) => (a < b ? -1 : 1))
  const written = sorted.map(([label, text]) => `${label} ${JSON.stringify(text)}`)
  const done = [spent, tags, notes].map(each => each.toSorted().join(','))
  return [
    ...[`of ${requester}`, state, `owner ${owner} claimed ${claims}`, `resolved ${resolved}`],
    ...[`spent ${done[0]}`, `tags ${done[1]}`, `notes ${done[2]}`, ...written],
  ].join('; ')
}

export function wantedTexts(stories: readonly Story[]): string[] {
  return stories.flatMap(({ wanted }) => (wanted ? [wantedText(wanted)] : [])).sort()
}

async function all<Row>(view: DeskView, sql: string): Promise<Row[]> {
  const rows = await view.rows<Row>(sql)
  if (!rows) throw new Error('The store of the desk cannot be read')
  return rows
}
