// Takes the emoji that makes a message a ticket.
import { LruCache } from '../../chat/lru-cache.ts'
import { type ReadApi, Refusal } from '../api/read-api.ts'
import { compareTimes } from '../api/slack-time.ts'
import { sentenceAnswer } from '../blocks/answer-blocks.ts'
import type { Answers } from '../interact/answers.ts'
import type { People } from '../people/workspace-people.ts'
import { type Fields, listOf } from '../text/text-fields.ts'
import type { Workspace } from '../workspace.ts'
import type { HowToAsk } from './how-to-ask.ts'
import { readMessage } from './message-event.ts'
import type { MessageIntake } from './message-intake.ts'
import type { Threads } from './thread-intake.ts'

interface MarkedParts {
  reader: ReadApi
  intake: MessageIntake
  threads: Threads
  hints: HowToAsk
  answers: Answers
  people: People
}

interface Where {
  channel: string
  ts: string
}

/** Messages that one person makes tickets of within that time; an agent, as many as they like. */
const MOST_MARKS = 10
const MARKS_MS = 10 * 60_000
const MOST_MARKING = 1_000 // people

const UNSEEN = ['not_in_channel', 'channel_not_found']

/** Messages that somebody else points at: with the emoji, or with a bare mention below them. They are their writer's. */
export class ReactionIntake {
  readonly #workspace: Workspace
  readonly #reader: ReadApi
  readonly #intake: MessageIntake
  readonly #threads: Threads
  readonly #hints: HowToAsk
  readonly #answers: Answers
  readonly #people: People
  /** How many each has pointed at since their first one. */
  readonly #marks: LruCache<{ count: number }>

  constructor(workspace: Workspace, parts: MarkedParts) {
    this.#workspace = workspace
    this.#answers = parts.answers
    this.#reader = parts.reader
    this.#intake = parts.intake
    this.#threads = parts.threads
    this.#hints = parts.hints
    this.#people = parts.people
    this.#marks = new LruCache({ most: MOST_MARKING, lifetime: MARKS_MS, now: workspace.options.now })
  }

  /** `at`: when they did. Resolves once it is committed, or whoever pointed at it knows why not. */
  async take(where: Where, by: string, at: string): Promise<void> {
    if (where.channel === this.#workspace.roomId) return
    if (await this.#isTooMany(by)) return this.#tellTooMany(where, by)
    const message = await this.#find(where)
    if (message === 'unseen') return this.#tellUnseen(where, by)
    if (message === undefined) return
    const event = { ...message, channel: where.channel }
    const { what } = readMessage(event, this.#workspace)
    if (what === 'message')
      await this.#intake.take(event, { isLive: true, isRequested: true, requestedBy: by, requestedAt: at })
    else if (what === 'other-app' || what === 'no-writer') await this.#tellOfApp(where, by)
  }

  /** The desk is mentioned and nothing is said: what it answers is meant, if it is no ticket yet. */
  async takeParent(mention: { channel: string; ts: string; parent: string | undefined; user: string }): Promise<void> {
    const { channel, ts, parent, user } = mention
    if (await this.#threads.isKnown(mention)) return
    if (parent === undefined) await this.#hints.howToAsk({ channel, user })
    else await this.take({ channel, ts: parent }, user, ts)
  }

  /** Whether somebody points at more than anybody would. It counts for them, and for nobody whose messages these are. */
  async #isTooMany(by: string): Promise<boolean> {
    const known = this.#marks.get(by) ?? { count: 0 }
    if (known.count === 0) this.#marks.set(by, known)
    known.count += 1
    if (known.count <= MOST_MARKS) return false
    return !(await this.#people.isAgent(await this.#people.find(by)))
  }

  /** A message as it is now; an answer in a thread is found by its own time alone. */
  async #find({ channel, ts }: Where): Promise<Fields | 'unseen' | undefined> {
    const only = { channel, oldest: ts, latest: ts, inclusive: true, limit: 1 }
    try {
      const top = await this.#reader.ask(client => client.conversations.history(only))
      const found = messageAt(top.messages, ts)
      if (found) return found
      const replies = await this.#reader.ask(client => client.conversations.replies({ channel, ts, limit: 1 }))
      return messageAt(replies.messages, ts)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return UNSEEN.includes(error.code) ? 'unseen' : undefined
    }
  }

  async #tellUnseen({ channel }: Where, by: string): Promise<void> {
    const { client, options } = this.#workspace
    const text = `You marked a message in <#${channel}> for ${options.deskName}. I am not in that channel, so I cannot read it. Please invite me there and mark it again, or write to me here.`
    // Once it is said it is done; whoever cannot be told is none the worse for it.
    await client.chat
      .postMessage({ channel: by, text, unfurl_links: false })
      .catch(error => options.warn('somebody in Slack could not be told that their message cannot be read', error))
  }

  async #tellTooMany({ channel }: Where, user: string): Promise<void> {
    if (this.#marks.get(user)?.count !== MOST_MARKS + 1) return
    const text = `You marked more than ${MOST_MARKS} messages within ten minutes, so this one did not become a ticket. Please try again in ten minutes.`
    await this.#answers.tell({ channel, user }, sentenceAnswer(text))
  }

  async #tellOfApp({ channel }: Where, user: string): Promise<void> {
    const text =
      'That message was written by an app, so there is nobody to answer. Please write what you need in your own words.'
    await this.#answers.tell({ channel, user }, sentenceAnswer(text))
  }
}

function messageAt(messages: unknown, ts: string): Fields | undefined {
  return listOf(messages).find(each => typeof each.ts === 'string' && compareTimes(each.ts, ts) === 0)
}
