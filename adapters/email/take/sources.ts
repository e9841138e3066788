// Finds messages in files, folders, Maildirs and mboxes.
import { createHash } from 'node:crypto'
import { createReadStream, readFileSync, statSync } from 'node:fs'
import { constants as fsConstants, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256 } from '../../../src/content.ts'
import { DeskError } from '../../../src/errors.ts'
import { copyPrivately } from '../../../src/rights.ts'
import { IN_MEMORY, spool } from '../mime/collect.ts'
import type { RawMessage } from '../mime/raw-head.ts'
import { type MboxKind, readMbox } from './mbox.ts'

/** One message to take, a file that is none, or one that is over the limit. */
export type Source =
  | { file: string; raw: RawMessage }
  | { file: string; skipped: string }
  | { file: string; tooLarge: { id: string; head: Buffer; size: number } }

export interface SourceOptions {
  /** Treat files as mboxes; undefined to tell by their name. */
  mbox: MboxKind | undefined
  maxMessageBytes: number
  spoolPath(): Promise<string>
}

const BEGINS_LIKE_MAIL = /^(?:From |[A-Za-z][\w.-]*[ \t]*:)/
const MBOX_NAME = /(^|[./\\])mbox$/i
const HEAD = 64 * 1024
const LONGEST_NAME = 200

/** Files of a path: itself, or all below a folder, in order of their paths. Rejects with code `no-input`. */
export async function listFiles(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined)
  if (!found) throw new DeskError('no-input', `There is no file or folder ${path}.`)
  if (!found.isDirectory()) return [path]
  const files: string[] = []
  await walk(path, files)
  return files.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}

/** A Maildir's `tmp` holds what is not delivered yet. */
async function walk(folder: string, files: string[]): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = new Set(entries.map(entry => entry.name))
  const isMaildir = names.has('cur') && names.has('new') && names.has('tmp')
  for (const entry of entries) {
    if (isMaildir && entry.name === 'tmp') continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await walk(path, files)
    else files.push(path)
  }
}

/** The messages of a file. */
export async function* readFileSource(file: string, inFolder: boolean, options: SourceOptions): AsyncGenerator<Source> {
  const found = statSync(file, { throwIfNoEntry: false })
  if (!found?.isFile()) return yield { file, skipped: 'not a regular file' }
  const { size } = found
  // Read in one go and at once: an import has nothing else to do, and waiting costs more than reading.
  const small = size <= IN_MEMORY ? readFileSync(file) : undefined
  const start = (small ?? (await readStart(file))).subarray(0, HEAD)
  const first = start.subarray(0, LONGEST_NAME).toString('latin1')
  if (inFolder && !BEGINS_LIKE_MAIL.test(first)) return yield { file, skipped: 'does not look like a mail' }
  const isMbox = first.startsWith('From ') || size === 0 // an empty mbox has no message
  const mbox = isMbox ? (options.mbox ?? (MBOX_NAME.test(file) ? 'rd' : undefined)) : undefined
  if (mbox) {
    let position = 0
    for await (const raw of readMbox(file, mbox, options.spoolPath)) {
      position += 1
      yield sourceWithin(`${file}#${position}`, raw, options)
    }
  } else if (size > options.maxMessageBytes) {
    yield { file, tooLarge: { id: await digestOf(file), head: headOf(start), size } }
  } else if (small) {
    yield { file, raw: { bytes: small } }
  } else {
    const path = await options.spoolPath()
    await copyPrivately(file, path, fsConstants.COPYFILE_FICLONE)
    yield { file, raw: { path, size } }
  }
}

/** One message from standard input. Rejects with code `too-large`: whoever pipes it in still has it. */
export async function readStandardInput(options: SourceOptions): Promise<RawMessage> {
  const collected = await spool(process.stdin, await options.spoolPath(), options.maxMessageBytes)
  if (collected !== 'too-large') return collected
  throw new DeskError(
    'too-large',
    `The message has more than the ${options.maxMessageBytes} bytes that limits.message allows.`,
  )
}

async function sourceWithin(file: string, raw: RawMessage, options: SourceOptions): Promise<Source> {
  const size = 'path' in raw ? raw.size : raw.bytes.length
  if (size <= options.maxMessageBytes) return { file, raw }
  if (!('path' in raw)) {
    const bytes = Buffer.from(raw.bytes)
    return { file, tooLarge: { id: sha256(bytes), head: headOf(bytes.subarray(0, HEAD)), size } }
  }
  const tooLarge = { id: await digestOf(raw.path), head: headOf(await readStart(raw.path)), size }
  await rm(raw.path, { force: true })
  return { file, tooLarge }
}

async function readStart(file: string): Promise<Buffer> {
  const handle = await open(file)
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(HEAD), 0, HEAD, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

function headOf(start: Buffer): Buffer {
  const end = /\r?\n\r?\n/.exec(start.toString('latin1'))
  return start.subarray(0, end ? end.index + end[0].length : start.length)
}

async function digestOf(file: string): Promise<string> {
  const digest = createHash('sha256')
  for await (const chunk of createReadStream(file)) digest.update(chunk as Buffer)
  return digest.digest('hex')
}
