// Which messages were handled lately.
import { isLater, isTime, latestOf, TOLD_WITHIN_MS, timeBefore } from '../api/slack-time.ts'
import type { Workspace } from '../workspace.ts'

/** Times of one channel that are kept before those that are long ago are looked for. */
const FEW_TIMES = 200

/**
 * Which messages of the last minutes are done with, in each channel. What Slack tells of late is looked for there after an
 * outage, and what is not among these is what is missing.
 */
export class HandledMessages {
  readonly #workspace: Workspace
  readonly #channels = new Map<string, { times: Set<string>; tidyAt: number }>()

  constructor(workspace: Workspace) {
    this.#workspace = workspace
  }

  did(channel: string, ts: string): void {
    const known = this.#channels.get(channel) ?? { times: new Set(), tidyAt: FEW_TIMES }
    this.#channels.set(channel, known)
    known.times.add(ts)
    if (known.times.size < known.tidyAt) return
    known.times = new Set(withoutOld([...known.times]))
    known.tidyAt = Math.max(FEW_TIMES, 2 * known.times.size)
  }

  /** Those that an earlier run wrote down. */
  async ofBefore(channel: string): Promise<ReadonlySet<string>> {
    const stored = await this.#workspace.desk.recall(this.#keyOf(channel))
    return new Set(stored?.split(' ').filter(isTime))
  }

  async save(channel: string): Promise<void> {
    const { times } = this.#channels.get(channel) ?? {}
    if (times) await this.#workspace.desk.remember(this.#keyOf(channel), withoutOld([...times]).join(' '))
  }

  #keyOf(channel: string): string {
    return `lately ${this.#workspace.teamId}/${channel}`
  }
}

function withoutOld(times: readonly string[]): string[] {
  const newest = latestOf(times)
  const oldest = newest && timeBefore(newest, TOLD_WITHIN_MS)
  return oldest === undefined ? [] : times.filter(each => isLater(each, oldest))
}
