// The list of all commands.
import { table } from '../core/text/table.ts'
import { may } from '../people/access.ts'
import { explain } from './arrivals/explain.ts'
import { invite, joinMessage, uninvite } from './arrivals/join.ts'
import { discard, open } from './arrivals/open.ts'
import { notSpam, spam } from './arrivals/spam.ts'
import { type Command, Commands, expectArgs, type ReadCommand, usageOf } from './command/command.ts'
import { belongs } from './life/belongs.ts'
import { close } from './life/close.ts'
import { expect } from './life/expect.ts'
import { reopen } from './life/reopen.ts'
import { resolve } from './life/resolve.ts'
import { solved } from './life/solved.ts'
import { spent } from './life/spent.ts'
import { resume, schedule, wait } from './life/wait.ts'
import { history } from './look/history.ts'
import { list, search } from './look/list.ts'
import { show } from './look/show.ts'
import { status } from './look/status.ts'
import { view } from './look/views.ts'
import { accept, assign, decline, handover } from './ownership/assign.ts'
import { away, back } from './ownership/away.ts'
import { claim } from './ownership/claim.ts'
import { escalate } from './ownership/escalate.ts'
import { release } from './ownership/release.ts'
import { leave, swarm } from './ownership/swarm.ts'
import { duplicate, link, unlink } from './sort/link.ts'
import { merge, unmerge } from './sort/merge.ts'
import { set } from './sort/set.ts'
import { split } from './sort/split.ts'
import { tag, untag } from './sort/tag.ts'
import { log } from './talk/log.ts'
import { note } from './talk/note.ts'
import { reply } from './talk/reply.ts'
import { call, tried } from './talk/tried.ts'

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
      const mine = commands.all.filter(each => each.anyone || may(call.actor, 'work', 'installation'))
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
    commands.all.map(command => [usageOf(command), summaryOf(command)]),
    220,
  )
}

/** With the other words that it has. */
export function summaryOf({ summary, aliases = [] }: Command): string {
  return aliases.length > 0 ? `${summary} Also: ${aliases.join(', ')}.` : summary
}

function describe(command: Command): object {
  const { word, aliases = [], usage, summary, options = {} } = command
  return { word, aliases, usage, summary, options }
}
