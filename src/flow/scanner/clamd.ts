// Talks to the virus scanner clamd.
import { connect, type Socket } from 'node:net'
import type { ScanResult } from '../../core/intake/situation.ts'
import { codeOf, sentenceOf } from '../../errors.ts'

const SLOWEST_MS = 60_000
const PIECE = 64 * 1024
const TOO_LARGE = /size limit exceeded/i // clamd.conf(5), StreamMaxLength
const HUNG_UP: ReadonlySet<string> = new Set(['EPIPE', 'ECONNRESET'])

/** ClamAV's daemon, over its socket or TCP (https://docs.clamav.net/manual/Usage/Scanning.html, clamd(8)). */
export class Clamd {
  readonly address: string

  /** `address` is the path of a socket, or `host:port`. */
  constructor(address: string) {
    this.address = address
  }

  /** Never rejects. */
  async scan(bytes: Uint8Array): Promise<ScanResult> {
    try {
      const answer = await this.#ask('zINSTREAM\0', bytes)
      const found = /^stream: (.{1,200}) FOUND$/.exec(answer)?.[1]
      if (found) return { result: 'found', name: found }
      if (answer === 'stream: OK') return { result: 'clean' }
      return { result: 'unscanned', reason: answer || 'it gave no answer', tooLarge: TOO_LARGE.test(answer) }
    } catch (error) {
      // Over its limit it hangs up, and what it says of that may be lost on the way.
      if (HUNG_UP.has(codeOf(error)) && bytes.length > PIECE) {
        return {
          result: 'unscanned',
          reason: 'it is larger than StreamMaxLength of the scanner allows',
          tooLarge: true,
        }
      }
      return { result: 'unscanned', reason: sentenceOf(error), tooLarge: false }
    }
  }

  /** What version it is. Rejects if it does not answer. */
  version(): Promise<string> {
    return this.#ask('zVERSION\0', undefined)
  }

  async #ask(command: string, bytes: Uint8Array | undefined): Promise<string> {
    const socket = this.#connect()
    const answer = answerOf(socket)
    try {
      await write(socket, Buffer.from(command))
      for (let at = 0; bytes && at < bytes.length; at += PIECE) {
        const piece = bytes.subarray(at, at + PIECE)
        const length = Buffer.alloc(4)
        length.writeUInt32BE(piece.length)
        await write(socket, Buffer.concat([length, piece]))
      }
      if (bytes) await write(socket, Buffer.alloc(4))
    } catch (error) {
      // Over its limit it answers and hangs up before all was written; what it said is the reason.
      const reply = await answer.catch(() => '')
      if (!reply) throw error
    }
    return (await answer).replace(/\0[\s\S]*$/, '').trim()
  }

  #connect(): Socket {
    const port = /^(.+):(\d{1,5})$/.exec(this.address)
    const socket = port ? connect(Number(port[2]), port[1]) : connect(this.address)
    socket.setTimeout(SLOWEST_MS, () => socket.destroy(new Error('it took too long')))
    return socket
  }
}

function answerOf(socket: Socket): Promise<string> {
  const answer = new Promise<string>((resolve, reject) => {
    let reply = ''
    socket.on('data', chunk => {
      reply += chunk.toString('utf8')
      if (reply.includes('\0')) socket.end()
    })
    socket.on('error', error => (reply ? resolve(reply) : reject(error)))
    socket.on('close', () => resolve(reply))
  })
  answer.catch(() => undefined)
  return answer
}

function write(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, error => (error ? reject(error) : resolve()))
  })
}
