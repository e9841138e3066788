// Takes messages from files, in order.
import { rm } from 'node:fs/promises'
import { Presets, SingleBar } from 'cli-progress'
import type { EmailChannel } from '../../adapters/email/adapter.ts'
import type { MboxKind } from '../../adapters/email/take/mbox.ts'
import {
  listFiles,
  readFileSource,
  readStandardInput,
  type Source,
  type SourceOptions,
} from '../../adapters/email/take/sources.ts'
import type { Desk } from '../channel/desk.ts'
import type { Receipt } from '../channel/message.ts'
import { pack } from '../content.ts'
import { DeskError, sentenceOf } from '../errors.ts'
import type { OpenDesk } from '../main.ts'
import { exitCodeFor, isDamage } from './exit.ts'
import { complain, print, printJson } from './with-desk.ts'

const AHEAD = 300 // messages read or waiting to be committed
const AHEAD_BYTES = 32 * 1024 * 1024 // of them all, so that large ones do not fill the memory

interface ImportOptions {
  json?: boolean
  mbox?: MboxKind
}

/**
 * Takes messages in order of their paths, however they are read: threads depend on it. Gives the exit code: 0 when all
 * were stored, whatever their outcome; else that of the first trouble.
 */
export async function importMail(
  { context, config, service }: OpenDesk,
  channel: EmailChannel,
  paths: string[],
  options: ImportOptions,
): Promise<number> {
  const sourceOptions: SourceOptions = {
    mbox: options.mbox,
    maxMessageBytes: config.limits.message,
    spoolPath: () => context.files.spoolPath(),
  }
  await context.files.sweepSpool()
  const files = await allFiles(paths)
  const report = new Report(options.json === true, files.length)
  const queue = new Queue(service.deskFor(channel.name), channel, report)
  for (const { file, inFolder } of files) {
    try {
      const sources = file === '-' ? standardInput(sourceOptions) : readFileSource(file, inFolder, sourceOptions)
      for await (const source of sources) {
        await queue.add(source)
        if (queue.halted) break
      }
    } catch (error) {
      await queue.unreadable(file, error)
    }
    report.fileDone()
    if (queue.halted) break
  }
  await queue.end()
  return report.end()
}

async function* standardInput(options: SourceOptions): AsyncGenerator<Source> {
  yield { file: '-', raw: await readStandardInput(options) }
}

async function allFiles(paths: string[]): Promise<{ file: string; inFolder: boolean }[]> {
  const files: { file: string; inFolder: boolean }[] = []
  for (const path of paths) {
    if (path === '-') {
      files.push({ file: '-', inFolder: false })
      continue
    }
    for (const file of await listFiles(path)) files.push({ file, inFolder: file !== path })
  }
  return files
}

type Turn = { before: Promise<void>; handed: () => void }

type Outcome = { receipt: Receipt; tooLarge?: true } | { skipped: string } | { error: unknown } | 'not accepted'

/** What was read and is not yet reported: taken, and reported, in the order in which it was added. */
class Queue {
  readonly #desk: Desk
  readonly #channel: EmailChannel
  readonly #report: Report
  readonly #ahead: { bytes: number; reported: Promise<void> }[] = []
  #bytes = 0
  #handed = Promise.resolve()
  #reported = Promise.resolve()
  /** Nothing further can be stored now; what comes later must not overtake what could not be stored. */
  halted = false

