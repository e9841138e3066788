import { appendFile, readFile } from 'node:fs/promises'
import type { Wanted } from './command-lines.ts'

/** A command of a run, and what the desk said to it. */
export interface Asked extends Wanted {
  /** 'taken', the code of the refusal, or 'crash' for an error that is none for people. */
  outcome: string
  /** Why it was not taken. */
  sentence: string
  /** On the clock that all processes share; milliseconds. */
  began: number
  ended: number
}

/** The channel that a command comes through: its own, so that each of its events can be told. */
export function channelOf({ index }: Pick<Wanted, 'index'>): string {
  return `line ${index}`
}

export function writeAsked(file: string, asked: readonly Asked[]): Promise<void> {
  return appendFile(file, asked.map(each => `${JSON.stringify(each)}\n`).join(''))
}

export async function readAsked(file: string): Promise<Asked[]> {
  const lines = (await readFile(file, 'utf8')).split('\n')
  return lines.filter(Boolean).map(line => JSON.parse(line) as Asked)
}
