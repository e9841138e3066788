import { randomUUID } from 'node:crypto'
import type { SeededRandom } from '../../support/seeded-random.ts'
import type { Json } from '../../support/slack/shapes.ts'
import { fromTemplate } from '../../support/slack/templates.ts'
import { MadeText } from '../made-text.ts'
import { one } from '../made-tickets.ts'
import { newTime, type Posted } from './web-api.ts'
import { directOf, HELP, personId, WORKSPACE } from './workspace.ts'

/** A conversation that somebody began. */
interface Thread {
  user: string
  channel: string
  ts: string
}

const MOST_THREADS = 2_000

/** What people in a workspace write: each gives the event of a message. */
export class SlackTalk {
  readonly #random: SeededRandom
  readonly #text: MadeText
  readonly #people: number
  readonly #threads: Thread[] = []
  #asked = 0

  constructor(random: SeededRandom, people: number) {
    this.#random = random
    this.#text = new MadeText(random)
    this.#people = people
  }

  /** Of ten messages five begin a conversation in a channel, one in a direct message, and four go on with one. */
  any(): Json {
    const share = this.#random.share()
    return share < 0.5 ? this.question() : share < 0.6 ? this.direct() : this.reply()
  }

  /** In turns by everybody, and everybody in turns in each channel: as few as can be go on with what they said before. */
  question(): Json {
    const at = this.#asked++
    const channel = HELP[(at + Math.floor(at / this.#people)) % HELP.length]?.id ?? ''
    return this.#begin(personId(at % this.#people), channel)
  }

  direct(): Json {
    const user = personId(this.#random.whole(0, this.#people - 1))
    return this.#begin(user, directOf(user))
  }

  /** Somebody goes on with a conversation that they began lately. */
  reply(): Json {
    if (this.#threads.length === 0) return this.question()
    const { user, channel, ts } = one(this.#random, this.#threads)
    return this.#message({ user, channel, ts: newTime(), thread_ts: ts, parent_user_id: user })
  }

  /** What the app itself wrote, of which Slack tells it as well. */
  echo({ channel, ts, thread, text }: Posted): Json {
    const { bot, botId, app, team } = WORKSPACE
    const own = { user: bot, bot_id: botId, app_id: app, team }
    return fromTemplate('message', {
      ...own,
      text,
      ts,
      ...placed(channel, ts),
      ...(thread ? { thread_ts: thread } : {}),
    })
  }

  #begin(user: string, channel: string): Json {
    const thread = { user, channel, ts: newTime() }
    if (this.#threads.length < MOST_THREADS) this.#threads.push(thread)
    else this.#threads[this.#random.whole(0, MOST_THREADS - 1)] = thread
    return this.#message(thread)
  }

  /** With the blocks that a client makes of what somebody types. */
  #message(said: { user: string; channel: string; ts: string; [field: string]: string }): Json {
    const text = this.#text.message()
    const elements = [{ type: 'rich_text_section', elements: [{ type: 'text', text }] }]
    const blocks = [{ type: 'rich_text', block_id: 'b1', elements }]
    const about = { client_msg_id: randomUUID(), team: WORKSPACE.team, ...placed(said.channel, said.ts) }
    return fromTemplate('message', { ...said, ...about, text, blocks })
  }
}

function placed(channel: string, ts: string): Json {
  return { channel, event_ts: ts, channel_type: channel.startsWith('D') ? 'im' : 'channel' }
}
