import { codeOf } from '../../src/errors.ts'
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

/** A message as it was read, or the code of what is wrong with the machine: errors lose theirs between threads. */
export type Outcome = ReadMail | { fault: string }

/** Messages that are handed over together, since handing over costs as much as reading a short one. */
export function read(tasks: ParseTask[]): Promise<Outcome[]> {
  const turn = last.then(() => readAll(tasks))
  last = turn.catch(() => undefined)
  return turn
}

/** One message after the other: read side by side, they would only keep each other's garbage alive. */
async function readAll(tasks: ParseTask[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const { raw, options } of tasks) {
    outcomes.push(await readMail(raw, options).catch(error => ({ fault: codeOf(error) })))
  }
  return outcomes
}
