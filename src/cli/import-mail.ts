import { Presets, SingleBar } from 'cli-progress'
import type { EmailChannel } from '../../adapters/email/adapter.ts'
import type { MboxKind } from '../../adapters/email/mbox.ts'
import {
  listFiles,
  readFileSource,
  readStandardInput,
  type Source,
  type SourceOptions,
} from '../../adapters/email/sources.ts'
import type { Desk, Receipt } from '../channel.ts'
import { pack } from '../content.ts'
import { codeOf, DeskError, sentenceOf } from '../errors.ts'
import type { OpenDesk } from '../main.ts'
import { exitCodeFor } from './exit.ts'
import { print, printJson } from './with-desk.ts'

const AHEAD = 300 // messages read or waiting to be committed

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
  const desk = service.deskFor(channel.name)
  const sourceOptions: SourceOptions = {
    mbox: options.mbox,
    maxMessageBytes: config.limits.message,
    spoolPath: () => context.files.spoolPath(),
  }
  await context.files.sweepSpool()
  const files = await allFiles(paths)
  const report = new Report(options.json === true, files.length)
  const waiting: Promise<void>[] = []
  let before = Promise.resolve()
  const take = async (source: Source, turn: { before: Promise<void>; handed: () => void }) => {
    try {
      report.stored(source.file, await takeSource(desk, channel, source, turn, report))
    } catch (error) {
      report.failed(source.file, error)
    } finally {
      turn.handed()
    }
  }
  for (const { file, inFolder } of files) {
    try {
      const sources = file === '-' ? standardInput(sourceOptions) : readFileSource(file, inFolder, sourceOptions)
      for await (const source of sources) {
        const { promise, resolve } = Promise.withResolvers<void>()
        waiting.push(take(source, { before, handed: resolve }))
        before = promise
        if (waiting.length >= AHEAD) await waiting.shift()
      }
    } catch (error) {
      report.failed(file, error)
    }
    report.fileDone()
    if (report.mustStop) break
  }
  await Promise.all(waiting)
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

async function takeSource(
  desk: Desk,
  channel: EmailChannel,
  source: Source,
  turn: { before: Promise<void>; handed: () => void },
  report: Report,
): Promise<Receipt | undefined> {
  if ('raw' in source) return channel.take(desk, source.raw, null, turn)
  await turn.before
  if ('skipped' in source) {
    report.skipped(source.file, source.skipped)
    return undefined
  }
  const { id, head, size } = source.tooLarge
  const detail = `It has ${size} bytes, more than limits.message allows; it stays in ${source.file}.`
  const receipt = desk.receive({ id, raw: pack(head), quarantine: 'too-large', detail })
  turn.handed()
  report.tooLarge()
  return receipt
}

/** What is printed while mail comes in, and what the exit code will be. */
class Report {
  readonly #json: boolean
  readonly #outcomes = new Map<string, number>()
  readonly #bar: SingleBar | undefined
  #exit = 0
  /** Nothing further can be stored now. */
  mustStop = false

  constructor(json: boolean, files: number) {
    this.#json = json
    if (process.stderr.isTTY && files > 1) {
      this.#bar = new SingleBar({ format: '{bar} {value}/{total} files, {eta_formatted} left' }, Presets.shades_classic)
      this.#bar.start(files, 0)
    }
  }

  stored(file: string, receipt: Receipt | undefined): void {
    if (!receipt) return
    this.#count(receipt.outcome)
    if (this.#json) printJson({ file, outcome: receipt.outcome, ref: receipt.ref })
  }

  skipped(file: string, why: string): void {
    this.#count('skipped')
    if (this.#json) printJson({ file, outcome: 'skipped', ref: null })
    else if (!this.#bar) print(`skipped ${file}: ${why}`)
  }

  tooLarge(): void {
    this.#exit ||= 65
  }

  failed(file: string, error: unknown): void {
    const code = exitCodeFor(error)
    this.#exit ||= code
    this.#count('failed')
    if (code === 75) this.mustStop = true
    if (this.#json) printJson({ file, outcome: 'failed', ref: null, error: sentenceOf(error) })
    process.stderr.write(
      `relaydesk: ${file}: ${error instanceof DeskError || codeOf(error) ? sentenceOf(error) : String(error)}\n`,
    )
  }

  fileDone(): void {
    this.#bar?.increment()
  }

  end(): number {
    this.#bar?.stop()
    if (!this.#json) {
      const counts = [...this.#outcomes].sort().map(([outcome, count]) => `${count} ${outcome}`)
      print(counts.length > 0 ? counts.join(', ') : 'There was no message.')
    }
    return this.#exit
  }

  #count(outcome: string): void {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1)
  }
}
