import { connect, type Socket } from 'node:net'
import { eventually } from '../eventually.ts'

/** One connection to a server for HTTP, over which a test sends what no client would. */
export class HttpTalk {
  readonly #socket: Socket
  #said = ''
  #isOver = false

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.on('data', chunk => {
      this.#said += chunk.toString('latin1')
    })
    this.#socket.on('error', () => undefined) // hung up on
    this.#socket.on('close', () => {
      this.#isOver = true
    })
  }

  /** Resolves once the connection stands. */
  static async open(port: number): Promise<HttpTalk> {
    const talk = new HttpTalk(port)
    await eventually(() => talk.#socket.readyState === 'open' || talk.#isOver, 'a connection')
    return talk
  }

  send(bytes: string | Buffer): this {
    this.#socket.write(bytes)
    return this
  }

  /** All that was said so far. */
  get said(): string {
    return this.#said
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** The status of the first answer, once there is one; 0 where the server hung up without a word. */
  status(): Promise<number> {
    return eventually(() => {
      const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(this.#said) ?? []
      return status === undefined ? (this.#isOver ? 0 : undefined) : Number(status)
    }, 'an answer')
  }

  end(): void {
    this.#socket.destroy()
  }
}
