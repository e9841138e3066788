// The command set: fields of a ticket.
import { isListed } from '../../core/intake/spam-signs.ts'
import { categoryOf, fieldsOf } from '../../core/ticket/policy.ts'
import { assess, LEVELS, type Level } from '../../core/ticket/priority.ts'
import type { Classification } from '../../core/ticket/ticket-event.ts'
import { TICKET_KINDS, type TicketKind } from '../../core/ticket/ticket-kind.ts'
import { DeskError } from '../../errors.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { participantsOf } from '../../store/participants.ts'
import { recordEvent, type Ticket } from '../../store/tickets.ts'
import type { Call } from '../command/command.ts'
import { onTicketWith } from '../command/on-ticket.ts'

type Values = Map<string, string>

/** `set HD-7 kind=incident impact=high urgency=low category=hardware/printer serial="X 12"`. */
export const set = onTicketWith<Values>({
  word: 'set',
  aliases: ['classify'],
  usage: 'NAME=VALUE...',
  summary:
    'Sets kind (incident, request), impact and urgency (low, medium, high), category, and the fields that go with these.',
  parse(words) {
    const values: Values = new Map()
    const rest = [...words]
    for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
      const [, name = '', value = ''] = /^([a-z][\w-]*)=(.*)$/is.exec(word) ?? []
      if (name) values.set(name.toLowerCase(), value.trim())
      else if (/^[a-z][\w-]*$/i.test(word) && rest.length > 0) values.set(word.toLowerCase(), rest.shift() ?? '')
      else throw new DeskError('usage', `"${word}" does not set anything: write it like set TICKET impact=high.`)
    }
    if (values.size === 0)
      throw new DeskError('usage', 'Say what: set TICKET kind=incident impact=high category=hardware/printer')
    return values
  },
  async writes(tx, call, ticket, change, assignments) {
    const values = new Map(assignments)
    const classified = await classificationOf(tx, call, ticket, values)
    const kind = classified.kind ?? ticket.kind
    const category = classified.category ?? ticket.category
    const filled = [...values].map(([name, value]) => fieldValue(call, kind, category, name, value))
    let now = ticket
    if (Object.keys(classified).length > 0)
      now = await recordEvent(tx, now, { type: 'classified', data: classified }, change)
    for (const { field, value } of filled)
      now = await recordEvent(tx, now, { type: 'filled', data: { field, value } }, change)
    if (now === ticket) throw new DeskError('conflict', `${ticket.ref} already has these values.`)
    const { impact, urgency, priority, raised } = now
    return {
      text: `${ticket.ref}: ${describeClass(now)}.`,
      data: {
        ref: ticket.ref,
        kind,
        category,
        impact,
        urgency,
        priority,
        raised: raised === 1,
        fields: JSON.parse(now.fields),
      },
    }
  },
})

/** What the ticket is, in a line: `incident, hardware/printer, P2 (impact high, urgency medium)`. */
export function describeClass(ticket: Ticket): string {
  const { kind, category, impact, urgency, priority, raised } = ticket
  const vip = raised === 1 ? ', one higher for a VIP' : ''
  const fields = Object.entries(JSON.parse(ticket.fields) as Record<string, string>).map(
    ([name, value]) => `${name} ${value}`,
  )
  const parts = [kind, category, priority && `${priority} (impact ${impact}, urgency ${urgency}${vip})`, ...fields]
  return parts.filter(Boolean).join(', ') || 'not classified'
}

/** Takes what classifies out of the values. */
async function classificationOf(tx: Tx, call: Call, ticket: Ticket, values: Values): Promise<Classification> {
  const taken = (name: string) => {
    const value = values.get(name)
    values.delete(name)
    return value
  }
  const kind = taken('kind')
  const category = taken('category')
  const impact = levelIn('impact', taken('impact')) ?? ticket.impact
  const urgency = levelIn('urgency', taken('urgency')) ?? ticket.urgency
  if (values.has('priority')) {
    throw new DeskError(
      'usage',
      'The priority follows from impact and urgency: set those, as in set TICKET impact=high urgency=high.',
    )
  }
  const classification: Classification = {
    ...(kind === undefined ? {} : { kind: kindIn(kind) }),
    ...(category === undefined ? {} : { category: categoryOf(call.policy, category).path }),
    ...(impact === null && urgency === null
      ? {}
      : await priorityOf(tx, call, ticket, impact ?? 'medium', urgency ?? 'medium')),
  }
  const before = { ...ticket, raised: ticket.raised === 1 }
  const changed = Object.entries(classification).filter(
    ([name, value]) => before[name as keyof Classification] !== value,
  )
  return Object.fromEntries(changed) as Classification
}

async function priorityOf(
  tx: Tx,
  { policy }: Call,
  ticket: Ticket,
  impact: Level,
  urgency: Level,
): Promise<Classification> {
  const requester = (await participantsOf(tx, ticket.id)).find(each => each.role === 'requester')
  return assess(policy.matrix, impact, urgency, requester !== undefined && isListed(requester.address, policy.vip))
}

function kindIn(text: string): TicketKind {
  const kind = TICKET_KINDS.find(each => each === text.toLowerCase())
  if (kind) return kind
  throw new DeskError('usage', `"${text}" is not a kind: write ${TICKET_KINDS.join(' or ')}.`)
}

function levelIn(name: string, text: string | undefined): Level | null {
  if (text === undefined) return null
  const level = LEVELS.find(each => each === text.toLowerCase())
  if (level) return level
  throw new DeskError('usage', `"${text}" is not a valid ${name}: write ${LEVELS.join(', ')}.`)
}

function fieldValue({ policy }: Call, kind: Ticket['kind'], category: string | null, name: string, value: string) {
  const known = fieldsOf(policy, kind, category)
  const field = known.find(each => each.name.toLowerCase() === name)
  if (!field) {
    const names = ['kind', 'impact', 'urgency', 'category', ...known.map(each => each.name)]
    throw new DeskError('usage', `There is no "${name}" to set here: write one of ${names.join(', ')}.`)
  }
  const choice = field.choices.find(each => each.toLowerCase() === value.toLowerCase())
  if (value !== '' && field.choices.length > 0 && choice === undefined) {
    throw new DeskError('usage', `"${value}" is not a valid ${field.name}: write one of ${field.choices.join(', ')}.`)
  }
  return { field: field.name, value: choice ?? value }
}
