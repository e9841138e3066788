// Reads the commands in an agent's mail.
import type { InboundMessage } from '../../channel/message.ts'
import { type Commands, type DeskFacts, isSent, optionsOf } from '../../commands/command/command.ts'
import { unsentSeqOf } from '../../commands/talk/find-unsent.ts'
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
  const commands = await readMailCommands(sql, intake, mail, ticket)
  if (commands && mail.proof?.by === 'token') {
    for (const step of commands.steps) {
      const refusal = await beyondProof(sql, mail.proof.alone, step)
      if (refusal !== null) commands.mistakes.push(`!${step.line}: ${refusal}`)
    }
  }
  return commands
}

/** Whether lines that cannot be understood were meant as commands: a word near to one, or a ticket that is named. */
export function areIntended({ context, facts }: Intake, lines: readonly string[]): boolean {
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
  const typedText = ownText(message)
  const { lines, text } = commandLinesOf(keys, message)
  if (lines.length === 0) return null
  // What is shown of another mail stays with the text, and is never read for commands.
  const shown = message.mail.forwarded ? '' : aboveMarker(message.visible).slice(typedText.length).trim()
  const whole = [withoutBlankEnds(writtenIn(text)), shown].filter(Boolean).join('\n\n')
  const answeredMail = answered[0]?.sent
  if (isTooLong(message)) {
    return { lines, steps: [], mistakes: [TOO_LONG], text, options: NO_OPTIONS, results: [], answeredMail }
  }
  const commands: MailCommands = {
    lines,
    steps: [],
    mistakes: [],
    text: whole,
    options: NO_OPTIONS,
    results: [],
    answeredMail,
  }
  const place = { sql, facts, commands: context.commands, ticket, isMail: true }
  for (const line of lines) {
    try {
      const option = ticket && optionOfAnswer(context.commands, line)
      if (option) {
        commands.options = commands.options.and(option)
        continue
      }
      const step = understand(await readCommand(place, line), facts, commands, line, ticket)
      await refuseLeak(sql, facts, step, message, ticket, knownCommands(context.commands))
      commands.steps.push(step)
    } catch (error) {
      if (!(error instanceof DeskError)) throw error
      commands.mistakes.push(`!${line}: ${sentenceOf(error)}`)
    }
  }
  // Options of an answer without one are about the answer that was kept before.
  const optionLine = commands.options.toString().replace(/^--/, '')
  const isAlone = optionLine !== '' && commands.text === '' && !commands.steps.some(isAnswer) && !message.sealed
  if (isAlone && commands.options.has('anyway') && ticket) {
    const again = await readCommand(place, await lineOfAnyway(sql, context.commands, commands, ticket))
    commands.steps.push(understand(again, facts, commands, optionLine, ticket))
  } else if (isAlone) {
    commands.mistakes.push(`!${optionLine}: it only works together with an answer, so write both in one mail.`)
  }
  for (const step of commands.steps) step.options = step.options.and(commands.options.of(optionsOf(step.command)))
  return commands
}

/**
 * A note often goes on below a blank line, as mail programs part paragraphs: of a text that stands directly below a note,
 * nobody can tell whether it is still that, so it must not leave.
 */
export function refuseBelowNote(message: InboundMessage, commands: MailCommands): void {
  const typedText = ownText(message)
  const [firstLine = ''] = commands.text.split('\n', 1)
  const above = findCommandLines(typedText.slice(0, typedText.indexOf(firstLine))).lines.at(-1)
  const step = commands.steps.find(({ line }) => line === above)
  if (!commands.text || !step || step.command.body !== 'required' || isSent(step.command, step.options)) return
  const sentence = `There is more text below it, which could be part of it or could be your answer. If it is part of it, write just !${step.command.word} on the first line and all of the text below. If it is your answer, put this line below the answer.`
  commands.mistakes.push(`!${step.line}: ${sentence}`)
}

/** What sends the answer that was kept: the one of which the mail that this answers told. */
async function lineOfAnyway(
  sql: Sql,
  { answer }: Commands,
  { answeredMail }: MailCommands,
  ticket: Ticket,
): Promise<string> {
  const message =
    answeredMail?.kind === 'notify-refused' && answeredMail.messageId
      ? await messageById(sql, answeredMail.messageId)
      : undefined
  const seq = message && (await unsentSeqOf(sql, message))
  const place = seq === undefined ? undefined : await ticketById(sql, message?.ticketId ?? '')
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
  commands: MailCommands,
  line: string,
  ticket: Ticket | undefined,
): MailCommand {
  if (command.about === 'ticket' && named === null && !ticket && words.length === 0) {
    throw new DeskError('usage', `Say which ticket, for example: ${command.word} ${facts.prefixes[0]}-12`)
  }
  const args = command.parse({ args: words, options }, facts)
  // Where the line holds no text, the text of the mail is what the command is about.
  const takesText = command.body === 'required' && text === ''
  const body = takesText ? commands.text : text
  if (takesText) commands.text = ''
  return { line, named, command, options, args, body }
}
