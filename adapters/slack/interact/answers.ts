// Tells people what became of what they pressed or typed.
import type { KnownBlock, MessageMetadata } from '@slack/types'
import type { Reply } from '../../../src/channel/desk.ts'
import { slackCode } from '../api/api-error.ts'
import { postReply } from '../api/reply-url.ts'
import { actionBlocks, readAction } from '../blocks/action-blocks.ts'
import { type Answer, answerOf, mrkdwnSection, shortAnswer, summaryOf } from '../blocks/answer-blocks.ts'
import { cut, cutLine, LIMITS } from '../blocks/block-limits.ts'
import type { Workspace } from '../workspace.ts'
import type { InteractionOrigin } from './interaction-origin.ts'

/** What is added to a message in the place of its buttons. */
const ADDED = 2_000
const NOTIFICATION = 900 // a text that is changed may have 4,000 bytes

interface ShownMessage {
  text: string
  blocks: KnownBlock[]
  metadata: MessageMetadata | undefined
}

/** Tells people what became of what they did, where they did it. What fails is warned of; nothing here rejects. */
export class Answers {
  readonly #workspace: Workspace

  constructor(workspace: Workspace) {
    this.#workspace = workspace
  }

  /** To this person alone. In a thread only where they look at one: Slack shows no such thing in a thread without answers. */
  async tell(origin: InteractionOrigin, answer: Answer): Promise<void> {
    const { user, channel, thread, ts, ephemeral, replyUrl } = origin
    const inThread = thread !== undefined && (thread !== ts || ephemeral) ? { thread_ts: thread } : {}
    const posted =
      channel !== undefined && !ephemeral && (await this.#postAlone({ channel, user, ...inThread }, answer))
    if (posted) return
    const body = { response_type: 'ephemeral', replace_original: false, ...inThread, ...answer }
    if (await postReply(this.#workspace, replyUrl, body)) return
    if (channel === undefined) await this.#postTo(user, answer)
  }

  /**
   * What was asked for with this line is done: the answer goes to whoever pressed. Outside of the room, where the desk
   * shows its cards anew, it takes the place of the buttons, so that nothing is pressed twice.
   */
  async settle(origin: InteractionOrigin, line: string, reply: Reply): Promise<void> {
    const { channel, ephemeral, replyUrl } = origin
    const answer = answerOf(reply, 'desk:next:')
    if (ephemeral) {
      const body = { response_type: 'ephemeral', replace_original: true, ...answer }
      if (!(await postReply(this.#workspace, replyUrl, body))) await this.tell(origin, answer)
      return
    }
    if (channel === undefined || channel === this.#workspace.roomId) return this.tell(origin, answer)
    const replaced = await this.#replaceButtons(origin, line, reply)
    if (!replaced.ok || !replaced.all) await this.tell(origin, answer)
  }

  async #replaceButtons(origin: InteractionOrigin, line: string, reply: Reply): Promise<{ ok: boolean; all: boolean }> {
    const message = await this.#messageAt(origin)
    if (!message || !origin.channel || !origin.ts) return { ok: false, all: false }
    const { block: answerBlock, all } = shortAnswer(reply.text, ADDED, cutLine(origin.label ?? '', 100))
    const next = reply.actions ? actionBlocks(reply.actions, { id: 'desk:next:' }) : []
    const remaining = withoutAnswered(message.blocks, line, next.length > 0)
    // Somebody was faster, or it comes twice.
    if (JSON.stringify(remaining) === JSON.stringify(message.blocks)) return { ok: false, all: false }
    const before = remaining.some(each => each.type !== 'actions')
      ? remaining
      : [mrkdwnSection(message.text || '–'), ...remaining]
    const blocks = [
      ...before.filter(each => each.type !== 'actions'),
      answerBlock,
      ...before.filter(each => each.type === 'actions'),
      ...next,
    ]
    const { metadata } = message
    try {
      await this.#workspace.client.chat.update({
        channel: origin.channel,
        ts: origin.ts,
        blocks: blocks.slice(0, LIMITS.messageBlocks),
        text: `${cut(message.text, NOTIFICATION)} ${summaryOf(reply.text)}`,
        ...(metadata ? { metadata } : {}),
      })
      return { ok: true, all }
    } catch (error) {
      this.#warn('buttons in Slack could not be replaced', error)
      return { ok: false, all }
    }
  }

  /** As it is now: somebody else may have pressed meanwhile. */
  async #messageAt({ channel, ts, thread }: InteractionOrigin): Promise<ShownMessage | undefined> {
    if (channel === undefined || ts === undefined) return undefined
    const span = { channel, oldest: ts, latest: ts, inclusive: true, limit: 2, include_all_metadata: true }
    const { conversations } = this.#workspace.client
    try {
      const isAnswer = thread !== undefined && thread !== ts
      const { messages = [] } = isAnswer
        ? await conversations.replies({ ...span, ts: thread })
        : await conversations.history(span)
      const found = messages.find(each => each.ts === ts)
      if (!found) return undefined
      const metadata = found.metadata as MessageMetadata | undefined
      return { text: found.text ?? '', blocks: (found.blocks ?? []) as KnownBlock[], metadata }
    } catch (error) {
      this.#warn('a message with buttons could not be read', error)
      return undefined
    }
  }

  async #postAlone(place: { channel: string; user: string; thread_ts?: string }, answer: Answer): Promise<boolean> {
    try {
      await this.#workspace.client.chat.postEphemeral({ ...place, ...answer })
      return true
    } catch (error) {
      // Where the app is not, Slack takes an answer only through the address that came with the press.
      if (!/^(?:not_in_channel|channel_not_found|user_not_in_channel)$/.test(slackCode(error))) {
        this.#warn('an answer could not be shown', error)
      }
      return false
    }
  }

  async #postTo(user: string, answer: Answer): Promise<void> {
    try {
      await this.#workspace.client.chat.postMessage({ channel: user, ...answer })
    } catch (error) {
      this.#warn('an answer could not be sent', error)
    }
  }

  #warn(what: string, error: unknown): void {
    this.#workspace.options.warn(`${what} in Slack: ${slackCode(error) || 'no answer'}`, error)
  }
}

/**
 * The blocks without what this line has answered: the same command about the same, and whatever else about it could be
 * done with one press. All of it where the desk says what can be done next.
 */
function withoutAnswered(blocks: KnownBlock[], line: string, all: boolean): KnownBlock[] {
  const remaining: KnownBlock[] = []
  for (const block of blocks) {
    if (block.type !== 'actions') remaining.push(block)
    else if (!all) {
      const elements = block.elements.flatMap(element => withoutAnsweredIn(element, line))
      if (elements.length > 0) remaining.push({ ...block, elements })
    }
  }
  return remaining
}

type Element = Extract<KnownBlock, { type: 'actions' }>['elements'][number]

function withoutAnsweredIn(element: Element, line: string): Element[] {
  if (element.type === 'button') return isAnswered(element.value, line) ? [] : [element]
  if (element.type !== 'static_select') return [element]
  const options = (element.options ?? []).filter(each => !isAnswered(each.value, line))
  return options.length > 0 ? [{ ...element, options }] : []
}

function isAnswered(value: string | undefined, line: string): boolean {
  const action = readAction(value)
  if (!action) return false
  const [word, about] = action.line.split(/\s+/)
  const [answeredWord, answeredSubject] = line.split(/\s+/)
  return about === answeredSubject && (word === answeredWord || action.form === null)
}
