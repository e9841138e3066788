// Takes messages, edits and deletions.
import type { Address, Cursor, LostMessage, Receipt, RevisedMessage } from '../../../src/channel/message.ts'
import { KeyedQueue } from '../../chat/keyed-queue.ts'
import { RunOnce } from '../../chat/run-once.ts'
import type { ReadApi } from '../api/read-api.ts'
import { isoOf } from '../api/slack-time.ts'
import type { Answers } from '../interact/answers.ts'
import type { Mentions } from '../people/mentions.ts'
import type { People, Person } from '../people/workspace-people.ts'
import { type Fields, listOf } from '../text/text-fields.ts'
import { placeOf, type Workspace } from '../workspace.ts'
import type { CommittedCursor } from './committed-cursor.ts'
import type { Files } from './file-download.ts'
import type { FirstSeen } from './first-seen.ts'
import type { HowToAsk } from './how-to-ask.ts'
import {
  type Deletion,
  type Edit,
  type MessageEvent,
  type OthersMessage,
  type PersonsMessage,
  type PostedMessage,
  readMessage,
} from './message-event.ts'
import { MessageReading, rawOf } from './message-reading.ts'
import { textOfMessage } from './message-text.ts'
import { RoomCommands } from './room-commands.ts'
import { ThreadBackfill } from './thread-backfill.ts'
import { isDirect, type Threads } from './thread-intake.ts'
import { UntrackedReplies } from './untracked-replies.ts'

const NOT_FOR_DESK = 'not for the desk'

/** Whoever mistyped a command mends it soon. */
const MENDED_WITHIN_S = 60 * 60

/** How a message is handed over. */
export interface Handing {
  /** Slack tells of it just now. */
  isLive: boolean
  /** Somebody asked for it, where it does not ask by itself. */
  isRequested?: boolean
  /** Who did. */
  requestedBy?: string
  /** When that was, as Slack writes it. */
  requestedAt?: string
  /** For the receipt of exactly this message. */
  cursor?: Cursor
}

/** What became of it. Both resolve once nothing of it is open any more. */
export type MessageOutcome =
  | { receipt: Receipt }
  /** It is not for the desk, or need not be stored, for this reason; `bare` mentions the desk and says nothing else. */
  | { dropped: string; bare?: PersonsMessage }

interface Parts {
  reader: ReadApi
  people: People
  mentions: Mentions
  files: Files
  threads: Threads
  progress: CommittedCursor
  beginning: FirstSeen
  hints: HowToAsk
  answers: Answers
}

/** Hands over messages, whichever way they were heard of: each once, those of one person in the order they came in. */
export class MessageIntake {
  readonly #workspace: Workspace
  readonly #parts: Parts
  readonly #reading: MessageReading
  readonly #commands: RoomCommands
  readonly #whole: ThreadBackfill
  readonly #once: RunOnce
  readonly #turns = new KeyedQueue()
  readonly #untrackedReplies: UntrackedReplies

