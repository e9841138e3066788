// Reads the history of a channel.
import { type ReadApi, Refusal } from '../api/read-api.ts'
import { compareTimes, isLater, isTime, timeOf } from '../api/slack-time.ts'
import { type Fields, fieldsOf, listOf, textOf } from '../text/text-fields.ts'

/** "We recommend no more than 200 results at a time": https://docs.slack.dev/reference/methods/conversations.history */
const PAGE = 200

/** Pages that may be in memory at once. */
const MOST_PAGES = 25

/** How many pages of what was before are looked through for threads that went on. */
const LOOK_BACK = { near: 1, far: 5 }

export interface Stretch {
  channel: string
  /** What was written up to here may be known as it was then. */
  seen?: string
  isWhole: boolean
  threads: readonly string[]
  lookBack: keyof typeof LOOK_BACK
}

/** What was written in a channel in a stretch of time, as events tell of it, the oldest first. */
export interface Backlog {
  events: Fields[]
  /** There is nothing else up to here; undefined: up to now. */
  until: string | undefined
}

interface Top {
  newer: Fields[]
  older: Fields[]
  until: string | undefined
}

/** Reads what was said in a channel, and in the threads there. */
export class History {
  readonly #reader: ReadApi
  readonly #now: () => Date

  constructor(reader: ReadApi, now: () => Date) {
    this.#reader = reader
    this.#now = now
  }

  /** Everything after this time, in stretches that fit into memory. Rejects as `Reader.ask`. */
  async *since(after: string, stretch: Stretch): AsyncGenerator<Backlog> {
    const threads = new Set(stretch.threads)
    for (let from: string | undefined = after; from !== undefined; ) {
      const begin: string = from
      const { newer, older, until } = stretch.isWhole ? await this.#top(begin, stretch) : NOTHING
      const replies = await this.#replies(stretch.channel, begin, [...newer, ...older], threads)
      const isWithin = (event: Fields) => until === undefined || !isLater(textOf(event.ts), until)
      // A thread that goes on after this stretch is looked at again in the next.
      for (const reply of replies) if (!isWithin(reply)) threads.add(textOf(reply.thread_ts))
      const written = [...newer, ...replies].filter(isWithin)
      const { channel, seen = begin } = stretch
      const known = [...older, ...written.filter(each => !isLater(textOf(each.ts), seen))]
      yield { events: eventsOf(channel, written, known, begin), until }
      from = until
    }
  }

  async #top(after: string, { channel, lookBack }: Stretch): Promise<Top> {
    if (lookBack === 'near') {
      // In a quiet channel one page tells all.
      const { messages, next } = await this.#page({ channel })
      const [newer = [], older = []] = partition(messages, each => isLater(textOf(each.ts), after))
      if (next === '' || older.length > 0) return { newer, older, until: undefined }
    }
    const older = await this.#pages({ channel, latest: after, inclusive: true }, LOOK_BACK[lookBack])
    return { ...(await this.#newer(channel, after)), older: older.messages }
  }

  /** In whichever order the pages come. If there are too many, only the first half of the time, and so on. */
  async #newer(channel: string, after: string): Promise<{ newer: Fields[]; until: string | undefined }> {
    const now = timeOf(this.#now())
    for (let until: string | undefined; ; ) {
      const span = { channel, oldest: after, ...(until === undefined ? {} : { latest: until, inclusive: true }) }
      const { messages, isAll } = await this.#pages(span, MOST_PAGES)
      const newer = messages.filter(each => isLater(textOf(each.ts), after))
      const half = middle(after, until ?? now)
      if (isAll || !isLater(half, after)) return { newer, until }
      until = half
    }
  }

  async #pages(span: Record<string, unknown>, most: number): Promise<{ messages: Fields[]; isAll: boolean }> {
    const messages: Fields[] = []
    let cursor = ''
    for (let count = 0; count < most; count += 1) {
      const page = await this.#page({ ...span, ...(cursor ? { cursor } : {}) })
      messages.push(...page.messages)
      cursor = page.next
      if (!cursor) break
    }
    return { messages, isAll: cursor === '' }
  }

  async #page(span: Record<string, unknown>): Promise<{ messages: Fields[]; next: string }> {
    const args = { limit: PAGE, ...span } as unknown as { channel: string }
    const answer = await this.#reader.ask(client => client.conversations.history(args))
    return { messages: messagesWithTime(answer.messages), next: nextOf(answer) }
  }

  /** What was written after this time in threads, which Slack does not show in the channel. */
  async #replies(channel: string, after: string, seen: readonly Fields[], open: Iterable<string>): Promise<Fields[]> {
    const threads = new Set(open)
    for (const { ts, latest_reply: latest } of seen) {
      if (isTime(latest) && isLater(latest, after)) threads.add(textOf(ts))
      else threads.delete(textOf(ts))
    }
    const found: Fields[] = []
    for (const ts of threads) found.push(...(await this.#thread(channel, ts, after)))
    return found
  }

  async #thread(channel: string, ts: string, after: string): Promise<Fields[]> {
    const found: Fields[] = []
    let cursor = ''
    try {
      do {
        const args = { channel, ts, oldest: after, limit: PAGE, ...(cursor ? { cursor } : {}) }
        const answer = await this.#reader.ask(client => client.conversations.replies(args))
        // The first message of the thread comes along whenever it was written.
        found.push(...messagesWithTime(answer.messages).filter(each => isLater(textOf(each.ts), after)))
        cursor = nextOf(answer)
      } while (cursor)
    } catch (error) {
      if (!(error instanceof Refusal && error.code === 'thread_not_found')) throw error
    }
    return found
  }
}

const NOTHING: Top = { newer: [], older: [], until: undefined }

function partition<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): Item[][] {
  return [items.filter(isFirst), items.filter(each => !isFirst(each))]
}

function messagesWithTime(messages: unknown): Fields[] {
  return listOf(messages).filter(each => isTime(each.ts))
}

function nextOf(answer: object): string {
  return textOf(fieldsOf((answer as Fields).response_metadata).next_cursor)
}

function middle(from: string, to: string): string {
  return timeOf(new Date((Number(from) + Number(to)) * 500))
}

/** Messages, and what was changed of those that may be known, in the order in which it happened. */
function eventsOf(channel: string, written: readonly Fields[], known: readonly Fields[], after: string): Fields[] {
  const messages = new Map(written.map(each => [textOf(each.ts), { ...each, type: 'message', channel }]))
  const edits = known.flatMap((message): Fields[] => {
    const { ts: at } = fieldsOf(message.edited)
    if (!isTime(at) || !isLater(at, after)) return []
    return [{ type: 'message', subtype: 'message_changed', channel, message, ts: at, event_ts: at }]
  })
  return [...messages.values(), ...edits].sort((a: Fields, b: Fields) => compareTimes(textOf(a.ts), textOf(b.ts)))
}