  constructor(desk: Desk, channel: EmailChannel, report: Report) {
    this.#desk = {
      ...desk,
      receive: async message => {
        if (this.halted) throw new DeskError('temporary', 'An earlier message could not be stored.')
        return desk.receive(message).catch(error => {
          this.#haltFor(error)
          throw error
        })
      },
    }
    this.#channel = channel
    this.#report = report
  }

  /** Resolves when there is room for another. */
  async add(source: Source): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const taken = this.#take(source, { before: this.#handed, handed: resolve })
    this.#handed = promise
    this.#reported = this.#reported.then(async () => this.#report.add(source.file, await taken))
    const bytes = sizeOf(source)
    this.#ahead.push({ bytes, reported: this.#reported })
    this.#bytes += bytes
    while (this.#ahead.length >= AHEAD || this.#bytes > AHEAD_BYTES) {
      const oldest = this.#ahead.shift()
      await oldest?.reported
      this.#bytes -= oldest?.bytes ?? 0
    }
  }

  /** A file that could not be read, or not to its end. */
  async unreadable(file: string, error: unknown): Promise<void> {
    await this.#handed
    this.#haltFor(error)
    this.#reported = this.#reported.then(() => this.#report.add(file, { error }))
  }

  end(): Promise<void> {
    return this.#reported
  }

  #haltFor(error: unknown): void {
    if (exitCodeFor(error) === 75 || isDamage(error)) this.halted = true
  }

  /** What a mail server pipes in comes now; what lies in files may have lain there for long. */
  #handling({ file }: Source, turn: Turn): { turn: Turn; live?: 'now' } {
    return file === '-' ? { turn, live: 'now' } : { turn }
  }

  async #take(source: Source, turn: Turn): Promise<Outcome> {
    try {
      if ('skipped' in source) return { skipped: source.skipped }
      if ('tooLarge' in source) return { receipt: await this.#takeTooLarge(source, turn), tooLarge: true }
      if (!this.halted)
        return { receipt: await this.#channel.take(this.#desk, source.raw, null, this.#handling(source, turn)) }
      if ('path' in source.raw) await rm(source.raw.path, { force: true })
      return 'not accepted'
    } catch (error) {
      await turn.before // what comes before it may yet be stored
      this.#haltFor(error)
      return { error }
    } finally {
      // What is skipped or fails waits for its turn too, so that nothing behind it comes early.
      void turn.before.then(turn.handed)
    }
  }

  async #takeTooLarge({ file, tooLarge }: Extract<Source, { tooLarge: unknown }>, turn: Turn): Promise<Receipt> {
    await turn.before
    const { id, head, size } = tooLarge
    const detail = `It has ${size} bytes, more than limits.message allows; it stays in ${file}.`
    const receipt = this.#desk.receive({ id, raw: pack(head), quarantine: 'too-large', detail })
    turn.handed()
    return receipt
  }
}

function sizeOf(source: Source): number {
  if (!('raw' in source)) return 0
  return 'path' in source.raw ? source.raw.size : source.raw.bytes.length
}

/** What is printed while mail comes in, and what the exit code will be. */
class Report {
  readonly #json: boolean
  readonly #outcomes = new Map<string, number>()
  readonly #bar: SingleBar | undefined
  #exit = 0
  #halted = false

  constructor(json: boolean, files: number) {
    this.#json = json
    if (process.stderr.isTTY && files > 1) {
      this.#bar = new SingleBar({ format: '{bar} {value}/{total} files, {eta_formatted} left' }, Presets.shades_classic)
      this.#bar.start(files, 0)
    }
  }

  add(file: string, outcome: Outcome): void {
    if (outcome === 'not accepted') return
    if ('skipped' in outcome) this.#skipped(file, outcome.skipped)
    else if ('error' in outcome) this.#failed(file, outcome.error)
    else this.#stored(file, outcome.receipt)
    if ('tooLarge' in outcome) this.#exit ||= 65
  }

  #stored(file: string, receipt: Receipt): void {
    this.#count(receipt.outcome)
    if (this.#json) printJson({ file, outcome: receipt.outcome, ref: receipt.ref })
  }

  #skipped(file: string, why: string): void {
    this.#count('skipped')
    if (this.#json) printJson({ file, outcome: 'skipped', ref: null })
    else if (!this.#bar) print(`skipped ${file}: ${why}`)
  }

  /** Of what nothing can be done about now the first alone is told: all behind it failed for its sake. */
  #failed(file: string, error: unknown): void {
    if (this.#halted) return
    const code = exitCodeFor(error)
    this.#halted = code === 75 || isDamage(error)
    // A mail server sends a message back at 1: what nobody foresaw must be tried again instead.
    this.#exit ||= code === 1 ? 75 : code
    this.#count('failed')
    const reason = sentenceOf(error)
    const sentence =
      this.#halted && !(error instanceof DeskError)
        ? `It cannot be stored at the moment (${reason}): free some space, or try again later.`
        : reason
    if (this.#json) printJson({ file, outcome: 'failed', ref: null, error: sentence })
    complain(`${file}: ${sentence}`)
  }

  fileDone(): void {
    this.#bar?.increment()
  }

  end(): number {
    this.#bar?.stop()
    // What failed alone was told already.
    const wasReported = this.#outcomes.size === 1 && this.#outcomes.has('failed')
    if (!this.#json && !wasReported) {
      const counts = [...this.#outcomes].sort().map(([outcome, count]) => `${count} ${outcome}`)
      print(counts.length > 0 ? counts.join(', ') : 'There were no messages.')
    }
    return this.#exit
  }

  #count(outcome: string): void {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1)
  }
}
