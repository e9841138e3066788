// The commands that an agent wrote into a mail, before any of them is carried out.
import type { InboundMessage } from '../../channel/message.ts'
import { type Command, isSent } from '../../commands/command/command.ts'
import type { Options } from '../../core/text/options.ts'
import type { OutboxEntry } from '../../store/outbox.ts'
import type { Person } from '../../store/people.ts'
import type { Ticket } from '../../store/tickets.ts'
import type { Origin } from '../context.ts'

/** What an agent's mail asks for, understood or not; none of it is done yet. */
export interface MailCommands {
  /** As they were written. */
  lines: string[]
  steps: MailCommand[]
  /** What cannot be understood, one sentence each. Then nothing is done. */
  mistakes: string[]
  /** The text of the mail without them, and without what they took of it. */
  text: string
  /** Options of the answer that stand on lines of their own, such as `!anyway`. */
  options: Options
  /** What became of steps that were done before the answer. */
  results: string[]
  /** The mail of ours that it answers. */
  answeredMail: OutboxEntry | undefined
}

/** One command of a mail. */
export interface MailCommand {
  line: string
  /** The ticket that it names, if it does. */
  named: number | null
  command: Command
  options: Options
  args: never
  body: string
}

/** Commands that are carried out once the mail that they stand in has its place. */
export interface PendingCommands {
  origin: Origin
  commands: MailCommands
  actor: Person
  /** The one that the mail is on. */
  ticket: Ticket | undefined
  files: InboundMessage['attachments']
}

/** Its text goes to the requester. */
export function isAnswer({ command, options }: MailCommand): boolean {
  return isSent(command, options)
}
