import { connect, type Socket } from 'node:net'

/** A conversation with a mail server, line by line, as a test needs it. */
export class SmtpTalk {
  readonly #socket: Socket
  #received = ''
  #wake: () => void = () => undefined

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.setEncoding('latin1')
    this.#socket.on('data', text => {
      this.#received += text
      this.#wake()
    })
    this.#socket.on('close', () => this.#wake())
    this.#socket.on('error', () => this.#wake())
  }

  /** The next reply: its code and all its lines. */
  async reply(): Promise<string> {
    for (;;) {
      const found = /^(?:\d{3}-.*\r\n)*\d{3} .*\r\n/.exec(this.#received)
      if (found) {
        this.#received = this.#received.slice(found[0].length)
        return found[0].trim()
      }
      if (this.#socket.destroyed) return ''
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  async say(line: string): Promise<string> {
    this.write(`${line}\r\n`)
    return this.reply()
  }

  write(bytes: string | Uint8Array): void {
    this.#socket.write(bytes)
  }

  end(): void {
    this.#socket.destroy()
  }

  /** Greets and opens a mail, up to the reply to DATA. */
  async open(greeting: 'EHLO' | 'LHLO', from: string, ...to: string[]): Promise<string> {
    await this.reply()
    await this.say(`${greeting} client.example`)
    await this.say(`MAIL FROM:<${from}>`)
    for (const address of to) await this.say(`RCPT TO:<${address}>`)
    return this.say('DATA')
  }
}
