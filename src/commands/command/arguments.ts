// Reads the arguments of a line that name a ticket, a message or an agent.
import { nearest } from '../../core/text/command-line.ts'
import { parseReference } from '../../core/ticket/reference.ts'
import { DeskError } from '../../errors.ts'
import type { Agent } from '../../store/people.ts'
import type { Call } from './command.ts'

/** The ticket number in an argument. */
export function ticketArgument(text: string | undefined, prefixes: readonly string[]): number {
  const number = parseReference(text ?? '', prefixes)
  if (number === null) throw new DeskError('usage', `"${text ?? ''}" is not a ticket: write it like ${prefixes[0]}-12.`)
  return number
}

/** `M-3`, `m3` or `3`: a message as `relaydesk inbox list` numbers it. */
export function arrivalArgument(text: string | undefined): number {
  const found = /^m?-?(\d{1,12})$/i.exec(text ?? '')
  if (!found) {
    throw new DeskError(
      'usage',
      `"${text ?? ''}" is not a message: write it like M-3, as in inbox list. To add a person, use: invite TICKET ADDRESS.`,
    )
  }
  return Number(found[1])
}

/** `@bob`, `bob` or `me`. */
export function agentArgument(text: string, call: Pick<Call, 'agents' | 'actor'>): Agent {
  const handle = text.replace(/^@/, '').toLowerCase()
  const agent = call.agents.find(each => (handle === 'me' ? each.id === call.actor.id : each.handle === handle))
  if (agent) return agent
  const close = nearest(
    handle,
    call.agents.map(each => each.handle),
  )
  const hint = close
    ? `did you mean @${close}?`
    : `agents are ${call.agents.map(each => `@${each.handle}`).join(', ')}.`
  throw new DeskError('usage', `There is no agent "${text}"; ${hint}`)
}
