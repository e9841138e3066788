// Brings along what was said in a thread before it became a ticket's.
import type { Receipt } from '../../../src/channel/message.ts'
import { RunOnce } from '../../chat/run-once.ts'
import { isTokenTrouble } from '../api/api-error.ts'
import { type ReadApi, Refusal } from '../api/read-api.ts'
import { compareTimes, isLater, isTime } from '../api/slack-time.ts'
import { type Fields, listOf, textOf } from '../text/text-fields.ts'
import type { Workspace } from '../workspace.ts'
import type { FirstSeen } from './first-seen.ts'
import type { PostedMessage } from './message-event.ts'
import type { Threads } from './thread-intake.ts'
import type { UntrackedReplies } from './untracked-replies.ts'

/** "We recommend no more than 200 results at a time": https://docs.slack.dev/reference/methods/conversations.replies */
const PAGE = 200

interface Parts {
  reader: ReadApi
  threads: Threads
  beginning: FirstSeen
  untrackedReplies: UntrackedReplies
  /** Hands over a message as if it came just now. */
  take(event: Fields): Promise<unknown>
  /** The same, though nothing in it asks for the desk. */
  takeRequested(event: Fields, isLive: boolean): Promise<unknown>
}

/**
 * Sees to it that a conversation is handed over from its beginning and without a gap. Slack tells in any order: an event
 * that could not be stored comes again after later ones.
 */
export class ThreadBackfill {
  readonly #workspace: Workspace
  readonly #parts: Parts
  readonly #beginnings: RunOnce

  constructor(workspace: Workspace, parts: Parts) {
    this.#workspace = workspace
    this.#parts = parts
    this.#beginnings = new RunOnce(workspace.options.now)
  }

  /** This message was handed over: what answers it need not look for it. */
  began(message: PostedMessage): void {
    if (message.parent === undefined) this.#beginnings.did(this.#parts.threads.placeOf(message))
  }

  /**
   * Before an answer what it answers is handed over, if that is for the desk; else whoever answers would have begun the
   * conversation. Looked at once a conversation. Rejects if Slack cannot be asked just now.
   */
  async beginning({ channel, ts, parent }: PostedMessage): Promise<void> {
    if (parent === undefined || channel === this.#workspace.roomId) return
    if (await this.#parts.beginning.isAfter(parent)) return
    await this.#beginnings.do(this.#parts.threads.placeOf({ channel, ts, parent }), async () => {
      const [first] = await this.#read({ channel, ts: parent, limit: 1 })
      if (first && compareTimes(textOf(first.ts), parent) === 0) await this.#parts.take({ ...first, channel })
    })
  }

  /**
   * After the message that made its conversation a ticket's, what was answered since then: as long as the conversation
   * was nobody's, answers were not for the desk. Rejects if it must be tried again.
   */
  async goOn(
    message: PostedMessage,
    receipt: Receipt,
    { since, isLive }: { since: string; isLive: boolean },
  ): Promise<void> {
    const { threads } = this.#parts
    if (!(await threads.isNew(message, receipt))) return
    // First of all, so that none comes between.
    const place = threads.placeOf(message)
    threads.learn([place])
    const { channel, ts, parent = ts } = message
    const answers = await this.#read({ channel, ts: parent, oldest: since, limit: PAGE })
    for (const answer of answers) {
      if (isLater(textOf(answer.ts), since)) await this.#parts.takeRequested({ ...answer, channel }, isLive)
    }
    for (const event of this.#parts.untrackedReplies.besides(channel, parent, since, answers))
      await this.#parts.take(event)
    await threads.note(message, receipt)
  }

  /** What Slack does not show, it will not show later either. */
  async #read(span: { channel: string; ts: string; limit: number; oldest?: string }): Promise<Fields[]> {
    const found: Fields[] = []
    let cursor = ''
    try {
      do {
        const args = { ...span, ...(cursor ? { cursor } : {}) }
        const answer = await this.#parts.reader.ask(client => client.conversations.replies(args))
        found.push(...listOf(answer.messages).filter(each => isTime(each.ts)))
        cursor = span.limit === 1 ? '' : (answer.response_metadata?.next_cursor ?? '')
      } while (cursor)
    } catch (error) {
      if (!(error instanceof Refusal) && !isTokenTrouble((error as Error).cause)) throw error
    }
    return found
  }
}
