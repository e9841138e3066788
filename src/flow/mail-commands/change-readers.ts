// Changes who reads an answer as its mail asks for, before that answer leaves.
import type { Call, Command, WriteCommand } from '../../commands/command/command.ts'
import { lockTickets } from '../../commands/command/find-ticket.ts'
import { DeskError } from '../../errors.ts'
import type { Tx } from '../../store/engine/sql.ts'
import type { Person } from '../../store/people.ts'
import type { Intake, Origin } from '../context.ts'
import type { MailCommands } from './mail-command.ts'

/**
 * Does what a mail says of who reads its own answer, before that leaves. Gives why the answer must not leave: null if all
 * of it could be done.
 */
export async function changeReaders(
  tx: Tx,
  intake: Intake,
  { channel }: Origin,
  commands: MailCommands,
  actor: Person,
): Promise<string | null> {
  const failed: string[] = []
  const first = commands.steps.filter(({ command }) => command.changesReaders === true)
  for (const { line, command, options, args, body } of first) {
    const call: Call = { ...intake.facts, actor, channel, options, body, attachments: [] }
    const result = await runCommand(tx, command, call, args).catch(error => {
      failed.push(`!${line}: ${sentenceOfRefusal(error)}`)
      return sentenceOfRefusal(error)
    })
    commands.results.push(`!${line}: ${result}`)
  }
  commands.steps = commands.steps.filter(step => !first.includes(step))
  if (failed.length === 0) return null
  return `The recipients of your answer could not be changed as you asked, so it was not sent. It was kept as an internal note.\n${failed.join('\n')}`
}

/** Runs a command that looks at tickets or changes some. Gives what it says. */
export async function runCommand(tx: Tx, command: Command, call: Call, args: never): Promise<string> {
  if ('reads' in command) return (await command.reads(tx, call, args)).text
  const write = command as WriteCommand<never>
  for (let held = false; !held; ) held = await lockTickets(tx, write.tickets(args))
  return (await write.writes(tx, call, args)).text
}

/** What a command that was refused says; whatever else went wrong goes on. */
export function sentenceOfRefusal(error: unknown): string {
  if (error instanceof DeskError && error.code !== 'unsound' && error.code !== 'temporary') return error.message
  throw error
}
