import { arrivalArgument, expectArgs, type SettleCommand } from './command.ts'

export const open: SettleCommand<{ arrival: number }> = {
  word: 'open',
  usage: 'MESSAGE',
  summary: 'Lets a message that is held open a ticket of its own.',
  body: 'none',
  takes: 1,
  parse(line) {
    expectArgs(this, line, 1, 1)
    return { arrival: arrivalArgument(line.args[0]) }
  },
  settles: args => ({ arrival: args.arrival, decision: { action: 'open' } }),
}
