import { type AskedField, CATEGORY_FIELDS, KIND_FIELDS } from '../fixtures.ts'
import type { SlowTicket } from '../reference-model.ts'
import { type Moment, type Objection, type Rule, textOf } from './rule.ts'

/** What kind of ticket it is, how urgent, its fields and its tags. */

const STEPS = ['low', 'medium', 'high']

/** High and high is P1; each step less of either counts one more. A VIP's urgency counts a step higher. */
function priorityFor(impact: string, urgency: string, vip: boolean): { priority: string; raised: boolean } {
  const counted = vip && urgency !== 'high' ? STEPS.indexOf(urgency) + 1 : STEPS.indexOf(urgency)
  const missing = 2 - STEPS.indexOf(impact) + (2 - counted)
  return { priority: `P${1 + missing}`, raised: vip && urgency !== 'high' }
}

type Class = Pick<SlowTicket, 'kind' | 'category' | 'impact' | 'urgency' | 'priority' | 'raised'>

/** What is said of its class by the ticket itself, its requester considered. */
export function wrongClass(now: Class, vip: boolean): Objection[] {
  const { kind, category, impact, urgency, priority, raised } = now
  const both = impact !== null && urgency !== null
  const right = both ? priorityFor(impact, urgency, vip) : { priority: null, raised: false }
  return [
    [`"${kind}" is no kind`, kind !== null && !(kind in KIND_FIELDS)],
    [`"${category}" is no category`, category !== null && !(category in CATEGORY_FIELDS)],
    [`"${impact}" is no impact`, impact !== null && !STEPS.includes(impact)],
    [`"${urgency}" is no urgency`, urgency !== null && !STEPS.includes(urgency)],
    ['impact and urgency go together', (impact === null) !== (urgency === null)],
    [`its priority must be ${right.priority}`, priority !== right.priority],
    [`${right.raised ? 'a' : 'no'} VIP counts in it`, raised !== right.raised],
  ]
}

const CLASS = ['kind', 'category', 'impact', 'urgency', 'priority', 'raised'] as const

function classAfter({ ticket, data }: Moment): Class {
  return Object.fromEntries(CLASS.map(name => [name, name in data ? data[name] : ticket[name]])) as unknown as Class
}

const classified: Rule = {
  against(moment) {
    const { ticket, data, world } = moment
    const names = Object.keys(data)
    const stays = names.filter(name => data[name] === ticket[name as keyof SlowTicket])
    const unknown = names.filter(name => !(CLASS as readonly string[]).includes(name))
    return [
      ['it says nothing', names.length === 0],
      [`it says ${unknown.join(', ')}, too`, unknown.length > 0],
      [`${stays.join(', ')} is that already`, stays.length > 0],
      ...wrongClass(classAfter(moment), world.staff.vips.has(ticket.requester)),
    ]
  },
  changes: moment => void Object.assign(moment.ticket, classAfter(moment)),
}

function fieldOf({ ticket, data }: Moment): AskedField | undefined {
  const asked = [...(KIND_FIELDS[ticket.kind ?? ''] ?? []), ...(CATEGORY_FIELDS[ticket.category ?? ''] ?? [])]
  return asked.find(({ name }) => name === data.field)
}

const filled: Rule = {
  against(moment) {
    const field = fieldOf(moment)
    const value = textOf(moment.data, 'value')
    const choices = field?.choices ?? []
    return [
      ['nothing asks for that field', field === undefined],
      ['that is none of its choices', value !== '' && choices.length > 0 && !choices.includes(value)],
    ]
  },
  changes({ ticket, data }) {
    const [name, value] = [textOf(data, 'field'), textOf(data, 'value')]
    if (value) ticket.fields.set(name, value)
    else ticket.fields.delete(name)
  },
}

const tagged: Rule = {
  against({ ticket, data }) {
    const [add, remove] = [data.add as string[], data.remove as string[]]
    return [
      ['it changes no tag', add.length + remove.length === 0],
      ['it has one of them already', add.some(tag => ticket.tags.has(tag))],
      ['it has not all of them', remove.some(tag => !ticket.tags.has(tag))],
      ['a tag is named twice', new Set([...add, ...remove]).size < add.length + remove.length],
    ]
  },
  changes({ ticket, data }) {
    for (const tag of data.remove as string[]) ticket.tags.delete(tag)
    for (const tag of data.add as string[]) ticket.tags.add(tag)
  },
}

export const CLASS_RULES: Record<string, Rule> = { classified, filled, tagged }
