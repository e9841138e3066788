// Tells people how to ask, where they only said hello.
import { LruCache } from '../../chat/lru-cache.ts'
import { sentenceAnswer } from '../blocks/answer-blocks.ts'
import type { Answers } from '../interact/answers.ts'
import type { Workspace } from '../workspace.ts'

const HOUR_MS = 60 * 60 * 1000
const MOST_KNOWN = 1_000

/** Tells people how to ask, where they only said hello; each of them once an hour. */
export class HowToAsk {
  readonly #answers: Answers
  readonly #recentlyTold: LruCache<true>

  constructor(workspace: Workspace, answers: Answers) {
    this.#answers = answers
    this.#recentlyTold = new LruCache({ most: MOST_KNOWN, lifetime: HOUR_MS, now: workspace.options.now })
  }

  async howToAsk(to: { channel: string; user: string; thread?: string | undefined }): Promise<void> {
    if (this.#recentlyTold.has(to.user)) return
    this.#recentlyTold.set(to.user, true)
    const text =
      'Hello! Tell us here what you need, in one message if you can: what happens, since when, and what you have tried.'
    await this.#answers.tell(to, sentenceAnswer(`${text} It will become a ticket, and you will get the answer here.`))
  }
}
