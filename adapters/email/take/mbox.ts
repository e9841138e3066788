// Reads mbox files.
import { createReadStream } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { PRIVATE_FILE } from '../../../src/rights.ts'
import { IN_MEMORY } from '../mime/collect.ts'
import type { RawMessage } from '../mime/raw-head.ts'

/**
 * How lines of a message that begin with `From ` were quoted: mboxrd puts a `>` before `From ` and any number of `>`,
 * mboxo before `From ` alone. See RFC 4155 appendix A and https://www.loc.gov/preservation/digital/formats/fdd/fdd000385.shtml.
 */
export type MboxKind = 'rd' | 'o'

const FROM = Buffer.from('From ')
const NEXT_FROM = Buffer.from('\nFrom ')
const CHUNK = 1024 * 1024

/** The messages of an mbox file of any size, one after the other; a large one in a spool file. */
export async function* readMbox(
  path: string,
  kind: MboxKind,
  spoolPath: () => Promise<string>,
): AsyncGenerator<RawMessage> {
  const making: { message?: Collector } = {}
  try {
    yield* cutMbox(path, kind, spoolPath, making)
  } catch (error) {
    await making.message?.discard()
    throw error
  }
}

async function* cutMbox(
  path: string,
  kind: MboxKind,
  spoolPath: () => Promise<string>,
  making: { message?: Collector },
): AsyncGenerator<RawMessage> {
  let carry: Buffer = Buffer.alloc(0)
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK }) as AsyncIterable<Buffer>) {
    const bytes = carry.length > 0 ? Buffer.concat([carry, chunk]) : chunk
    const end = bytes.lastIndexOf(0x0a) + 1
    if (end === 0 && bytes.length < IN_MEMORY) {
      carry = bytes
      continue
    }
    // Whole lines only, but a line without end is no reason to keep gigabytes.
    const whole = end === 0 ? bytes : bytes.subarray(0, end)
    carry = Buffer.from(bytes.subarray(whole.length))
    for (const { begins, lines } of segments(whole)) {
      if (begins) {
        if (making.message) yield await making.message.finish()
        making.message = new Collector(kind, spoolPath)
      }
      await making.message?.add(lines)
    }
  }
  for (const { begins, lines } of segments(carry)) {
    if (begins) {
      if (making.message) yield await making.message.finish()
      making.message = new Collector(kind, spoolPath)
    }
    await making.message?.add(lines)
  }
  if (making.message) yield await making.message.finish()
}

/** Cuts whole lines where a message begins; the `From ` line itself is left out. */
function* segments(bytes: Buffer): Generator<{ begins: boolean; lines: Buffer }> {
  let at = 0
  let begins = bytes.subarray(0, FROM.length).equals(FROM)
  while (at < bytes.length) {
    if (begins) {
      const newline = bytes.indexOf(0x0a, at)
      at = newline < 0 ? bytes.length : newline + 1
    }
    const found =
      at > 0 && bytes.subarray(at, at + FROM.length).equals(FROM) && begins ? at - 1 : bytes.indexOf(NEXT_FROM, at)
    const end = found < 0 ? bytes.length : found + 1
    yield { begins, lines: bytes.subarray(at, end) }
    at = end
    begins = true
  }
}

/** One message in the making. */
class Collector {
  readonly #kind: MboxKind
  readonly #spoolPath: () => Promise<string>
  #chunks: Buffer[] = []
  #size = 0
  #path: string | undefined

  constructor(kind: MboxKind, spoolPath: () => Promise<string>) {
    this.#kind = kind
    this.#spoolPath = spoolPath
  }

  async add(lines: Buffer): Promise<void> {
    // A copy, so that a small message does not hold the large chunk it came in.
    const unquoted = Buffer.from(unquote(lines, this.#kind))
    this.#chunks.push(unquoted)
    this.#size += unquoted.length
    if (this.#size > IN_MEMORY || this.#path) await this.#flush()
  }

  async finish(): Promise<RawMessage> {
    if (this.#path) return { path: this.#path, size: this.#size }
    const bytes = Buffer.concat(this.#chunks)
    // The empty line before the next `From ` belongs to the mbox.
    const end = bytes.subarray(-2).toString('latin1') === '\n\n' ? bytes.length - 1 : bytes.length
    return { bytes: bytes.subarray(0, end) }
  }

  async discard(): Promise<void> {
    if (this.#path) await rm(this.#path, { force: true })
  }

  async #flush(): Promise<void> {
    this.#path ??= await this.#spoolPath()
    const file = await open(this.#path, 'a', PRIVATE_FILE)
    try {
      await file.writeFile(Buffer.concat(this.#chunks))
    } finally {
      await file.close()
    }
    this.#chunks = []
  }
}

function unquote(lines: Buffer, kind: MboxKind): Buffer {
  if (!lines.includes('>From ')) return lines
  const pattern = kind === 'rd' ? /^>(>*From )/gm : /^>(From )/gm
  return Buffer.from(lines.toString('latin1').replace(pattern, '$1'), 'latin1')
}
