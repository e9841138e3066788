// The commands wait, schedule and resume.
import type { Form } from '../../channel/surface.ts'
import { momentIn, momentInWords } from '../../core/text/time-expressions.ts'
import { mayMove } from '../../core/ticket/ticket.ts'
import { isDone, type TicketState } from '../../core/ticket/ticket-state.ts'
import { DeskError } from '../../errors.ts'
import { recordEvent } from '../../store/tickets.ts'
import type { ParseFacts } from '../command/command.ts'
import { WHY } from '../command/forms.ts'
import { claimIfUnowned, storeInternalText } from '../command/internal-text.ts'
import { onTicket, onTicketWith } from '../command/on-ticket.ts'

const REQUESTER = /^(?:requesters?|customers?|users?|them|client|reply|answer)$/i
const THIRD = /^(?:third|third-party|3rd|3rd-party|party|vendors?|suppliers?|others?|provider|parts?|delivery)$/i

interface Wait {
  on: 'requester' | 'third-party'
  until: string | null
  why: string
}

/** `wait HD-7`, `wait HD-7 for vendor until friday 17:00 "parts are ordered"`. */
export const wait = onTicketWith<Wait>({
  word: 'wait',
  aliases: ['pending'],
  usage: '[for requester|vendor] [until TIME] ["WHY"]',
  summary: 'Waits for the requester or a third party; at the given time it comes back to its owner.',
  body: 'optional',
  button: {
    rank: 30,
    of: ({ ticket: { ref, state } }) =>
      isWorkedOn(state) ? [{ label: 'Wait', line: `wait ${ref} for {on} [until {until}]`, form: waitForm(ref) }] : [],
  },
  parse(parts, facts) {
    const words = parts.flatMap(word => (/\s/.test(word) ? [word] : word.split(' ')))
    if (/^(?:for|on)$/i.test(words[0] ?? '')) words.shift()
    let on: Wait['on'] = 'requester'
    if (REQUESTER.test(words[0] ?? '')) words.shift()
    else if (THIRD.test(words[0] ?? '')) {
      words.shift()
      if (/^party$/i.test(words[0] ?? '')) words.shift()
      on = 'third-party'
    }
    if (!/^until$/i.test(words[0] ?? '')) return { on, until: null, why: words.join(' ') }
    const { at, rest } = untilIn(words.slice(1), facts)
    return { on, until: at, why: rest.join(' ') }
  },
  async writes(tx, call, ticket, change, { on, until, why }) {
    mayMove(ticket, on === 'requester' ? 'wait-on-requester' : 'wait-on-third-party')
    const reason = await storeInternalText(tx, ticket, change, call.actor, why || call.body, 'reason')
    const now = await claimIfUnowned(tx, ticket, change)
    const after = await recordEvent(tx, now, { type: 'waiting', data: { on, until, ...reason } }, change)
    const whom = on === 'requester' ? 'the requester' : 'a third party'
    const when = until ? `; it comes back ${momentInWords(until)}` : ''
    return {
      text: `${ticket.ref} is waiting for ${whom}${when}.`,
      data: { ref: ticket.ref, state: after.state, until },
    }
  },
})

/** `schedule HD-7 monday 9:00 "after the office move"`. */
export const schedule = onTicketWith<{ until: string; why: string }>({
  word: 'schedule',
  aliases: ['snooze'],
  usage: 'TIME ["WHY"]',
  summary: 'Postpones it until a time, such as friday 17:00 or 2d; then it comes back to its owner.',
  body: 'optional',
  button: {
    rank: 70,
    of: ({ ticket: { ref, state } }) =>
      isDone(state) ? [] : [{ label: 'Postpone', line: `schedule ${ref} {until}`, form: untilForm(ref) }],
  },
  parse(words, facts) {
    const { at, rest } = untilIn(/^(?:for|until|to)$/i.test(words[0] ?? '') ? words.slice(1) : words, facts)
    return { until: at, why: rest.join(' ') }
  },
  async writes(tx, call, ticket, change, { until, why }) {
    mayMove(ticket, 'schedule')
    const reason = await storeInternalText(tx, ticket, change, call.actor, why || call.body, 'reason')
    const now = await claimIfUnowned(tx, ticket, change)
    await recordEvent(tx, now, { type: 'scheduled', data: { until, ...reason } }, change)
    return {
      text: `${ticket.ref} is scheduled for ${momentInWords(until)}.`,
      data: { ref: ticket.ref, state: 'scheduled', until },
    }
  },
})

export const resume = onTicket({
  word: 'resume',
  summary: 'Continues a ticket that is waiting or scheduled.',
  button: {
    rank: 30,
    of: ({ ticket: { ref, state } }) =>
      isDone(state) || isWorkedOn(state) ? [] : [{ label: 'Resume', line: `resume ${ref}` }],
  },
  async writes(tx, _call, ticket, change) {
    mayMove(ticket, 'resume')
    await recordEvent(tx, ticket, { type: 'resumed', data: { by: 'command' } }, change)
    return { text: `${ticket.ref} is open.`, data: { ref: ticket.ref, state: 'open' } }
  },
})

function untilIn(words: readonly string[], { at }: ParseFacts): { at: string; rest: string[] } {
  const found = momentIn(
    words.flatMap(word => word.split(' ')),
    at,
  )
  if (found) return found
  throw new DeskError(
    'usage',
    `"${words.join(' ')}" does not begin with a time in the future: write it like friday 17:00, tomorrow, 2h or 2027-01-31.`,
  )
}

/** It neither waits nor is put off, nor done. */
function isWorkedOn(state: TicketState): boolean {
  return state === 'new' || state === 'open'
}

function waitForm(ref: string): Form {
  const choices = [
    { value: 'requester', label: 'The requester' },
    { value: 'vendor', label: 'A third party' },
  ]
  return {
    title: `${ref} waits`,
    submit: 'Wait',
    fields: [
      { name: 'on', label: 'For whom?', kind: 'choice', choices, required: true, value: 'requester' },
      {
        name: 'until',
        label: 'Until when?',
        hint: 'Such as friday 17:00 or 2d. Leave it empty to wait until they answer.',
        kind: 'line',
        required: false,
      },
      WHY,
    ],
  }
}

function untilForm(ref: string): Form {
  return {
    title: `Postpone ${ref}`,
    submit: 'Postpone',
    fields: [
      {
        name: 'until',
        label: 'Until when?',
        hint: 'Such as monday 9:00 or 2d. Then it comes back.',
        kind: 'line',
        required: true,
      },
      WHY,
    ],
  }
}
