import type { Command } from 'commander'
import { printable } from '../core/printable.ts'
import { findConfig, type OpenDesk, openDesk, type Whereabouts } from '../main.ts'
import { paint } from './paint.ts'

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
  process.stdout.write(paint(printable(text.endsWith('\n') ? text : `${text}\n`)))
}

/** For programs: nothing is taken out. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

/** A sentence for people about what went wrong; on standard error. */
export function complain(sentence: string): void {
  process.stderr.write(printable(`relaydesk: ${sentence}\n`))
}
