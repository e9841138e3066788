import { createSocket, type Socket } from 'node:dgram'
import { type Answer, decode, encode, type Packet } from 'dns-packet'

/** A name server that knows what a test tells it, and says of all else that it does not exist. */
export class DnsServer {
  /** TXT records by name. */
  readonly texts = new Map<string, string>()
  /** Addresses by name. */
  readonly addresses = new Map<string, string>()
  /** Names about which it says nothing at all. */
  readonly silent = new Set<string>()
  /** Names that it was asked for. */
  readonly asked: string[] = []
  readonly #socket: Socket = createSocket('udp4')

  /** Gives `address:port`. */
  async start(): Promise<string> {
    this.#socket.on('message', (bytes, { address, port }) => {
      const packet = decode(bytes)
      const answer = encode(this.#answer(packet))
      if (packet.questions?.some(({ name }) => this.silent.has(name))) return
      this.#socket.send(answer, port, address)
    })
    await new Promise<void>(resolve => this.#socket.bind(0, '127.0.0.1', resolve))
    return `127.0.0.1:${this.#socket.address().port}`
  }

  stop(): Promise<void> {
    return new Promise(resolve => this.#socket.close(() => resolve()))
  }

  #answer({ id, questions = [] }: Packet): Packet {
    const answers: Answer[] = []
    for (const { name, type } of questions) {
      this.asked.push(`${name} ${type}`)
      const text = this.texts.get(name)
      const address = this.addresses.get(name)
      if (type === 'TXT' && text !== undefined) answers.push({ name, type, data: text.match(/.{1,200}/g) ?? [''] })
      if (type === 'A' && address !== undefined) answers.push({ name, type, data: address })
    }
    const NXDOMAIN = 3
    const flags = 0x8180 | (answers.length === 0 ? NXDOMAIN : 0)
    return { id, type: 'response', flags, questions, answers } as Packet
  }
}
