// What a scene of a siege is: somebody or something that plays badly, while everybody else is watched.
import type { BesiegedDesk, DeskOptions } from './besieged-desk.ts'

export interface Scene {
  name: string
  /** What the desk is configured with beside its mail and Slack channels. */
  options?: () => Promise<DeskOptions & { end?: () => Promise<void> }>
  /** Plays badly. Gives what was lost by it, in sentences: nothing, if the desk is well. */
  play(desk: BesiegedDesk): Promise<string[]>
}
