// Runs one command line.
import { Command, CommanderError, Option } from 'commander'
import { addCompletion } from './cli/completion.ts'
import { addDeskCommands } from './cli/desk-commands.ts'
import { DAMAGED, exitCodeFor, isDamage } from './cli/exit.ts'
import { addLogin } from './cli/login.ts'
import { addMailVerbs } from './cli/mail-verbs.ts'
import { addOperatorVerbs } from './cli/operator-verbs.ts'
import { addSlackVerbs } from './cli/slack-verbs.ts'
import { addStart } from './cli/start.ts'
import { addStoreVerbs } from './cli/store-verbs.ts'
import { complain } from './cli/with-desk.ts'
import { printableLine } from './core/text/printable.ts'
import { sentenceOf } from './errors.ts'
import { packageVersion } from './package.ts'

/** Runs one command line, without the program's own name, and sets the exit code. */
export async function main(args: string[]): Promise<void> {
  process.stdout.on('error', error => {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit(0) // piped into head, say
  })
  try {
    await createProgram().parseAsync(args, { from: 'user' })
  } catch (error) {
    process.exitCode = error instanceof CommanderError ? (error.exitCode === 0 ? 0 : 64) : exitCodeFor(error)
    if (!(error instanceof CommanderError)) complain(sentenceLines(error))
  }
}

function createProgram(): Command {
  const program = new Command('relaydesk')
  program
    .description('A help desk: every message becomes a ticket with a reference, an owner and an answer.')
    .version(packageVersion())
    .addOption(new Option('--state <folder>', 'state folder (also RELAYDESK_STATE; default var)'))
    .addOption(new Option('--config <file>', 'configuration file (also RELAYDESK_CONFIG; default relaydesk.yaml)'))
    .showHelpAfterError('(relaydesk --help shows all verbs)')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeErr: text => process.stderr.write(printableLine(text)) })
    .exitOverride()
  program.commandsGroup('The desk:')
  addStart(program)
  program.commandsGroup('Tickets:')
  addDeskCommands(program)
  program.commandsGroup('Mail:')
  addMailVerbs(program)
  program.commandsGroup('Operation:')
  addOperatorVerbs(program)
  addLogin(program)
  addSlackVerbs(program)
  addStoreVerbs(program)
  addCompletion(program)
  for (const command of program.commands) command.exitOverride()
  return program
}

/** Mistakes of the configuration come one to a line. */
function sentenceLines(error: unknown): string {
  if (isDamage(error)) return DAMAGED
  const text = error instanceof Error ? error.message : ''
  return text.includes('\n') ? text : sentenceOf(error)
}
