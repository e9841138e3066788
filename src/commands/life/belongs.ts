// The command belongs: a requester says where a chat message belongs.
import type { Action } from '../../channel/surface.ts'
import { DeskError } from '../../errors.ts'
import { arrivalArgument } from '../command/arguments.ts'
import type { SettleCommand } from '../command/command.ts'

const ANSWERS = new Map([
  ['yes', true],
  ['no', false],
  ['new', false],
])

/** `belongs M-5 yes`: what its writer says of a chat message of which nobody could tell whether it goes on with a ticket. */
export const belongs: SettleCommand<{ arrival: number; goesOn: boolean }> = {
  word: 'belongs',
  usage: 'MESSAGE yes|no',
  about: 'message',
  summary: 'Says whether your message is about your ticket or about something new.',
  anyone: true,
  body: 'none',
  parse(line) {
    const [message, answer = ''] = line.args
    const goesOn = ANSWERS.get(answer.toLowerCase())
    if (goesOn === undefined) throw new DeskError('usage', 'Write: belongs MESSAGE yes|no')
    return { arrival: arrivalArgument(message), goesOn }
  },
  settles: ({ arrival, goesOn }) => ({
    arrivals: [arrival],
    decision: goesOn ? { action: 'join', ticket: null } : { action: 'open' },
  }),
}

/** What whoever wrote a message can press, where the desk asks where it belongs. */
export function belongsActions(message: string | null, ref: string | undefined): Action[] {
  return [
    { label: `It is about ${ref ?? 'it'}`, style: 'primary', line: `${belongs.word} ${message} yes` },
    { label: 'It is something new', line: `${belongs.word} ${message} no` },
  ]
}
