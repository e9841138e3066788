import { table } from '../core/table.ts'
import { accept, assign, decline, handover } from './assign.ts'
import { away, back } from './away.ts'
import { belongs } from './belongs.ts'
import { claim } from './claim.ts'
import { close } from './close.ts'
import { type Command, Commands, expectArgs, type ReadCommand, usageOf } from './command.ts'
import { escalate } from './escalate.ts'
import { expect } from './expect.ts'
import { explain } from './explain.ts'
import { history } from './history.ts'
import { invite, joinMessage, uninvite } from './join.ts'
import { duplicate, link, unlink } from './link.ts'
import { list, search } from './list.ts'
import { log } from './log.ts'
import { merge, unmerge } from './merge.ts'
import { note } from './note.ts'
import { discard, open } from './open.ts'
import { release } from './release.ts'
import { reopen } from './reopen.ts'
import { reply } from './reply.ts'
import { resolve } from './resolve.ts'
import { set } from './set.ts'
import { show } from './show.ts'
import { solved } from './solved.ts'
import { notSpam, spam } from './spam.ts'
import { spent } from './spent.ts'
import { split } from './split.ts'
import { status } from './status.ts'
import { leave, swarm } from './swarm.ts'
import { tag, untag } from './tag.ts'
import { call, tried } from './tried.ts'
import { view } from './views.ts'
import { resume, schedule, wait } from './wait.ts'

/** Every command of the desk. `help` is made from the others. */
export function createCommands(): Commands {
  const others = [
    list,
    search,
    view,
    show,
    history,
    explain,
    claim,
    release,
    assign,
    handover,
    accept,
    decline,
    swarm,
    leave,
    escalate,
    away,
    back,
    reply,
    note,
    tried,
    call,
    log,
    spent,
    set,
    tag,
    untag,
    expect,
    wait,
    schedule,
    resume,
    resolve,
    close,
    reopen,
    link,
    unlink,
    duplicate,
    merge,
    unmerge,
    split,
    joinMessage,
    open,
    discard,
    invite,
    uninvite,
    spam,
    notSpam,
    solved,
    belongs,
    status,
  ] as Command[]
  const help: ReadCommand<{ word: string | undefined }> = {
    word: 'help',
    usage: '[COMMAND]',
    summary: 'Shows all commands, or one of them.',
    anyone: true,
    body: 'none',
    parse(line) {
      expectArgs(this, line, 0, 1)
      return { word: line.args[0]?.toLowerCase() }
    },
    async reads(_sql, call, { word }) {
      const mine = commands.all.filter(each => call.actor.handle !== null || each.anyone)
      if (word === undefined) return { text: commandTable({ all: mine }), data: mine.map(describe) }
      const command = commands.find(word)
      const also = command.aliases?.length ? `\nAlso: ${command.aliases.join(', ')}` : ''
      const details = command.details ? `\n\n${command.details}` : ''
      return { text: `${usageOf(command)}\n${command.summary}${also}${details}`, data: describe(command) }
    },
  }
  const commands = new Commands([...others, help as Command])
  return commands
}

export function commandTable(commands: Pick<Commands, 'all'>): string {
  return table(
    ['COMMAND', 'WHAT IT DOES'],
    commands.all.map(command => [usageOf(command), command.summary]),
    160,
  )
}

function describe(command: Command): object {
  const { word, aliases = [], usage, summary, options = {} } = command
  return { word, aliases, usage, summary, options }
}
