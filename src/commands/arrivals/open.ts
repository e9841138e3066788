// The commands open and discard: what becomes of a message that is held.
import type { Action } from '../../channel/surface.ts'
import { arrivalArgument } from '../command/arguments.ts'
import { expectArgs, type SettleCommand } from '../command/command.ts'

const MOST_AT_ONCE = 100

export const open: SettleCommand<{ arrival: number }> = {
  word: 'open',
  usage: 'MESSAGE',
  about: 'message',
  summary: 'Opens a new ticket for a held message.',
  body: 'none',
  parse(line) {
    expectArgs(this, line, 1, 1)
    return { arrival: arrivalArgument(line.args[0]) }
  },
  settles: args => ({ arrivals: [args.arrival], decision: { action: 'open' } }),
}

/** `discard M-3 M-4`: messages that are held are left be; they stay recorded. */
export const discard: SettleCommand<{ arrivals: number[] }> = {
  word: 'discard',
  usage: 'MESSAGE...',
  about: 'message',
  summary: 'Ignores held messages; they stay on record, and open brings one back.',
  body: 'none',
  parse(line) {
    expectArgs(this, line, 1, MOST_AT_ONCE)
    return { arrivals: [...new Set(line.args.map(arrivalArgument))] }
  },
  settles: ({ arrivals }) => ({ arrivals, decision: { action: 'discard' } }),
}

/** What an agent can press about a message that is held. */
export function heldActions(number: string): Action[] {
  return [
    { label: `Open M-${number}`, line: `${open.word} M-${number}` },
    { label: `Discard M-${number}`, line: `${discard.word} M-${number}` },
  ]
}
