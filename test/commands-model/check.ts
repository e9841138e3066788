import { verify } from '../../src/flow/upkeep/verify.ts'
import type { OpenDesk } from '../../src/main.ts'
import type { Sql } from '../../src/store/engine/sql.ts'
import { eventsBetween } from '../../src/store/events.ts'
import { allAgents, personByIdentity } from '../../src/store/people.ts'
import { currentTicket, type Ticket, ticketsAfter } from '../../src/store/tickets.ts'
import { differences } from './compare.ts'
import type { ReadEvent } from './event.ts'
import { LEADS, REQUESTERS, VIP_DOMAIN } from './fixtures.ts'
import { commandInWords, Follower } from './follow.ts'
import { inOrder } from './order.ts'
import type { Asked } from './recorded-command.ts'
import { channelOf } from './recorded-command.ts'
import { SlowWorld, type Staff } from './reference-model.ts'
import { unfounded } from './rules/refusals.ts'

export interface Checked {
  /** One sentence each; empty if all is as it must be. */
  failures: string[]
  tickets: number
  events: number
  /** How often the time of an event is before that of the event before it, and by how much at most. */
  backwards: { count: number; mostMs: number }
  excused: number
}

const AFTER_ALL_IDS = '\uFFFF'
const ALL = 1_000_000
/** `temporary`: the store was busy for too long; nothing was done. */
const REFUSALS = ['usage', 'not-found', 'conflict', 'forbidden', 'temporary']

/** Judges all that lies in the store after a run, and what the desk said to each command. */
export async function check({ context }: OpenDesk, asked: readonly Asked[]): Promise<Checked> {
  const { store, files } = context
  return store.consistently(async sql => {
    const events = await readEvents(sql)
    const rows = await ticketsAfter(sql, '', ALL)
    const world = new SlowWorld(await staffOf(sql))
    const { steps, circles } = inOrder(events, asked)
    const follower = new Follower(world, asked)
    follower.follow(steps)
    const failures = [
      ...answersOf(asked, events),
      ...circles.map(({ asked: each }) => `no order explains ${each ? commandInWords(each) : 'an event of the desk'}`),
      ...follower.failures,
      ...asked.flatMap(each => {
        const why = unfounded(each, follower.versions, world.staff)
        return why === undefined ? [] : [`${commandInWords(each)}: ${why}`]
      }),
      ...(await stateFailures(sql, world, rows, events)),
      ...(await verify(sql, files)).problems,
    ]
    const { excused } = follower
    return { failures, tickets: rows.length, events: events.length, backwards: backwardsIn(events), excused }
  })
}

async function readEvents(sql: Sql): Promise<ReadEvent[]> {
  const stored = await eventsBetween(sql, '', AFTER_ALL_IDS)
  return stored.map(event => ({ ...event, data: JSON.parse(event.data) as Record<string, unknown> }))
}

async function staffOf(sql: Sql): Promise<Staff> {
  const agents = await allAgents(sql)
  const vips = REQUESTERS.filter(address => address.endsWith(`@${VIP_DOMAIN}`))
  const people = await Promise.all(vips.map(address => personByIdentity(sql, 'email', address)))
  return {
    agents: new Set(agents.map(each => each.id)),
    leads: new Set(agents.filter(each => LEADS.includes(each.handle)).map(each => each.id)),
    vips: new Set(people.flatMap(person => (person ? [person.id] : []))),
    handles: new Map(agents.map(each => [each.handle, each.id])),
  }
}

/** What was taken changed something, what was refused did not, and every refusal is one that people can read. */
function answersOf(asked: readonly Asked[], events: readonly ReadEvent[]): string[] {
  const channels = new Set(events.map(event => event.channel))
  return asked.flatMap(each => {
    const { outcome, word } = each
    const taken = outcome === 'taken'
    if (!taken && !REFUSALS.includes(outcome)) return [`${commandInWords(each)}: that is no refusal`]
    if (taken && word === 'nonsense') return [`${commandInWords(each)}: it makes no sense`]
    if (taken && !channels.has(channelOf(each))) return [`${commandInWords(each)}: it left nothing`]
    return []
  })
}

/** What is stored beside the events: rows of tickets, their tags, their links, and where their numbers lead. */
async function stateFailures(sql: Sql, world: SlowWorld, rows: readonly Ticket[], events: readonly ReadEvent[]) {
  const failures: string[] = []
  const chains = Map.groupBy(events, event => event.ticketId)
  const tags = await listed<{ ticket: string; tag: string }>(sql, 'tags')
  const links = await listed<{ ticket: string; kind: string; other: string }>(sql, 'links')
  for (const row of rows) {
    const slow = world.tickets.get(row.id)
    if (!slow) {
      failures.push(`${row.ref}: it was never opened`)
      continue
    }
    failures.push(...differences(slow, row, chains.get(row.id) ?? []))
    const end = world.endOf(slow)
    const led = (await currentTicket(sql, row.id))?.id
    if (end === 'circle' || led !== end.id) failures.push(`${row.ref}: its number leads elsewhere than its merges`)
    const stored = (tags.get(row.id) ?? []).map(({ tag }) => tag)
    if (!same(stored, slow.tags)) failures.push(`${row.ref}: it is found by the tags ${stored.join(' ')}`)
    const linked = (links.get(row.id) ?? []).map(({ kind, other }) => `${kind} ${other}`)
    const meant = world.linksOf(row.id).map(({ kind, other }) => `${kind} ${other}`)
    if (!same(linked, meant)) failures.push(`${row.ref}: its links are ${linked.join(', ')}, not ${meant.join(', ')}`)
    if (world.isInCircle(row.id)) failures.push(`${row.ref}: it is above itself`)
  }
  return failures
}

async function listed<Row extends { ticket: string }>(sql: Sql, of: 'tags' | 'links'): Promise<Map<string, Row[]>> {
  const rows =
    of === 'tags'
      ? await sql<Row>`SELECT ticket_id AS ticket, tag FROM ticket_tags`
      : await sql<Row>`SELECT ticket_id AS ticket, kind, other_id AS other FROM links`
  return Map.groupBy(rows, row => row.ticket)
}

function same(some: readonly string[], others: Iterable<string>): boolean {
  return [...some].sort().join('\n') === [...others].sort().join('\n')
}

function backwardsIn(events: readonly ReadEvent[]): Checked['backwards'] {
  const steps = events.flatMap((event, index) => {
    const before = events[index - 1]
    if (!before || before.ticketId !== event.ticketId) return []
    return Math.max(0, Date.parse(before.at) - Date.parse(event.at))
  })
  const mostMs = steps.reduce((most, each) => Math.max(most, each), 0)
  return { count: steps.filter(step => step > 0).length, mostMs }
}
