// Holds back what a server says beyond its limits.
import type { Transform } from 'node:stream'
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import {
  FREE_TALK,
  LONGEST_ANSWER,
  LONGEST_LITERAL,
  MOST_LOGIN_TALK,
  MOST_TALK,
  SLOW_TURN_MS,
  TURN_BYTES,
  TURN_LINES,
} from './imap-limits.ts'

const LF = 0x0a
const MARKER_BYTES = 32 // of the end of a line, in which the length of a literal stands

/** More at once than is taken: of a message, it may still be had in parts. */
export class LiteralTooLong extends Error {
  readonly size: number

  constructor(size: number) {
    super(`The server gives ${size} bytes at once, more than are taken.`)
    this.size = size
  }
}

/**
 * Stands before imapflow's parser, which reads all that has come in one turn and believes every length. What a server
 * says is handed on in small pieces, with a turn for everybody else between them, and ends the connection where it is
 * longer than an answer can be. Literals (RFC 3501 section 4.3) are found as imapflow finds them.
 */
export class ResponseGate {
  readonly #end: (error: Error) => void
  #ended = false
  #signedIn = false
  #literal = 0 // bytes of it that are still to come
  #literals = 0 // bytes of all literals of the answer under way
  #answer = 0 // bytes of its lines
  #tail = ''
  #talk = 0

  /** `end` closes the connection for this reason. */
  constructor(end: (error: Error) => void) {
    this.#end = end
  }

  /** Takes the place of the parser's own way in; imapflow offers none between the connection and its parser. */
  guard(parser: Transform): void {
    const parse = parser._transform.bind(parser)
    parser._transform = (chunk: Buffer, encoding, next) => {
      const handOn = (some: Buffer) => new Promise<void>(done => parse(some, encoding, () => done()))
      this.#pass(chunk, handOn).then(
        () => next(),
        error => next(error),
      )
    }
  }

  /** From now on answers are long, and are handed on piece by piece; the first of them imapflow wants to see whole. */
  signedIn(): void {
    this.#signedIn = true
    this.#talk = 0
  }

  /** What was asked for has come, or something else is asked for. */
  progress(): void {
    if (this.#signedIn) this.#talk = 0
  }

  async #pass(chunk: Buffer, handOn: (some: Buffer) => Promise<void>): Promise<void> {
    let start = 0 // of what is handed on next
    let lines = 0
    let bytes = 0
    for (let at = 0; at < chunk.length; ) {
      if (this.#ended) return
      if (this.#literal > 0) {
        const taken = Math.min(this.#literal, chunk.length - at)
        this.#literal -= taken
        at += taken
        continue
      }
      const most = this.#signedIn ? TURN_BYTES : chunk.length
      const found = chunk.indexOf(LF, at)
      const end = Math.min(found < 0 ? chunk.length : found + 1, at + most)
      const fault = this.#faultIn(chunk.subarray(at, end), end === found + 1)
      if (fault) {
        this.#ended = true
        return this.#end(fault)
      }
      lines += 1
      bytes += end - at
      at = end
      if (!this.#signedIn || (lines < TURN_LINES && bytes < TURN_BYTES)) continue
      await handOn(chunk.subarray(start, at))
      await (this.#talk > FREE_TALK ? pause(SLOW_TURN_MS) : turn())
      start = at
      lines = 0
      bytes = 0
    }
    if (start < chunk.length && !this.#ended) await handOn(chunk.subarray(start))
  }

  /** What is wrong with a line, or so much of it as has come. */
  #faultIn(part: Buffer, whole: boolean): Error | undefined {
    this.#answer += part.length
    this.#talk += part.length
    if (this.#answer > LONGEST_ANSWER) return new Error('The server gives an answer without an end.')
    const most = this.#signedIn ? MOST_TALK : MOST_LOGIN_TALK
    if (this.#talk > most) return new Error('The server goes on talking and does not give what it was asked for.')
    this.#tail = (this.#tail + part.subarray(-MARKER_BYTES).toString('latin1')).slice(-MARKER_BYTES)
    if (!whole) return undefined
    const marker = /(\{?)(\d+)\}\r?\n$/.exec(this.#tail)
    if (marker?.[1] === '' && marker.index === 0) return new LiteralTooLong(Number.POSITIVE_INFINITY)
    this.#tail = ''
    if (!marker?.[1]) {
      this.#answer = 0
      this.#literals = 0
      return undefined
    }
    this.#literal = Number(marker[2])
    this.#literals += this.#literal
    return this.#literals > LONGEST_LITERAL ? new LiteralTooLong(this.#literals) : undefined
  }
}
