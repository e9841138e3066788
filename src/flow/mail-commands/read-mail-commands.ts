// Reads the commands in an agent's mail.
import type { InboundMessage } from '../../channel/message.ts'
import { type Commands, type DeskFacts, isSent, optionsOf } from '../../commands/command/command.ts'
import { seqOfKept } from '../../commands/talk/kept.ts'
import type { AnsweredMail, Proof } from '../../core/intake/proof.ts'
import { aboveMarker, writtenIn } from '../../core/mail/visible.ts'
import { wordsOf } from '../../core/text/command-line.ts'
import { findCommandLines } from '../../core/text/mail-command-lines.ts'
import { countOptions, NO_OPTIONS, type Options, takeOptions } from '../../core/text/options.ts'
import { withoutBlankEnds } from '../../core/text/plain-text.ts'
import { wordOf } from '../../core/text/typed-line.ts'
import { referenceAt } from '../../core/ticket/reference.ts'
import { DeskError, sentenceOf } from '../../errors.ts'
import type { Sql } from '../../store/engine/sql.ts'
import { messageById } from '../../store/messages.ts'
import type { OutboxEntry } from '../../store/outbox.ts'
import { type Ticket, ticketById } from '../../store/tickets.ts'
import type { Intake } from '../context.ts'
import { readCommand, type TypedCommand } from '../read-command.ts'
import { beyondProof } from './beyond-proof.ts'
import { knownCommands, refuseLeak } from './leak.ts'
import { isAnswer, type MailCommand, type MailCommands } from './mail-command.ts'
import { commandLinesOf, isTooLong, ownText, TOO_LONG } from './own-text.ts'

/** A mail, and the mail of ours that it answers. */
interface AnsweringMail {
  message: InboundMessage
  answered: readonly AnsweredMail<OutboxEntry>[]
}

/**
 * The commands in an agent's mail that are confirmed: those that are more than the answered mail confirms become
 * mistakes, so that none is done. Null if there are none. `ticket`: the one that it is about.
 */
export async function readConfirmedCommands(
  sql: Sql,
  intake: Intake,
  mail: AnsweringMail & { proof: Proof<OutboxEntry> | null },
  ticket: Ticket | undefined,
): Promise<MailCommands | null> {
  const orders = await readMailCommands(sql, intake, mail, ticket)
  if (orders && mail.proof?.by === 'token') {
    for (const step of orders.steps) {
      const refusal = await beyondProof(sql, mail.proof.alone, step)
      if (refusal !== null) orders.mistakes.push(`!${step.line}: ${refusal}`)
    }
  }
  return orders
}

/** Whether lines that cannot be understood were meant as commands: a word near to one, or a ticket that is named. */
export function areMeant({ context, facts }: Intake, lines: readonly string[]): boolean {
  return lines.some(line => {
    const about = line.replace(/^\S+/, '')
    const reference = referenceAt(about, facts.prefixes, { numbers: about.trimStart().startsWith('#') })
    return context.commands.isNear(wordOf(line)) || reference?.isAlone === true
  })
}

