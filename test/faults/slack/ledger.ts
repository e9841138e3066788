import { asShown } from '../../support/slack/service/history.ts'
import type { Answer, Call, Json, Message } from '../../support/slack/shapes.ts'
import type { SlackStand } from '../../support/slack/stand.ts'

type Stored = Message & { channel: string }

interface Channel {
  /** By their `ts`. */
  all: Map<string, Stored>
  /** Those of each thread, without its first message, by the `ts` of that. */
  answers: Map<string, string[]>
}

/**
 * All that stands in the workspace of a stand, kept up with as it is written. The emulator looks through everything that
 * it has each time it is asked for a thread; here that costs nothing, however much was written.
 */
export class Ledger {
  readonly #stand: SlackStand
  readonly #channels = new Map<string, Channel>()
  readonly #marked = new Map<string, Stored[]>()

  /** Takes its place between the stand and the emulator. To be called before anything is written. */
  constructor(stand: SlackStand) {
    this.#stand = stand
    const { workspace } = stand
    const call = workspace.call.bind(workspace)
    workspace.call = async (method: string, args: Json, caller: Call['caller']) => {
      const known = this.#known(method, args)
      if (known) return known
      const answer = await call(method, args, caller)
      if (answer.ok) this.#note(method, args, answer)
      return answer
    }
  }

  /** A message as it is now. */
  message(channel: string, ts: string): Message | undefined {
    const found = this.#channels.get(channel)?.all.get(ts)
    return found && asShown(found, channel, this.#stand.workspace)
  }

  /** What the app posted under this id of its own, as often as it did. */
  posted(type: 'relaydesk_message' | 'relaydesk_card' | 'relaydesk_entry', id: string): Message[] {
    return (this.#marked.get(`${type} ${id}`) ?? []).flatMap(({ channel, ts }) => this.message(channel, ts) ?? [])
  }

  /** Everything the app posted, by its kind and id. */
  get marked(): ReadonlyMap<string, readonly Message[]> {
    return this.#marked
  }

  #known(method: string, { channel, ts }: Json): Answer | undefined {
    if (method !== 'conversations.history' && method !== 'conversations.replies') return undefined
    const { all, answers } = this.#channelOf(String(channel))
    if (method === 'conversations.history') {
      const top = [...all.values()].filter(each => !each.thread_ts || each.thread_ts === each.ts)
      return { ok: true, messages: top.map(withoutChannel), has_more: false }
    }
    const times = [String(ts), ...(answers.get(String(ts)) ?? [])]
    return { ok: true, messages: times.flatMap(each => all.get(each) ?? []).map(withoutChannel), has_more: false }
  }

  #note(method: string, args: Json, answer: Answer): void {
    const channel = String(answer.channel ?? args.channel)
    const { all, answers } = this.#channelOf(channel)
    const message = { ...(answer.message as Message | undefined), channel } as Stored
    if (method === 'chat.postMessage') this.#add(message)
    else if (method === 'chat.update') {
      const before = all.get(message.ts)
      all.set(message.ts, { ...message, ...(before?.reply_count ? { reply_count: before.reply_count } : {}) })
    } else if (method === 'chat.delete') {
      const parent = all.get(String(args.ts))?.thread_ts
      all.delete(String(args.ts))
      if (parent !== undefined)
        this.#count(
          channel,
          parent,
          (answers.get(parent) ?? []).filter(each => each !== args.ts),
        )
    }
  }

  #add(message: Stored): void {
    const { channel, ts, thread_ts: parent, metadata } = message
    const { all, answers } = this.#channelOf(channel)
    all.set(ts, message)
    if (parent !== undefined && parent !== ts) this.#count(channel, parent, [...(answers.get(parent) ?? []), ts])
    if (!metadata) return
    const key = `${metadata.event_type} ${metadata.event_payload?.id}`
    this.#marked.set(key, [...(this.#marked.get(key) ?? []), message])
  }

  #count(channel: string, parent: string, times: string[]): void {
    const { all, answers } = this.#channelOf(channel)
    answers.set(parent, times)
    const first = all.get(parent)
    if (first) all.set(parent, { ...first, reply_count: times.length })
  }

  #channelOf(id: string): Channel {
    const known = this.#channels.get(id)
    if (known) return known
    const channel: Channel = { all: new Map(), answers: new Map() }
    this.#channels.set(id, channel)
    return channel
  }
}

function withoutChannel({ channel: _, ...message }: Stored): Json {
  return message
}
