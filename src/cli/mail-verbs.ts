// Verbs that read mail: receive, inspect, page, send, mailbox.
import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Command, Option } from 'commander'
import type { EmailChannel } from '../../adapters/email/adapter.ts'
import type { MboxKind } from '../../adapters/email/take/mbox.ts'
import { arrivalArgument } from '../commands/command/arguments.ts'
import { codeOf, DeskError } from '../errors.ts'
import { createLog } from '../logger.ts'
import { findConfig, makeChannels, type OpenDesk, type Whereabouts } from '../main.ts'
import { LargeFiles } from '../store/files.ts'
import { exitCodeFor, orTryAgain } from './exit.ts'
import { complain, print, printJson, withDesk } from './with-desk.ts'

export function addMailVerbs(program: Command): void {
  program
    .command('receive <paths...>')
    .description('import mail from files, folders, Maildirs and mboxes, or one message from standard input with -')
    .option('--json', 'a line for each message: file, outcome, ref')
    .option('--channel <name>', 'the mail channel it is for; default: the first one')
    .addOption(new Option('--mbox <kind>', 'read the files as mboxes, quoted in this way').choices(['rd', 'o']))
    .action((paths: string[], options: { json?: boolean; channel?: string; mbox?: MboxKind }, command: Command) =>
      withDesk(
        command,
        async desk => {
          const { importMail } = await import('./import-mail.ts')
          process.exitCode = await importMail(desk, emailChannel(desk, options.channel), paths, options)
        },
        { toRead: true },
      ).catch(error => {
        throw orTryAgain(error)
      }),
    )

  program
    .command('inspect [files...]')
    .description('show as JSON how messages are read; file names as arguments, or one per line on standard input')
    .option('--json', 'the default anyway')
    .action(async (files: string[], _options, command: Command) => {
      const { inspectFile } = await import('../../adapters/email/read/inspect.ts')
      const refuse = (error: DeskError) => {
        process.exitCode = exitCodeFor(error)
        complain(error.message)
      }
      await withChannelOnly(command, async channel => {
        for await (const file of files.length > 0 ? files : linesOf(process.stdin)) {
          printJson(await inspectFile(channel, file, refuse))
        }
      })
    })

  program
    .command('page <message>')
    .description('write a message (M-3, or a file) with its original layout as a page for a browser')
    .option('--remote-pictures', 'load remote pictures, which tells their owner that the message is read')
    .action(async (message: string, options: { remotePictures?: boolean }, command: Command) => {
      const { messagePage } = await import('../web/message-page.ts')
      const remote = options.remotePictures === true
      if (!/^m-?\d+$/i.test(message)) {
        return withChannelOnly(command, async channel => {
          print(messagePage(await channel.layout(await fileAt(message), { remote }), { ref: '', remote }))
        })
      }
      await withDesk(command, async ({ service }) => {
        const { layout, ref, doubt } = await service.performer.layout(arrivalArgument(message), { remote })
        print(messagePage(layout, { ref, remote, doubt }))
      })
    })

  program
    .command('save <ticket>')
    .description('save the files of a ticket into a folder; nothing there is overwritten')
    .option('--to <folder>', 'the folder', '.')
    .action((ticket: string, options: { to: string }, command: Command) =>
      withDesk(command, async desk => {
        const { saveFiles } = await import('./save-files.ts')
        const saved = await saveFiles(desk, ticket, options.to)
        print(saved.length > 0 ? saved.join('\n') : `${ticket} has no files.`)
      }),
    )

  program
    .command('send [text]')
    .description('send mail to the desk by SMTP, as a requester would, to try things out')
    .requiredOption('--from <address>', 'the sender')
    .option('--subject <text>', 'the subject')
    .option('--to <address>', 'the address to write to; default: the address of the desk')
    .option('--answer', 'answer the latest mail that this person got')
    .option('--attach <file>', 'send a file with it (repeatable)', (file: string, files: string[] = []) => [
      ...files,
      file,
    ])
    .action(async (text: string | undefined, options: SendOptions, command: Command) => {
      const { sendAsRequester } = await import('../../adapters/email/doctor/try-out.ts')
      await withChannelOnly(command, async channel =>
        print(await sendAsRequester(channel, { ...options, text: text ?? '' })),
      )
    })

  program
    .command('mailbox [address]')
    .description('show the mail in the Maildir, as its recipients would read it')
    .option('--json', 'print JSON, for programs')
    .action(async (address: string | undefined, options: { json?: boolean }, command: Command) => {
      const { readMailbox, showMail } = await import('../../adapters/email/doctor/try-out.ts')
      await withChannelOnly(command, async channel => {
        const mails = await readMailbox(channel, address?.toLowerCase())
        if (options.json) printJson(mails)
        else print(mails.length > 0 ? mails.map(showMail).join('\n\n') : 'No mail yet.')
      })
    })
}

function fileAt(path: string): Promise<Buffer> {
  return readFile(path).catch(error => {
    throw new DeskError(
      'usage',
      `${path} is neither a message such as M-3 (show TICKET names them) nor a file that can be read: ${codeOf(error)}.`,
    )
  })
}

interface SendOptions {
  from: string
  subject?: string
  to?: string
  answer?: boolean
  attach?: string[]
}

function emailChannel(desk: OpenDesk, name: string | undefined): EmailChannel {
  const channels = [...desk.context.channels].filter(([, { kind }]) => kind === 'email')
  const found = name === undefined ? channels[0] : channels.find(([each]) => each === name)
  if (found) return found[1].adapter as EmailChannel
  const known = channels.map(([each]) => each).join(', ')
  throw new DeskError('usage', `--channel: there is no mail channel "${name ?? ''}": write one of ${known}.`)
}

/** The first mail channel without a store: nothing is written but spool files, and those not below the state folder. */
async function withChannelOnly(command: Command, work: (channel: EmailChannel) => Promise<void>): Promise<void> {
  const { config } = findConfig(command.optsWithGlobals<Whereabouts>())
  const files = new PassingFiles()
  const channels = await makeChannels(config, files, createLog(config.log))
  const channel = [...channels.values()].find(({ kind }) => kind === 'email')?.adapter as EmailChannel | undefined
  try {
    if (!channel) throw new DeskError('config', 'channels: there is no mail channel: add one of kind email.')
    await work(channel)
  } finally {
    await channel?.stop()
    files.remove()
  }
}

/** Spool files in a folder that is made when it is needed, is this user's alone, and goes with the process. */
class PassingFiles extends LargeFiles {
  readonly #folder: string
  #made = false

  constructor(folder = join(tmpdir(), `relaydesk-${randomUUID()}`)) {
    super(folder)
    this.#folder = folder
  }

  override async spoolPath(): Promise<string> {
    if (!this.#made) {
      mkdirSync(this.#folder, { mode: 0o700 })
      this.#made = true
      process.once('exit', () => this.remove())
    }
    return super.spoolPath()
  }

  remove(): void {
    if (this.#made) rmSync(this.#folder, { recursive: true, force: true })
  }
}

async function* linesOf(stream: NodeJS.ReadableStream): AsyncGenerator<string> {
  for await (const line of createInterface({ input: stream })) if (line.trim()) yield line.trim()
}
