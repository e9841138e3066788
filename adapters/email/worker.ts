import type { RawMessage } from './head.ts'
import { type ParsedMail, type ParseOptions, parseMail } from './parse.ts'

/** What a parsing thread is asked. */
export interface ParseTask {
  raw: RawMessage
  options: ParseOptions
}

export async function parse(task: ParseTask): Promise<ParsedMail> {
  return parseMail(task.raw, task.options)
}
