// Posts a message once, also where nobody knows whether a call was carried out.
import type { KnownBlock } from '@slack/types'
import { isUnknownResult, slackCode } from '../api/api-error.ts'
import type { WriteApi } from '../api/write-api.ts'
import type { Workspace } from '../workspace.ts'

/** What is looked through for a message of ours: pages, and messages on each. */
const MOST_PAGES = 10
const PAGE = 200

/** What a post of ours is, as its metadata says: https://docs.slack.dev/messaging/message-metadata */
export interface Mark {
  type: 'relaydesk_message' | 'relaydesk_card' | 'relaydesk_entry'
  id: string
  token?: string
}

export interface Piece {
  /** mrkdwn; with blocks, what a notification says. */
  text: string
  blocks?: KnownBlock[]
}

/** Messages that are one for the desk. */
export interface Post {
  channel: string
  /** Parent of the thread they go into; undefined: the first begins one, and the others go below it. */
  thread: string | undefined
  mark: Mark
  pieces: Piece[]
  /** Shown as the author in place of the app's name. */
  username?: string
  /** Above 1, pieces may be there already. */
  attempt: number
  /** Nothing of it was posted before that; seconds since 1970. Undefined: not known. */
  since?: number
  /** On the pacer's clock: nothing is begun later. */
  until: number
}

/** A message as far as it is looked at here. */
export interface FoundMessage {
  ts?: string
  user?: string
  bot_id?: string
  metadata?: { event_type?: string; event_payload?: object }
  files?: { name?: string; title?: string; size?: number; user?: string }[]
}

/** Posts, and takes what is there already in place of posting it again. */
export class Poster {
  readonly #workspace: Workspace
  readonly #calls: WriteApi

  constructor(workspace: Workspace, calls: WriteApi) {
    this.#workspace = workspace
    this.#calls = calls
  }

  /** Gives the `ts` of each piece, in order. Rejects with a `DeliveryError`; another attempt goes on where it stopped. */
  async post(post: Post): Promise<string[]> {
    const found = post.attempt > 1 ? await this.#find(post, post.thread) : new Map<number, string>()
    const times: string[] = []
    for (const [part, piece] of post.pieces.entries()) {
      const thread = post.thread ?? times[0]
      times.push(found.get(part) ?? (await this.#postPiece(post, { piece, part, thread })))
    }
    return times
  }

  /** Messages of a thread, its parent too, or outside threads; those after `since` alone, if it is given. */
  async messages(
    { channel, since, until }: Pick<Post, 'channel' | 'since' | 'until'>,
    thread: string | undefined,
  ): Promise<FoundMessage[]> {
    const method = thread === undefined ? 'conversations.history' : 'conversations.replies'
    const oldest = since === undefined ? {} : { oldest: since.toFixed(6) }
    const args = { channel, limit: PAGE, include_all_metadata: true, ...oldest }
    const found: FoundMessage[] = []
    let cursor = ''
    for (let page = 0; page < MOST_PAGES; page++) {
      const next = cursor === '' ? args : { ...args, cursor }
      const answer = await this.#calls.make({ method, channel, until }, ({ conversations }) =>
        thread === undefined ? conversations.history(next) : conversations.replies({ ...next, ts: thread }),
      )
      found.push(...((answer.messages ?? []) as FoundMessage[]))
      cursor = answer.response_metadata?.next_cursor ?? ''
      if (cursor === '') break
    }
    return found
  }

  /** Whether the app itself wrote this. */
  isOurs({ bot_id, user }: FoundMessage): boolean {
    return bot_id === this.#workspace.botId || user === this.#workspace.botUserId
  }

  /** What is lost is an answer, perhaps, and not the message: it is looked for before anybody hears of a failure. */
  async #postPiece(post: Post, at: { piece: Piece; part: number; thread: string | undefined }): Promise<string> {
    try {
      return await this.#send(post, at)
    } catch (error) {
      if (!isUnknownResult(error)) throw error
      const found = await this.#find(post, at.thread).catch(() => new Map<number, string>())
      const ts = found.get(at.part)
      if (ts === undefined) throw error
      return ts
    }
  }

  async #send(
    { channel, mark, pieces, username, until }: Post,
    { piece, part, thread }: { piece: Piece; part: number; thread: string | undefined },
  ): Promise<string> {
    const { type, ...payload } = mark
    const answer = await this.#calls.make({ method: 'chat.postMessage', channel, until }, ({ chat }) =>
      chat.postMessage({
        channel,
        text: piece.text,
        ...(piece.blocks ? { blocks: piece.blocks } : {}),
        ...(thread === undefined ? {} : { thread_ts: thread }),
        ...(username ? { username } : {}),
        metadata: { event_type: type, event_payload: pieces.length > 1 ? { ...payload, part } : payload },
        mrkdwn: true,
        unfurl_links: false,
        unfurl_media: false,
      }),
    )
    return String(answer.ts)
  }

  /** The pieces that are there, by their number. Those below a first one that is not there are not there either. */
  async #find(post: Post, thread: string | undefined): Promise<Map<number, string>> {
    const found = this.#marked(post.mark, await this.#messagesIfAny(post, thread))
    const first = found.get(0)
    if (thread !== undefined || first === undefined || post.pieces.length === 1) return found
    return this.#marked(post.mark, await this.#messagesIfAny(post, first))
  }

  /** In a thread whose parent was deleted there is nothing. */
  async #messagesIfAny(post: Post, thread: string | undefined): Promise<FoundMessage[]> {
    try {
      return await this.messages(post, thread)
    } catch (error) {
      if (slackCode(error) === 'thread_not_found') return []
      throw error
    }
  }

  #marked({ type, id }: Mark, messages: FoundMessage[]): Map<number, string> {
    const found = new Map<number, string>()
    for (const message of messages) {
      const { event_type, event_payload } = message.metadata ?? {}
      const payload = event_payload as { id?: unknown; part?: unknown } | undefined
      if (event_type !== type || payload?.id !== id || !message.ts || !this.isOurs(message)) continue
      const part = Number(payload.part ?? 0)
      if (!found.has(part)) found.set(part, message.ts)
    }
    return found
  }
}
