// A channel without a network, for tests and trials.
import type { ChannelAdapter, Owns, Rereads } from '../../src/channel/adapter.ts'
import type { Desk } from '../../src/channel/desk.ts'
import type { InboundMessage } from '../../src/channel/message.ts'
import type { OutboundMessage, Sent } from '../../src/channel/outbound.ts'
import { DeliveryError } from '../../src/channel/outbound.ts'
import { sha256 } from '../../src/content.ts'

/** A channel without a network: what is sent is kept in a list, and failures can be ordered. For tests and trials. */
export class MemoryChannel implements ChannelAdapter, Owns, Rereads {
  readonly name: string
  readonly address: string
  readonly sent: OutboundMessage[] = []
  /** Consulted before each send: throw, or answer for some recipients. */
  onSend: (message: OutboundMessage) => Sent | undefined | Promise<Sent | undefined> = () => undefined
  readonly #delivered = new Map<string, InboundMessage>()
  #desk: Desk | undefined

  constructor(name: string, address: string) {
    this.name = name
    this.address = address
  }

  async start(desk: Desk): Promise<void> {
    this.#desk = desk
  }

  async stop(): Promise<void> {
    this.#desk = undefined
  }

  async send(message: OutboundMessage): Promise<Sent> {
    const answer = await this.onSend(message)
    if (!answer && !this.#desk) throw new DeliveryError('The channel is stopped.', { permanent: false })
    this.sent.push(message)
    return answer ?? { accepted: message.recipients, refused: [] }
  }

  owns(recipient: string): boolean {
    return recipient === this.address
  }

  async reread(raw: Uint8Array): Promise<InboundMessage> {
    const message = this.#delivered.get(sha256(raw))
    if (!message) throw new Error('That was never delivered.')
    return message
  }

  /** Hands a message to the desk, as a transport would. */
  async deliver(message: InboundMessage): Promise<ReturnType<Desk['receive']>> {
    if (!this.#desk) throw new Error('The channel is not started.')
    this.#delivered.set(message.raw.sha256, message)
    return this.#desk.receive(message)
  }
}
