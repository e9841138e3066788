// Alarms: what somebody has to mend. Whom it concerns is told of each once, when it is raised.
import type { DeskFacts } from '../commands/command/command.ts'
import { notifyAgents } from '../commands/command/notify-agents.ts'
import { DeskError, sentenceOf } from '../errors.ts'
import { raiseAlarm } from '../store/alarms.ts'
import type { Tx } from '../store/engine/sql.ts'
import type { Agent } from '../store/people.ts'

/** `code`: one of a channel stands at a time under each. `sentence`: what is wrong, and who must do what. */
export interface Trouble {
  channel: string
  code: string
  sentence: string
}

/** Who is told of an alarm. */
interface Audience {
  /** All agents unless said; nobody where it shows in `alarms` alone. */
  agents?: readonly Agent[]
  /** They are told though it stands already. */
  again?: true
}

/** Raises an alarm, and tells whom it concerns unless it stands already. Gives whether it did not. */
export async function raise(
  tx: Tx,
  facts: DeskFacts,
  { channel, code, sentence }: Trouble,
  { agents = facts.agents, again }: Audience = {},
): Promise<boolean> {
  const isNew = await raiseAlarm(tx, { channel, code, sentence, raisedAt: facts.at })
  if (isNew || again) {
    await notifyAgents(tx, facts, agents, { kind: 'notify-alarm', purpose: 'internal', channel, note: sentence })
  }
  return isNew
}

/** What an alarm says of an error, as a whole sentence. */
export function reasonFor(error: unknown): string {
  const sentence = sentenceOf(error)
  const whole = /[.!?]$/.test(sentence) ? sentence : `${sentence}.`
  return error instanceof DeskError ? whole : `${whole} See the log for more.`
}
