// What was said below messages that are no ticket's, in case one becomes one.
import { LruCache } from '../../chat/lru-cache.ts'
import { isLater } from '../api/slack-time.ts'
import { type Fields, textOf } from '../text/text-fields.ts'
import type { MessageEvent, PersonsMessage } from './message-event.ts'

const KEPT_MS = 15 * 60_000
const MOST_CONVERSATIONS = 300
const MOST_EVENTS = 30 // of each

interface ReplyEvent {
  /** Of the message that it is about. */
  ts: string
  isMessage: boolean
  event: Fields
}

/**
 * What was said lately below messages that are no ticket's. Slack tells in any order: should one of them become a
 * ticket's, an answer that was taken back meanwhile is no longer there to be read. In memory alone.
 */
export class UntrackedReplies {
  readonly #replies: LruCache<ReplyEvent[]>

  constructor(now: () => Date) {
    this.#replies = new LruCache({ most: MOST_CONVERSATIONS, lifetime: KEPT_MS, now })
  }

  note(seen: MessageEvent, event: Fields): void {
    const message = messageOf(seen)
    if (message?.parent === undefined) return
    const place = `${message.channel}/${message.parent}`
    const replies = [...(this.#replies.get(place) ?? []), { ts: message.ts, isMessage: seen.what === 'message', event }]
    this.#replies.set(place, replies.slice(-MOST_EVENTS))
  }

  /**
   * Events about answers of a conversation that were written after `since` and are not among these, each answer before
   * what became of it. What was said before somebody asked is nobody's business.
   */
  besides(channel: string, parent: string, since: string, answers: readonly Fields[]): Fields[] {
    const replies = this.#replies.get(`${channel}/${parent}`) ?? []
    const read = new Set(answers.map(({ ts }) => textOf(ts)))
    const gone = replies.filter(({ ts, isMessage }) => isMessage && !read.has(ts) && isLater(ts, since))
    const theirs = replies.filter(({ ts, isMessage }) => !isMessage && gone.some(each => each.ts === ts))
    return [...gone, ...theirs].map(({ event }) => event)
  }
}

function messageOf(seen: MessageEvent): PersonsMessage | undefined {
  if (seen.what === 'message') return seen
  if (seen.what === 'edit') return seen.now
  return seen.what === 'deletion' ? seen.before : undefined
}
