// Commands of the desk as verbs of the command line.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Command } from 'commander'
import type { InboundAttachment } from '../channel/message.ts'
import { type Command as DeskCommand, optionsOf, usageOf } from '../commands/command/command.ts'
import { createCommands } from '../commands/registry.ts'
import { pack } from '../content.ts'
import { quoteArgument, type Word } from '../core/text/command-line.ts'
import { takeOptions } from '../core/text/options.ts'
import { ownEntry } from '../core/text/own-entry.ts'
import { withoutBlankEnds } from '../core/text/plain-text.ts'
import { DeskError, sentenceOf } from '../errors.ts'
import { standingAlarms } from '../store/alarms.ts'
import { exitCodeFor } from './exit.ts'
import { complain, print, printJson, withDesk } from './with-desk.ts'

interface Options {
  as?: string
  json?: boolean
  file?: string
  attach?: string[]
  markdown?: boolean
}

/** Every command of the registry is a verb of the command line: it hands a line and a body to the desk. */
export function addDeskCommands(program: Command): void {
  for (const deskCommand of createCommands().all) {
    const verb = program
      .command(`${deskCommand.word} [words...]`)
      .aliases([...(deskCommand.aliases ?? [])])
      .usage(usageOf(deskCommand).slice(deskCommand.word.length).trim())
      .description(deskCommand.summary)
      .option('--as <agent>', 'the agent who does it (also RELAYDESK_AS; default: the first one configured)')
      .option('--json', 'print JSON, for programs')
    // What stands behind the verb is the command's own, but for what is said here.
    verb.allowUnknownOption()
    if (deskCommand.body === 'required') {
      verb
        .option('--file <file>', 'take the text from a file, or from standard input with -')
        .option('--markdown', 'read the text as Markdown; otherwise it is sent as typed')
        .option('--attach <file>', 'send a file with it (repeatable)', (file: string, files: string[] = []) => [
          ...files,
          file,
        ])
    }
    verb.action((words: string[], options: Options, command: Command) => run(deskCommand, words, options, command))
  }
}

async function run(deskCommand: DeskCommand, words: string[], options: Options, command: Command): Promise<void> {
  if (deskCommand.word === 'help' && words.length === 0) return print(command.parent?.helpInformation() ?? '')
  const { typed, literal } = splitAtEnd(words, command)
  const taken = takeOptions(typed.map(wordOfShell), optionsOf(deskCommand), namesOf(command))
  const rest = [...taken.rest.map(each => each.value), ...literal]
  const takesBody = deskCommand.body === 'required'
  const about = takesBody ? rest.slice(0, taken.options.has('ticket') ? 0 : referenceWidth(rest)) : rest
  if (takesBody && about.length === 0 && !taken.options.has('ticket'))
    throw new DeskError('usage', `Write: relaydesk ${usageOf(deskCommand)}`)
  const body = takesBody ? await bodyFrom(rest.slice(about.length), options) : ''
  const line = [deskCommand.word, taken.options.toString(), ...about.map(quoteArgument)].filter(Boolean).join(' ')
  await withDesk(command, async ({ service, config, context }) => {
    const handle = options.as ?? process.env.RELAYDESK_AS ?? config.agents[0]?.handle ?? ''
    const attachments = (options.attach ?? []).map(readAttachment)
    const format = options.markdown ? 'markdown' : 'plain'
    const reply = await service.perform({ actor: { handle }, channel: 'cli', line, body, format, attachments })
    if (reply.undone) process.exitCode = exitCodeFor(new DeskError('conflict', reply.text))
    if (options.json) return printJson(reply.data)
    print(reply.text)
    // Whoever works here must see what may keep mail from coming or leaving.
    for (const { sentence } of await standingAlarms(context.store.read)) complain(`open alarm: ${sentence}`)
  })
}

/** Options of the command line itself, as far as they are long enough to be misspelt. */
function namesOf({ options }: Command): string[] {
  return options.map(each => each.name()).filter(name => name.length >= 4)
}

/** What was typed in front of a bare `--`, and behind it, where nothing is an option. */
function splitAtEnd(words: readonly string[], command: Command): { typed: string[]; literal: string[] } {
  const all = (command.parent as (Command & { rawArgs: string[] }) | null)?.rawArgs ?? []
  const end = all.indexOf('--')
  const behind = end < 0 ? 0 : all.length - end - 1
  const typed = words.slice(0, words.length - behind)
  if (end >= 0 && typed.at(-1) === '--') typed.pop()
  return { typed, literal: words.slice(words.length - behind) }
}

/** The shell took the quotes away: what has a blank in it stood in some, unless they were around a value. */
function wordOfShell(value: string): Word {
  return { value, isBare: !/^(?!--?\p{L}[\p{L}\p{N}-]*=).*\s/su.test(value), start: 0, end: 0 }
}

/** `HD-2` is one word, `HD 2` are two. */
function referenceWidth([first = '', second = '']: readonly string[]): number {
  return first === '' ? 0 : !/\p{N}/u.test(first) && /^\P{L}?\p{N}+\P{L}?$/u.test(second) ? 2 : 1
}

/** From the arguments and a file, or else from standard input or an editor. */
async function bodyFrom(words: string[], options: Options): Promise<string> {
  const file = options.file === '-' ? 0 : options.file
  if (file !== undefined) return [...words, readInput(file)].join(' ')
  if (words.length > 0) return words.join(' ')
  return withoutBlankEnds(process.stdin.isTTY ? fromEditor(options.markdown ?? false) : readInput(0))
}

function readInput(file: string | number): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new DeskError('no-input', `The text cannot be read: ${sentenceOf(error)}.`)
  }
}

/** What stands in the file that the editor opens, below where the text goes. */
const SCISSORS = '------------------------ >8 ------------------------'
const HINTS = {
  plain: 'Write above this line. Your text is sent as you type it, without formatting (for Markdown, use --markdown).',
  markdown: 'Write above this line, in Markdown.',
}

function fromEditor(isMarkdown: boolean): string {
  const editor = process.env.VISUAL ?? process.env.EDITOR
  if (!editor) {
    throw new DeskError('usage', 'There is no text: write it after the reference, use --file, or set EDITOR.')
  }
  const folder = mkdtempSync(join(tmpdir(), 'relaydesk-'))
  try {
    const file = join(folder, isMarkdown ? 'text.md' : 'text.txt')
    writeFileSync(file, `\n\n${SCISSORS}\n${isMarkdown ? HINTS.markdown : HINTS.plain}\n`)
    const { status } = spawnSync(editor, [file], { stdio: 'inherit', shell: true })
    if (status !== 0) throw new DeskError('usage', `The editor ended with ${status}, so nothing was sent.`)
    const [text = ''] = readFileSync(file, 'utf8').split(SCISSORS, 1)
    return text
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const TYPES: Record<string, string> = {
  pdf: 'application/pdf',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  txt: 'text/plain',
  csv: 'text/csv',
  zip: 'application/zip',
}

function readAttachment(file: string): InboundAttachment {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    throw new DeskError('no-input', `--attach: ${file} cannot be read: ${sentenceOf(error)}.`)
  }
  const ending = /\.([a-z0-9]+)$/i.exec(file)?.[1]?.toLowerCase() ?? ''
  const type = ownEntry(TYPES, ending) ?? 'application/octet-stream'
  return { name: basename(file), type, contentId: null, content: pack(bytes) }
}
