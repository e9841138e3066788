// Alarms: what somebody has to mend. Agents are told of each once, when it is raised.
import type { DeskFacts } from '../commands/command/command.ts'
import { notifyAgents } from '../commands/command/notify-agents.ts'
import { DeskError, sentenceOf } from '../errors.ts'
import { raiseAlarm } from '../store/alarms.ts'
import type { Tx } from '../store/engine/sql.ts'

/** `code`: one of a channel stands at a time under each. `sentence`: what is wrong, and who must do what. */
export interface Trouble {
  channel: string
  code: string
  sentence: string
}

/** Raises an alarm, and tells agents unless it stands already. Gives whether it did not. */
export async function raise(tx: Tx, facts: DeskFacts, trouble: Trouble): Promise<boolean> {
  const { channel, sentence } = trouble
  if (!(await raiseAlarm(tx, { ...trouble, raisedAt: facts.at }))) return false
  await notifyAgents(tx, facts, facts.agents, { kind: 'notify-alarm', purpose: 'internal', channel, note: sentence })
  return true
}

/** What an alarm says of an error, as a whole sentence. */
export function reasonFor(error: unknown): string {
  const sentence = sentenceOf(error)
  const whole = /[.!?]$/.test(sentence) ? sentence : `${sentence}.`
  return error instanceof DeskError ? whole : `${whole} The log says more.`
}