  constructor(workspace: Workspace, parts: Parts) {
    this.#workspace = workspace
    this.#parts = parts
    this.#reading = new MessageReading(workspace, parts.mentions, parts.files)
    this.#commands = new RoomCommands(workspace, parts)
    this.#untrackedReplies = new UntrackedReplies(workspace.options.now)
    this.#whole = new ThreadBackfill(workspace, {
      ...parts,
      untrackedReplies: this.#untrackedReplies,
      take: event => this.take(event, { isLive: true }),
      takeRequested: (event, isLive) => this.take(event, { isLive, isRequested: true }),
    })
    this.#once = new RunOnce(workspace.options.now)
  }

  /** Rejects if it could not be stored just now: it must be told of again. */
  async take(event: Fields, how: Handing): Promise<MessageOutcome> {
    const seen = readMessage(event, this.#workspace)
    const outcome = await this.#take(seen, how)
    if (how.isLive && 'dropped' in outcome && outcome.dropped === NOT_FOR_DESK) this.#untrackedReplies.note(seen, event)
    return outcome
  }

  #take(seen: MessageEvent, how: Handing): Promise<MessageOutcome> | MessageOutcome {
    switch (seen.what) {
      case 'nothing':
        return { dropped: seen.reason }
      case 'message':
        return this.#persons(seen, how)
      case 'edit':
        return this.#edit(seen, how.isLive)
      case 'deletion':
        return this.#deletion(seen)
      default:
        return this.#others(seen, how)
    }
  }

  async #persons(message: PersonsMessage, how: Handing): Promise<MessageOutcome> {
    if (await this.#isCommand(message)) return this.#command(message, how)
    if (!how.isRequested && !(await this.#parts.threads.isForDesk(message))) return { dropped: NOT_FOR_DESK }
    if (this.#isEmpty(message))
      return message.mentions ? { dropped: 'bare mention', bare: message } : { dropped: 'empty' }
    return this.#follow(message, how, async () => {
      // What is read from a conversation's history comes in order.
      if (how.isLive && !how.isRequested) await this.#whole.beginning(message)
      const work = () => this.#handOver(message, how)
      return this.#inTurn(this.#idOf(message), message.user, message.channel, work, async outcome => {
        const { requestedAt: since = message.ts, isLive } = how
        this.#whole.began(message)
        if ('receipt' in outcome) await this.#whole.goOn(message, outcome.receipt, { since, isLive })
      })
    })
  }

  /** What begins with a mention of the desk, in the room, or where an agent and the desk are alone. */
  async #isCommand(message: PersonsMessage): Promise<boolean> {
    const { channel, user, team, addresses } = message
    if (!addresses) return false
    if (channel === this.#workspace.roomId) return true
    const { people } = this.#parts
    return isDirect(channel) && people.isAgent(await people.find(user, team))
  }

  /** Only live ones say how far a channel is. */
  #follow(message: PostedMessage, how: Handing, work: () => Promise<MessageOutcome>): Promise<MessageOutcome> {
    return how.isLive && !how.isRequested ? this.#parts.progress.follow(message.channel, message.ts, work) : work()
  }

  /** Whoever told of it first does it; what comes afterwards is no longer in anybody's way. */
  async #inTurn(
    key: string,
    user: string,
    channel: string,
    work: () => Promise<MessageOutcome>,
    afterwards: (outcome: MessageOutcome) => Promise<void> = async () => undefined,
  ): Promise<MessageOutcome> {
    let outcome: MessageOutcome = { dropped: 'known already' }
    await this.#once.do(key, async () => {
      outcome = await this.#turns.take(`${channel}/${user}`, work)
      await afterwards(outcome)
    })
    return outcome
  }

  async #handOver(message: PersonsMessage, how: Handing): Promise<MessageOutcome> {
    const { people, hints } = this.#parts
    const person = await people.find(message.user, message.team)
    if (person.isBot) return this.#lose(message, 'other-app', how.cursor)
    const ready = await this.#reading.read(message, person, !how.isRequested)
    try {
      if (how.isLive && !('quarantine' in ready.message)) ready.message.live = true
      const isPointedAt = how.isRequested && how.requestedBy !== message.user
      if (isPointedAt && !('quarantine' in ready.message)) ready.message.pointedAt = true
      const receipt = await this.#workspace.desk.receive(ready.message, how.cursor)
      const { channel, user, parent: thread } = message
      const isHello = how.isLive && isDirect(channel) && receipt.outcome === 'ignored:small-talk'
      if (isHello) await hints.howToAsk({ channel, user, thread })
      return { receipt }
    } finally {
      await ready.release()
    }
  }

  /** One that was mended after it failed is another. */
  #command(message: PersonsMessage, how: Handing): Promise<MessageOutcome> {
    const key = `${this.#idOf(message)}\n${message.event.text}`
    return this.#follow(message, how, () =>
      this.#inTurn(key, message.user, message.channel, async () => {
        const person = await this.#parts.people.find(message.user, message.team)
        if (person.isBot) return { dropped: 'from an app' }
        const ready = await this.#reading.read(message, person, false)
        try {
          const { attachments = [] } = 'quarantine' in ready.message ? {} : ready.message
          await this.#commands.run(message, person, { attachments, omittedFiles: ready.omittedFiles })
          return { dropped: 'a command' }
        } finally {
          await ready.release()
        }
      }),
    )
  }

  async #others(message: OthersMessage, how: Handing): Promise<MessageOutcome> {
    if (!(await this.#parts.threads.isAmongOurs(message))) return { dropped: NOT_FOR_DESK }
    return this.#follow(message, how, () =>
      this.#inTurn(this.#idOf(message), message.what, message.channel, () =>
        this.#lose(message, message.what, how.cursor),
      ),
    )
  }

  /** Noted, and no more. */
  async #lose(
    message: PostedMessage,
    lost: OthersMessage['what'],
    cursor: Cursor | undefined,
  ): Promise<MessageOutcome> {
    const { user, bot_id, app_id, username, subtype, thread_ts, metadata } = message.event
    const { channel, ts } = message
    const known = { channel, ts, thread_ts, subtype, user, bot_id, app_id, username, metadata }
    const detail = `In ${channel}, ${SAID[lost]}.`
    const noted: LostMessage = { id: this.#idOf(message), raw: rawOf('message', known), lost, detail }
    return { receipt: await this.#workspace.desk.receive(noted, cursor) }
  }

  async #edit({ now, before, at, by }: Edit, isLive: boolean): Promise<MessageOutcome> {
    const { threads, people, mentions } = this.#parts
    const { botUserId, options } = this.#workspace
    const isCommand = (await this.#isCommand(now)) || (before !== undefined && (await this.#isCommand(before)))
    // What was done with it is forgotten after a day, and must not be done again.
    if (isCommand && Number(at) - Number(now.ts) > MENDED_WITHIN_S) return { dropped: 'a command of long ago' }
    // It may ask for the desk only now.
    if (isCommand || !(await threads.wasForDesk(before ?? now))) return this.#persons(now, { isLive })
    if (await this.#isFromBefore(now)) return { dropped: 'from before the desk' }
    return this.#revise(now, `edited/${at}`, async () => {
      const [person, names] = await Promise.all([people.find(by, now.team), mentions.namesIn(now.event)])
      const text = textOfMessage(now.event, { botUserId, deskName: options.deskName, names })
      return { from: addressOf(person), text, revisedAt: isoOf(at), event: now.event }
    })
  }

  async #deletion({ channel, ts, at, before }: Deletion): Promise<MessageOutcome> {
    const message = before ?? { channel, ts, parent: undefined, mentions: false, addresses: false, event: {} }
    const isCommand = before !== undefined && (await this.#isCommand(before))
    if (isCommand || !(await this.#parts.threads.wasForDesk(message))) return { dropped: NOT_FOR_DESK }
    if (await this.#isFromBefore(message)) return { dropped: 'from before the desk' }
    const event = { channel, deleted_ts: ts, event_ts: at }
    return this.#revise(message, `deleted/${at}`, async () => ({ from: null, text: null, revisedAt: isoOf(at), event }))
  }

  #revise(
    message: PostedMessage,
    what: string,
    read: () => Promise<{ from: Address | null; text: string | null; revisedAt: string; event: Fields }>,
  ): Promise<MessageOutcome> {
    const revises = this.#idOf(message)
    const id = `${revises}/${what}`
    return this.#inTurn(id, String(message.event.user), message.channel, async () => {
      const { event, ...revised } = await read()
      const revision: RevisedMessage = { id, revises, ...revised, raw: rawOf('revision', event) }
      return { receipt: await this.#workspace.desk.receive(revision) }
    })
  }

  /** Nobody handed it over, so that nothing of it can be changed. */
  async #isFromBefore(message: PostedMessage): Promise<boolean> {
    return (await this.#parts.beginning.isAfter(message.ts)) && !(await this.#parts.threads.isKnown(message))
  }

  #isEmpty({ event }: PersonsMessage): boolean {
    const { botUserId, options } = this.#workspace
    const names = { users: {}, channels: {} }
    return (
      listOf(event.files).length === 0 && textOfMessage(event, { botUserId, deskName: options.deskName, names }) === ''
    )
  }

  #idOf({ channel, ts }: PostedMessage): string {
    return placeOf({ team: this.#workspace.teamId, channel, ts })
  }
}

const SAID = {
  'own-message': 'the desk wrote it itself',
  'other-app': 'another app wrote it',
  'no-writer': 'Slack does not say who wrote it',
} as const

function addressOf({ address, name }: Person): Address {
  return { address, name }
}
