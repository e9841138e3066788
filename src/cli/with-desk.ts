// Opens the desk that a command line means.
import type { Command } from 'commander'
import { printableJson, printableLine } from '../core/text/printable.ts'
import { findConfig, type OpenDesk, openDesk, type Whereabouts } from '../main.ts'
import { paint } from './terminal-colors.ts'

/** Opens the desk that the command line means, without starting its channels, and closes it again. */
export async function withDesk<T>(
  command: Command,
  work: (desk: OpenDesk) => Promise<T>,
  options: { toRead?: boolean } = {},
): Promise<T> {
  const desk = await openDesk(findConfig(command.optsWithGlobals<Whereabouts>()).config, options)
  try {
    return await work(desk)
  } finally {
    await desk.close()
  }
}

/** For people: what strangers wrote cannot steer the terminal. */
export function print(text: string): void {
  process.stdout.write(paint(printableLine(text.endsWith('\n') ? text : `${text}\n`)))
}

/** For programs: nothing is taken out, and a terminal that shows it obeys none of it. */
export function printJson(value: unknown, indent?: number): void {
  process.stdout.write(`${printableJson(JSON.stringify(value, undefined, indent))}\n`)
}

/** A sentence for people about what went wrong; on standard error. */
export function complain(sentence: string): void {
  process.stderr.write(printableLine(`relaydesk: ${sentence}\n`))
}
