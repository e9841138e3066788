// What an agent's mail must not send: lines meant for the desk, mail of others, a text for another ticket.
import type { InboundMessage } from '../../channel/message.ts'
import { type Commands, type DeskFacts, isSent } from '../../commands/command/command.ts'
import { showsMail } from '../../core/mail/forward.ts'
import { holdsMail } from '../../core/text/file-danger.ts'
import { type KnownCommands, mentionsCommand } from '../../core/text/mail-command-lines.ts'
import { DeskError } from '../../errors.ts'
import type { Sql } from '../../store/engine/sql.ts'
import type { Ticket } from '../../store/tickets.ts'
import { leadsTo, otherNamed, type TypedCommand } from '../read-command.ts'

/** A command that may answer, with the text that goes with it. */
type Answering = Pick<TypedCommand, 'command' | 'options' | 'named'> & { body: string }

/** What a line of an agent's mail is known by that was meant for the desk. */
export function knownCommands(commands: Commands): KnownCommands {
  return { isCommand: word => commands.has(word), options: commands.answer.options ?? {} }
}

/** What goes to a requester must be meant for this one, and hold no mail of others. */
export async function refuseLeak(
  sql: Sql,
  facts: DeskFacts,
  { command, body, named, options }: Answering,
  { attachments, sealed, subject }: InboundMessage,
  ticket: Ticket | undefined,
  known: KnownCommands,
): Promise<void> {
  if (!isSent(command, options)) return
  if (mentionsCommand(body, known)) {
    throw new DeskError(
      'usage',
      'Your text has a line that looks like a command in the middle. Put commands at the top or the bottom.',
    )
  }
  if (showsMail(body)) {
    throw new DeskError(
      'usage',
      'Your mail includes another mail below its text, which may contain things that the requester must not see.',
    )
  }
  // Without words of its own it sends the answer that was kept.
  if (!body.trim() && !options.has('anyway')) throw new DeskError('usage', 'Write what to answer.')
  if (sealed) {
    throw new DeskError(
      'usage',
      'A part of your mail is encrypted or cannot be opened: write it again without that part.',
    )
  }
  if (attachments.some(holdsMail)) {
    throw new DeskError(
      'usage',
      'Your mail has another mail attached, which may contain things that the requester must not see.',
    )
  }
  if (ticket && named !== null && !(await leadsTo(sql, named, ticket))) {
    throw new DeskError('usage', `Your mail answers ${ticket.ref}: write a separate mail to answer another ticket.`)
  }
  const other = ticket && named === null ? await otherNamed(sql, facts, { text: body, subject }, ticket) : null
  if (ticket && other !== null) throw new DeskError('usage', forWhich(ticket, other))
}

/** Asks for which of two tickets a mail was meant. */
export function forWhich({ ref }: Ticket, other: string): string {
  return `Your mail answers ${ref} but mentions ${other}, so it was not sent. If it is for ${ref}, write !reply ${ref} on its own line above your text. If it is for ${other}, reply to a mail about ${other}.`
}
