import { table } from '../core/table.ts'
import { claim } from './claim.ts'
import { close } from './close.ts'
import { type Command, Commands, expectArgs, type ReadCommand, usageOf } from './command.ts'
import { explain } from './explain.ts'
import { invite, joinMessage } from './join.ts'
import { list } from './list.ts'
import { note } from './note.ts'
import { discard, open } from './open.ts'
import { release } from './release.ts'
import { reopen } from './reopen.ts'
import { reply } from './reply.ts'
import { show } from './show.ts'
import { notSpam, spam } from './spam.ts'

/** Every command of the desk. `help` is made from the others. */
export function createCommands(): Commands {
  const others = [
    list,
    show,
    explain,
    claim,
    release,
    reply,
    note,
    close,
    reopen,
    joinMessage,
    open,
    discard,
    invite,
    spam,
    notSpam,
  ] as Command[]
  const help: ReadCommand<{ word: string | undefined }> = {
    word: 'help',
    usage: '[COMMAND]',
    summary: 'Shows all commands, or one of them.',
    body: 'none',
    takes: 1,
    parse(line) {
      expectArgs(this, line, 0, 1)
      return { word: line.args[0]?.toLowerCase() }
    },
    async reads(_sql, _call, { word }) {
      if (word === undefined) return { text: commandTable(commands), data: commands.all.map(describe) }
      const command = commands.find(word)
      const also = command.aliases?.length ? `\nAlso: ${command.aliases.join(', ')}` : ''
      return { text: `${usageOf(command)}\n${command.summary}${also}`, data: describe(command) }
    },
  }
  const commands = new Commands([...others, help as Command])
  return commands
}

export function commandTable(commands: Commands): string {
  return table(
    ['COMMAND', 'WHAT IT DOES'],
    commands.all.map(command => [usageOf(command), command.summary]),
    160,
  )
}

function describe(command: Command): object {
  const { word, aliases = [], usage, summary } = command
  return { word, aliases, usage, summary }
}
