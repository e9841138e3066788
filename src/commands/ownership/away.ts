// The commands away and back.
import { momentIn, momentInWords } from '../../core/text/time-expressions.ts'
import { DeskError } from '../../errors.ts'
import { endAbsence, saveAbsence } from '../../store/absences.ts'
import { agentArgument } from '../command/arguments.ts'
import { expectArgs, type WriteCommand } from '../command/command.ts'

/** `away until monday @eve`: Eve is told of what would be told to whoever is away. */
export const away: WriteCommand<{ until: string; deputy: string | null }> = {
  word: 'away',
  usage: 'until TIME [@DEPUTY]',
  summary: 'Says that you are away: meanwhile your deputy is notified of your tickets, or all agents if you name none.',
  body: 'none',
  parse(line, { at }) {
    const words = line.args.flatMap(word => word.split(' ')).filter(word => !/^(?:until|deputy)$/i.test(word))
    const deputy = words.find(word => word.startsWith('@')) ?? null
    const found = momentIn(
      words.filter(word => !word.startsWith('@')),
      at,
    )
    if (!found || found.rest.length > 0) {
      throw new DeskError('usage', 'Say until when: away until monday @DEPUTY, or away until 2027-01-31 @DEPUTY')
    }
    return { until: found.at, deputy }
  },
  tickets: () => [],
  async writes(tx, call, { until, deputy }) {
    const agent = deputy === null ? null : agentArgument(deputy, call)
    if (agent?.id === call.actor.id) throw new DeskError('usage', 'Name somebody else: you are the one who is away.')
    await saveAbsence(tx, { personId: call.actor.id, until, deputyId: agent?.id ?? null })
    const who = agent ? `${agent.name} stands in` : 'all agents will be notified of your tickets'
    return {
      text: `You are away until ${momentInWords(until)}; ${who}.`,
      data: { until, deputy: agent?.handle ?? null },
    }
  },
}

export const back: WriteCommand<null> = {
  word: 'back',
  usage: '',
  summary: 'Says that you are back.',
  body: 'none',
  parse(line) {
    expectArgs(this, line, 0, 0)
    return null
  },
  tickets: () => [],
  async writes(tx, call) {
    if (!(await endAbsence(tx, call.actor.id))) throw new DeskError('conflict', 'You are not away.')
    return { text: 'Welcome back: you will be notified of your tickets again.', data: { away: false } }
  },
}
