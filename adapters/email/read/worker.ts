// What runs in the threads: reading mail, and judging senders.
import type { Authentication } from '../../../src/channel/message.ts'
import { codeOf } from '../../../src/errors.ts'
import type { Client, SenderCheckOptions } from '../authentication/sender-check.ts'
import type { RawMessage } from '../mime/raw-head.ts'
import { type ParseOptions, readMail } from './parse-message.ts'
import type { ReadMail } from './parsed-mail.ts'

/** What a parsing thread is asked. */
export interface ParseTask {
  raw: RawMessage
  options: ParseOptions
}

/** Does nothing: by then all code that reading needs is loaded. */
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

/** Whose word a message is, as a thread is asked. */
export interface JudgeTask {
  raw: RawMessage
  /** The address in From. */
  from: string | null
  client: Client | null
  options: SenderCheckOptions
}

/** Loaded where it is asked for. What waits for name servers waits beside others. */
export async function judge({ raw, from, client, options }: JudgeTask): Promise<Authentication> {
  const { SenderCheck } = await import('../authentication/sender-check.ts')
  return new SenderCheck(options).check(raw, from, client)
}
