// A chat without a network, for tests.
import type { ShowsCards, WritesFirst } from '../../src/channel/adapter.ts'
import type { OutboundMessage, Sent } from '../../src/channel/outbound.ts'
import type { Card, CardEntry } from '../../src/channel/surface.ts'
import { MemoryChannel } from './adapter.ts'

/** A chat without a network: conversations, people who can be written to first, and a room with cards. */
export class MemoryChat extends MemoryChannel implements ShowsCards, WritesFirst {
  readonly hasRoom: boolean
  /** By place. */
  readonly cards = new Map<string, Card>()
  /** By place, in order. */
  readonly entries = new Map<string, CardEntry[]>()
  /** Consulted before a card or an entry is shown: throw. */
  onShow: () => void = () => undefined
  /** Agents who are not in the room, by address. */
  readonly outside = new Set<string>()
  #count = 0

  constructor(name: string, address: string, hasRoom: boolean) {
    super(name, address)
    this.hasRoom = hasRoom
  }

  override async send(message: OutboundMessage): Promise<Sent> {
    const sent = await super.send(message)
    const reachable = message.recipients.filter(each => this.reaches(each))
    const threads = reachable.map(person => {
      this.#count += 1
      const thread = `${person}/begun-${this.#count}`
      return [person, { thread, replyTo: thread }] as const
    })
    return { ...sent, threads: Object.fromEntries(threads) }
  }

  /** People are `T/UANN`, conversations have more to them. */
  reaches(address: string): boolean {
    return /^T\/U[A-Z]+$/.test(address)
  }

  seesCards(address: string): boolean {
    return !this.outside.has(address)
  }

  async showCard(card: Card, place: string | null): Promise<string> {
    this.onShow()
    const at = place ?? `T/ROOM/${this.cards.size + 1}`
    this.cards.set(at, card)
    return at
  }

  async addToCard(place: string, entry: CardEntry): Promise<void> {
    this.onShow()
    this.entries.set(place, [...(this.entries.get(place) ?? []), entry])
  }
}