async function readMailCommands(
  sql: Sql,
  { context, facts, keys }: Intake,
  { message, answered }: AnsweringMail,
  ticket: Ticket | undefined,
): Promise<MailCommands | null> {
  if (message.kind !== 'person' || message.mail.sentByHand) return null
  const own = ownText(message)
  const { lines, text } = commandLinesOf(keys, message)
  if (lines.length === 0) return null
  // What is shown of another mail stays with the text, and is never read for commands.
  const shown = message.mail.forwarded ? '' : aboveMarker(message.visible).slice(own.length).trim()
  const whole = [withoutBlankEnds(writtenIn(text)), shown].filter(Boolean).join('\n\n')
  const told = answered[0]?.sent
  if (isTooLong(message)) {
    return { lines, steps: [], mistakes: [TOO_LONG], text, options: NO_OPTIONS, became: [], told }
  }
  const orders: MailCommands = { lines, steps: [], mistakes: [], text: whole, options: NO_OPTIONS, became: [], told }
  const place = { sql, facts, commands: context.commands, ticket, isMail: true }
  for (const line of lines) {
    try {
      const option = ticket && optionOfAnswer(context.commands, line)
      if (option) {
        orders.options = orders.options.and(option)
        continue
      }
      const step = understand(await readCommand(place, line), facts, orders, line, ticket)
      await refuseLeak(sql, facts, step, message, ticket, knownCommands(context.commands))
      orders.steps.push(step)
    } catch (error) {
      if (!(error instanceof DeskError)) throw error
      orders.mistakes.push(`!${line}: ${sentenceOf(error)}`)
    }
  }
  // Options of an answer without one are about the answer that was kept before.
  const given = orders.options.toString().replace(/^--/, '')
  const isAlone = given !== '' && orders.text === '' && !orders.steps.some(isAnswer) && !message.sealed
  if (isAlone && orders.options.has('anyway') && ticket) {
    const again = await readCommand(place, await lineOfAnyway(sql, context.commands, orders, ticket))
    orders.steps.push(understand(again, facts, orders, given, ticket))
  } else if (isAlone) {
    orders.mistakes.push(`!${given}: it only works together with an answer, so write both in one mail.`)
  }
  for (const step of orders.steps) step.options = step.options.and(orders.options.of(optionsOf(step.command)))
  return orders
}

/**
 * A note often goes on below a blank line, as mail programs part paragraphs: of a text that stands directly below a note,
 * nobody can tell whether it is still that, so it must not leave.
 */
export function refuseBelowNote(message: InboundMessage, orders: MailCommands): void {
  const own = ownText(message)
  const [begun = ''] = orders.text.split('\n', 1)
  const above = findCommandLines(own.slice(0, own.indexOf(begun))).lines.at(-1)
  const step = orders.steps.find(({ line }) => line === above)
  if (!orders.text || !step || step.command.body !== 'required' || isSent(step.command, step.options)) return
  const sentence = `There is more text below it, which could be part of it or could be your answer. If it is part of it, write just !${step.command.word} on the first line and all of the text below. If it is your answer, put this line below the answer.`
  orders.mistakes.push(`!${step.line}: ${sentence}`)
}

/** What sends the answer that was kept: the one of which the mail that this answers told. */
async function lineOfAnyway(sql: Sql, { answer }: Commands, { told }: MailCommands, ticket: Ticket): Promise<string> {
  const kept = told?.kind === 'notify-refused' && told.messageId ? await messageById(sql, told.messageId) : undefined
  const seq = kept && (await seqOfKept(sql, kept))
  const place = seq === undefined ? undefined : await ticketById(sql, kept?.ticketId ?? '')
  return place ? `${answer.word} ${place.ref} --anyway --read ${seq}` : `${answer.word} ${ticket.ref} --anyway`
}

/** The option of an answer that a line is nothing but: `!anyway`, `!read 17`. Undefined for any other. */
function optionOfAnswer(commands: Commands, line: string): Options | undefined {
  if (commands.has(wordOf(line))) return undefined
  const kinds = commands.answer.options ?? {}
  const words = wordsOf(`--${line}`)
  return countOptions(words, kinds) === words.length ? takeOptions(words, kinds).options : undefined
}

function understand(
  { command, options, args: words, text, named }: TypedCommand,
  facts: DeskFacts,
  orders: MailCommands,
  line: string,
  ticket: Ticket | undefined,
): MailCommand {
  if (command.about === 'ticket' && named === null && !ticket && words.length === 0) {
    throw new DeskError('usage', `Say which ticket, for example: ${command.word} ${facts.prefixes[0]}-12`)
  }
  const args = command.parse({ args: words, options }, facts)
  // Where the line holds no text, the text of the mail is what the command is about.
  const takesText = command.body === 'required' && text === ''
  const body = takesText ? orders.text : text
  if (takesText) orders.text = ''
  return { line, named, command, options, args, body }
}
