import type { RawMessage } from './head.ts'
import { type ParseOptions, readMail } from './parse.ts'
import type { ReadMail } from './parsed.ts'

/** What a parsing thread is asked. */
export interface ParseTask {
  raw: RawMessage
  options: ParseOptions
}

/** Does nothing: by then all that reading needs is loaded. */
export function load(): void {}

let last: Promise<unknown> = Promise.resolve()

/** One message after the other: read side by side, they would only keep each other's garbage alive. */
export function read(task: ParseTask): Promise<ReadMail> {
  const turn = last.then(() => readMail(task.raw, task.options))
  last = turn.catch(() => undefined)
  return turn
}
