// Which conversations are tickets.
import type { Receipt } from '../../../src/channel/message.ts'
import { LruCache } from '../../chat/lru-cache.ts'
import { placeOf, type Workspace } from '../workspace.ts'
import type { PostedMessage } from './message-event.ts'

const MOST_KNOWN = 10_000

type MessagePlace = Pick<PostedMessage, 'channel' | 'ts' | 'parent'>

/** Which conversations are tickets, and which messages are meant for the desk. */
export class Threads {
  readonly #workspace: Workspace
  readonly #knownThreads: LruCache<true>
  /** Those of them that are remembered. */
  readonly #noted: LruCache<true>

  constructor(workspace: Workspace) {
    const { now } = workspace.options
    this.#workspace = workspace
    this.#knownThreads = new LruCache({ most: MOST_KNOWN, now })
    this.#noted = new LruCache({ most: MOST_KNOWN, now })
  }

  /** Reply addresses of tickets: `T024/C123/1712345678.000100`. */
  learn(places: readonly string[]): void {
    for (const place of places) this.#knownThreads.set(place, true)
  }

  placeOf({ channel, ts, parent }: MessagePlace): string {
    return placeOf({ team: this.#workspace.teamId, channel, ts: parent ?? ts })
  }

  /** Whether this message, by what became of it, made its conversation a ticket's, and that is not noted yet. */
  async isNew(message: MessagePlace, { ref }: Receipt): Promise<boolean> {
    const { channel } = message
    if (ref === null || this.#isAlwaysTaken(channel) || channel === this.#workspace.roomId) return false
    return !(await this.#isNoted(this.placeOf(message)))
  }

  /** From now on the conversation is known for a ticket's, also after a restart. */
  async note(message: MessagePlace, { ref }: Receipt): Promise<void> {
    const place = this.placeOf(message)
    await this.#workspace.desk.remember(`thread ${place}`, ref ?? '')
    for (const places of [this.#knownThreads, this.#noted]) places.set(place, true)
  }

  /** Whether the conversation is a ticket's. */
  async isKnown(message: MessagePlace): Promise<boolean> {
    const place = this.placeOf(message)
    return this.#knownThreads.has(place) || this.#isNoted(place)
  }

  async #isNoted(place: string): Promise<boolean> {
    if (this.#noted.has(place)) return true
    const isNoted = (await this.#workspace.desk.recall(`thread ${place}`)) !== undefined
    if (isNoted) for (const places of [this.#knownThreads, this.#noted]) places.set(place, true)
    return isNoted
  }

  /** Whether a new message is for the desk, by where it is written and whether it asks for it. */
  async isForDesk(message: PostedMessage): Promise<boolean> {
    const { channel } = message
    if (channel === this.#workspace.roomId) return message.parent !== undefined || message.addresses
    if (this.#isAlwaysTaken(channel) || message.mentions) return true
    return message.parent !== undefined && this.isKnown(message)
  }

  /** Whether one that is there already was: somebody else may have asked for it. */
  async wasForDesk(message: PostedMessage): Promise<boolean> {
    return (await this.isForDesk(message)) || this.isKnown(message)
  }

  /** The same as `isForDesk` for what programs write, whatever they mention. */
  async isAmongOurs(message: PostedMessage): Promise<boolean> {
    if (message.channel === this.#workspace.roomId) return true
    return this.isForDesk({ ...message, mentions: false })
  }

  #isAlwaysTaken(channel: string): boolean {
    return isDirect(channel) || this.#workspace.support.get(channel) === 'all'
  }
}

/** A conversation of the desk with one person; all others have ids of another form. */
export function isDirect(channel: string): boolean {
  return channel.startsWith('D')
}
