import type { Command } from 'commander'
import { findConfig, type OpenDesk, openDesk, type Whereabouts } from '../main.ts'

/** Opens the desk that the command line means, without starting its channels, and closes it again. */
export async function withDesk<T>(command: Command, work: (desk: OpenDesk) => Promise<T>): Promise<T> {
  const desk = await openDesk(findConfig(command.optsWithGlobals<Whereabouts>()).config)
  try {
    return await work(desk)
  } finally {
    await desk.close()
  }
}

export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value))
}
