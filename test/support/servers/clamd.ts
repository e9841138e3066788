import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'

/** What every scanner finds (https://www.eicar.org/download-anti-malware-testfile/), in two pieces, so that none finds this file. */
export const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD', '-ANTIVIRUS-TEST-FILE!$H+H*'].join('')

/** Speaks what clamd(8) says of zINSTREAM and zVERSION; finds nothing but EICAR, also in base64 as mail has it. */
export class ClamdServer {
  #server: Server
  port = 0
  readonly #limit: number
  readonly #sockets = new Set<Socket>()
  scanned = 0

  /** `limit` is its StreamMaxLength. */
  constructor(limit = 25_000_000) {
    this.#limit = limit
    this.#server = createServer(socket => this.#serve(socket))
  }

  /** Gives `host:port`. */
  async start(port = 0): Promise<string> {
    if (port > 0) this.#server = createServer(socket => this.#serve(socket))
    await new Promise<void>(resolve => this.#server.listen(port, '127.0.0.1', resolve))
    this.port = (this.#server.address() as AddressInfo).port
    return `127.0.0.1:${this.port}`
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise(resolve => this.#server.close(resolve))
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    let received = Buffer.alloc(0)
    let done = false
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('data', chunk => {
      if (done) return
      received = Buffer.concat([received, chunk as Buffer])
      const answer = this.#answer(received)
      if (answer === undefined) return
      done = true
      socket.end(`${answer}\0`)
    })
  }

  #answer(received: Buffer): string | undefined {
    const end = received.indexOf(0)
    if (end < 0) return undefined
    const command = received.subarray(0, end).toString()
    if (command === 'zVERSION') return 'ClamAV 1.4.3/27000/Wed Nov 25 09:00:00 2026'
    if (command !== 'zINSTREAM') return 'UNKNOWN COMMAND'
    const pieces: Buffer[] = []
    for (let at = end + 1; at + 4 <= received.length; ) {
      const length = received.readUInt32BE(at)
      if (length === 0) return this.#verdict(Buffer.concat(pieces))
      if (at + 4 + length > received.length) break
      pieces.push(received.subarray(at + 4, at + 4 + length))
      at += 4 + length
    }
    return received.length > this.#limit ? 'INSTREAM size limit exceeded. ERROR' : undefined
  }

  #verdict(bytes: Buffer): string {
    this.scanned += 1
    const text = bytes.toString('latin1')
    const bare = text.replace(/\s+/g, '')
    const encoded = Buffer.from(EICAR).toString('base64').slice(0, 60)
    return text.includes(EICAR) || bare.includes(encoded) ? 'stream: Eicar-Test-Signature FOUND' : 'stream: OK'
  }
}
