// What one person sees of the desk on a page of their own in a chat.
import type { Actor } from '../../channel/desk.ts'
import type { Action, Home, HomeItem } from '../../channel/surface.ts'
import type { DeskFacts } from '../../commands/command/command.ts'
import { readersOf } from '../../commands/command/recipients.ts'
import { ticketActions } from '../../commands/command/ticket-actions.ts'
import { solvedActions } from '../../commands/life/solved.ts'
import { resolveQuery } from '../../commands/look/list.ts'
import { stateForRequester } from '../../commands/look/status.ts'
import { agoInWords } from '../../core/text/table.ts'
import { momentInWords } from '../../core/text/time-expressions.ts'
import { parseQuery } from '../../core/ticket/query.ts'
import { stateInWords } from '../../core/ticket/ticket-state.ts'
import { may } from '../../people/access.ts'
import { dueOf } from '../../store/due.ts'
import type { Sql } from '../../store/engine/sql.ts'
import { type Person, personByIdentity } from '../../store/people.ts'
import { ticketOfThread } from '../../store/threads.ts'
import { listTickets } from '../../store/ticket-lists.ts'
import { currentTicket, type Ticket, ticketsOfPerson } from '../../store/tickets.ts'
import { type Context, deskFacts, personByOther } from '../context.ts'

const SHOWN = 8 // in each section
const LISTED = 50
const DAYS_MS = 30 * 24 * 60 * 60 * 1000
const MOST_ACTIONS = 3

interface Section {
  title: string
  empty: string
  tickets(sql: Sql, facts: DeskFacts, actor: Person): Promise<Ticket[]>
}

const DAY_MS = 24 * 60 * 60 * 1000

/** What agents look for first: theirs, what comes back soon, what nobody has, what nothing happened to for long. */
const SECTIONS: readonly Section[] = [
  { title: 'Mine', empty: 'You own no open tickets.', tickets: ticketsOfQuery('mine') },
  {
    title: 'Due',
    empty: 'None of your tickets is due within a day.',
    tickets: (sql, { at }, actor) => dueOf(sql, actor.id, new Date(Date.parse(at) + DAY_MS).toISOString(), LISTED),
  },
  { title: 'Unowned', empty: 'Every ticket has an owner.', tickets: ticketsOfQuery('unowned') },
  { title: 'Stuck', empty: 'No ticket has been quiet for three days.', tickets: ticketsOfQuery('open', 'quiet', '3d') },
]

function ticketsOfQuery(...query: string[]): Section['tickets'] {
  return (sql, facts, actor) => {
    const filter = resolveQuery(parseQuery(query), { ...facts, actor })
    return listTickets(sql, { ...filter, now: facts.at, limit: LISTED })
  }
}

/** What a person sees of the desk: an agent the work, everybody else what they asked for. */
export async function homePageOf(context: Context, actor: Actor): Promise<Home> {
  const { read } = context.store
  const facts = await deskFacts(context, read)
  const person = 'kind' in actor ? await personOf(read, actor) : undefined
  const ownSection = await requesterSection(read, facts, person)
  const [desk] = facts.desks
  if (!person || !may(person, 'work', 'installation')) {
    return {
      intro: `Ask ${desk?.name ?? 'the desk'} here: write a message or press the button.`,
      actions: [],
      sections: [ownSection],
    }
  }
  const sections = await Promise.all(SECTIONS.map(section => agentSection(read, facts, person, section)))
  return {
    intro: `You are agent @${person.handle}. Type \`/desk help\` for all commands.`,
    actions: [],
    sections: [...sections, ...(ownSection.items.length > 0 ? [{ ...ownSection, title: 'Your own tickets' }] : [])],
  }
}

async function personOf(sql: Sql, actor: Exclude<Actor, { handle: string }>): Promise<Person | undefined> {
  return (await personByIdentity(sql, actor.kind, actor.address)) ?? (await personByOther(sql, actor.alsoKnownAs ?? []))
}

async function requesterSection(
  sql: Sql,
  { at }: DeskFacts,
  person: Person | undefined,
): Promise<Home['sections'][number]> {
  const closedSince = new Date(Date.parse(at) - DAYS_MS).toISOString()
  const tickets = person ? await ticketsOfPerson(sql, person.id, { closedSince, limit: LISTED }) : []
  const items = tickets.slice(0, SHOWN).map(ticket => ({
    ref: ticket.ref,
    subject: ticket.subject,
    detail: forRequester(ticket, at),
    actions: ticket.state === 'resolved' && ticket.requesterId === person?.id ? solvedActions(ticket.ref) : [],
  }))
  return { title: 'My tickets', empty: 'You have no tickets.', items, more: tickets.length - items.length }
}

function forRequester({ state, ownerName, expectedAt, openedAt }: Ticket, at: string): string {
  const question = state === 'resolved' ? 'is it solved?' : ''
  return [
    stateForRequester(state),
    ...(question ? [question] : []),
    ...(ownerName ? [`with ${ownerName}`] : []),
    ...(expectedAt ? [`expected ${momentInWords(expectedAt)}`] : []),
    `opened ${agoInWords(openedAt, at)}`,
  ].join(', ')
}

async function agentSection(
  sql: Sql,
  facts: DeskFacts,
  actor: Person,
  { title, empty, tickets: find }: Section,
): Promise<Home['sections'][number]> {
  const tickets = await find(sql, facts, actor)
  const items: HomeItem[] = []
  for (const ticket of tickets.slice(0, SHOWN)) {
    const readers = await readersOf(sql, facts, ticket)
    items.push({
      ref: ticket.ref,
      subject: ticket.subject,
      detail: [
        stateInWords(ticket.state),
        ticket.ownerName ?? 'nobody',
        ...(ticket.priority ? [ticket.priority] : []),
        ticket.requesterName,
        `opened ${agoInWords(ticket.openedAt, facts.at)}`,
      ].join(', '),
      actions: ticketActions(facts, ticket, readers).slice(0, MOST_ACTIONS),
    })
  }
  return { title, empty, items, more: tickets.length - items.length }
}

/** What an agent can do about the ticket of a conversation. */
export async function actionsIn(context: Context, channel: string, thread: string, actor: Actor): Promise<Action[]> {
  const { read } = context.store
  const facts = await deskFacts(context, read)
  const person = 'kind' in actor ? await personOf(read, actor) : undefined
  const found = may(person, 'work', 'installation') ? await ticketOfThread(read, channel, thread) : undefined
  const ticket = found && (await currentTicket(read, found.ticketId))
  return ticket ? ticketActions(facts, ticket, await readersOf(read, facts, ticket)) : []
}
