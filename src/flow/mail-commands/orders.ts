import type { InboundMessage } from '../../channel.ts'
import {
  type Call,
  type Command,
  type Commands,
  type DeskFacts,
  lockTickets,
  optionsOf,
  type SettleCommand,
  type WriteCommand,
} from '../../commands/command/command.ts'
import { tellAgents } from '../../commands/command/notify.ts'
import { seqOfKept } from '../../commands/talk/kept.ts'
import { quoted } from '../../commands/talk/unseen.ts'
import { aboveMarker, writtenIn } from '../../core/mail/visible.ts'
import { wordsOf } from '../../core/text/command-line.ts'
import { countOptions, NO_OPTIONS, Options, takeOptions } from '../../core/text/options.ts'
import { ordersIn } from '../../core/text/order-lines.ts'
import { withoutBlankEnds } from '../../core/text/plain-text.ts'
import { wordOf } from '../../core/text/typed-line.ts'
import { isBelieved } from '../../core/ticket/sender.ts'
import { formatShown } from '../../core/ticket/shown.ts'
import { DeskError, sentenceOf } from '../../errors.ts'
import type { Sql, Tx } from '../../store/engine/sql.ts'
import { messageById } from '../../store/messages.ts'
import type { OutboxEntry } from '../../store/outbox.ts'
import { type Person, personByIdentity } from '../../store/people.ts'
import { type Ticket, ticketById } from '../../store/tickets.ts'
import type { Context, Intake, Origin } from '../context.ts'
import { contentsOf } from '../intake/arriving.ts'
import { answeredMail, changing, type Seen, seenIn } from '../intake/seen.ts'
import { decidable, rereadWaiting, settle } from '../intake/settle.ts'
import { isSent, leadsTo, readCommand, type TypedCommand } from '../read-command.ts'
import { knownOrders, refuseLeak } from './leak.ts'
import { isTooLong, orderLines, ownText, TOO_LONG } from './own-text.ts'

/** What an agent's mail asks for, understood or not; none of it is done yet. */
export interface Orders {
  /** As they were written. */
  lines: string[]
  steps: Step[]
  /** What cannot be understood, one sentence each. Then nothing is done. */
  mistakes: string[]
  /** The text of the mail without them, and without what they took of it. */
  text: string
  /** Options of the answer that stand on lines of their own, such as `!anyway`. */
  options: Options
  /** What became of steps that were done before the answer. */
  became: string[]
  /** The mail of ours that it answers. */
  told: OutboxEntry | undefined
}

/** One command of a mail. */
export interface Step {
  line: string
  /** The ticket that it names, if it does. */
  named: number | null
  command: Command
  options: Options
  args: never
  body: string
}

/** The commands in an agent's mail; null if there are none. `ticket`: the one that it is about. */
export async function readOrders(
  sql: Sql,
  { context, facts, keys }: Intake,
  message: InboundMessage,
  ticket: Ticket | undefined,
): Promise<Orders | null> {
  if (message.kind !== 'person' || message.sentByHand) return null
  const own = ownText(message)
  const { lines, text } = orderLines(keys, message)
  if (lines.length === 0) return null
  // What is shown of another mail stays with the text, and is never read for commands.
  const shown = message.forwarded ? '' : aboveMarker(message.visible).slice(own.length).trim()
  const whole = [withoutBlankEnds(writtenIn(text)), shown].filter(Boolean).join('\n\n')
  const told = await answeredMail(sql, keys, message)
  if (isTooLong(message)) {
    return { lines, steps: [], mistakes: [TOO_LONG], text, options: NO_OPTIONS, became: [], told }
  }
  const orders: Orders = { lines, steps: [], mistakes: [], text: whole, options: NO_OPTIONS, became: [], told }
  const place = { sql, facts, commands: context.commands, ticket, isMail: true }
  for (const line of lines) {
    try {
      const option = ticket && optionOfAnswer(context.commands, line)
      if (option) {
        orders.options = orders.options.and(option)
        continue
      }
      const step = understand(await readCommand(place, line), facts, orders, line, ticket)
      await refuseLeak(sql, facts, step, message, ticket, knownOrders(context.commands))
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
    const again = await readCommand(place, await lineOfAnyway(sql, orders, ticket))
    orders.steps.push(understand(again, facts, orders, given, ticket))
  } else if (isAlone) {
    orders.mistakes.push(`!${given}: it goes with an answer, so write both in one mail.`)
  }
  for (const step of orders.steps) step.options = step.options.and(orders.options.of(optionsOf(step.command)))
  return orders
}

/**
 * A note often goes on below a blank line, as mail programs part paragraphs: of a text that stands directly below a note,
 * nobody can tell whether it is still that, so it must not leave.
 */
export function refuseBelowNote(message: InboundMessage, orders: Orders): void {
  const own = ownText(message)
  const [begun = ''] = orders.text.split('\n', 1)
  const above = ordersIn(own.slice(0, own.indexOf(begun))).lines.at(-1)
  const step = orders.steps.find(({ line }) => line === above)
  if (!orders.text || !step || step.command.body !== 'required' || isSent(step.command, step.options)) return
  const sentence = `Below it stands more text, which may go on with it or be your answer. If it goes on, write !${step.command.word} alone on the first line and all of the text below; if it is your answer, put this line below the answer.`
  orders.mistakes.push(`!${step.line}: ${sentence}`)
}

/** What sends the answer that was kept: the one of which the mail that this answers told. */
async function lineOfAnyway(sql: Sql, { told }: Orders, ticket: Ticket): Promise<string> {
  const kept = told?.kind === 'notify-refused' && told.messageId ? await messageById(sql, told.messageId) : undefined
  const seq = kept && (await seqOfKept(sql, kept))
  const place = seq === undefined ? undefined : await ticketById(sql, kept?.ticketId ?? '')
  return place ? `reply ${place.ref} --anyway --read ${seq}` : `reply ${ticket.ref} --anyway`
}

/** Its text goes to the requester. */
function isAnswer({ command, options }: Step): boolean {
  return isSent(command, options)
}

/** The option of an answer that a line is nothing but: `!anyway`, `!read 17`. Undefined for any other. */
function optionOfAnswer(commands: Commands, line: string): Options | undefined {
  if (commands.has(wordOf(line))) return undefined
  const kinds = commands.find('reply').options ?? {}
  const words = wordsOf(`--${line}`)
  return countOptions(words, kinds) === words.length ? takeOptions(words, kinds).options : undefined
}

function understand(
  { command, options, args: words, text, named }: TypedCommand,
  facts: DeskFacts,
  orders: Orders,
  line: string,
  ticket: Ticket | undefined,
): Step {
  if (command.usage.startsWith('TICKET') && named === null && !ticket && words.length === 0) {
    throw new DeskError('usage', `Say which ticket: ${command.word} ${facts.prefixes[0]}-12`)
  }
  const args = command.parse({ args: words, options }, facts)
  // Where the line holds no text, the text of the mail is what the command is about.
  const takesText = command.body === 'required' && text === ''
  const body = takesText ? orders.text : text
  if (takesText) orders.text = ''
  return { line, named, command, options, args, body }
}

/**
 * Does what an agent's mail asks for, first of all what it says of who reads its answer; gives a line for each command
 * with what became of it.
 */
export async function carryOutOrders(
  tx: Tx,
  intake: Intake,
  origin: Origin,
  orders: Orders,
  actor: Person,
  attachments: Call['attachments'],
): Promise<string[]> {
  const files = stepWithFiles(orders)
  const seen = await seenIn(tx, orders.told)
  const refusal = await changing(tx, intake.facts, seen, () => changeReaders(tx, intake, origin, orders, actor))
  const results = [...orders.became]
  for (const given of orders.steps) {
    const isLeft = isAnswer(given) && refusal !== null
    if (isLeft)
      results.push(`!${given.line}: Nothing was sent, as who reads it could not be changed:\n\n${quoted(given.body)}`)
    if (isLeft) continue
    const step = isAnswer(given) && seen ? await asSeen(tx, intake, given, seen) : given
    const { line, command, options, args, body } = step
    const call: Call = {
      ...intake.facts,
      actor,
      channel: origin.channel,
      sign: '!',
      options,
      body,
      attachments: given === files ? attachments : [],
    }
    const became = await outcomeOf(tx, intake, command, call, args)
    results.push(became.includes('\n') ? `!${line}:\n\n${became}\n` : `!${line}: ${became}`)
  }
  return results
}

/** An answer leaves if nothing changed since the mail of ours that its own answers, whatever else was told meanwhile. */
async function asSeen(sql: Sql, { facts }: Intake, step: Step, { named, ticket, shown }: Seen): Promise<Step> {
  const { command } = step
  const [number = 0] = 'tickets' in command ? command.tickets(step.args) : []
  if (step.options.has('anyway') || step.options.has('read') || !(await leadsTo(sql, number, ticket))) return step
  const options = step.options.and(new Options([['read', formatShown(shown)]]))
  return { ...step, options, args: command.parse({ args: [named.ref], options }, facts) }
}

const CHANGE_READERS: ReadonlySet<string> = new Set(['invite', 'uninvite'])

/**
 * Does what a mail says of who reads its own answer, before that leaves. Gives why the answer must not leave: null if all
 * of it could be done.
 */
export async function changeReaders(
  tx: Tx,
  intake: Intake,
  { channel }: Origin,
  orders: Orders,
  actor: Person,
): Promise<string | null> {
  const failed: string[] = []
  const first = orders.steps.filter(({ command }) => CHANGE_READERS.has(command.word))
  for (const { line, command, options, args, body } of first) {
    const call: Call = { ...intake.facts, actor, channel, options, body, attachments: [] }
    const became = await run(tx, intake, command, call, args).catch(error => {
      failed.push(`!${line}: ${sentenceOfRefusal(error)}`)
      return sentenceOfRefusal(error)
    })
    orders.became.push(`!${line}: ${became}`)
  }
  orders.steps = orders.steps.filter(step => !first.includes(step))
  if (failed.length === 0) return null
  return `Who reads your answer could not be changed as you asked, so it was kept as an internal note and sent to nobody.\n${failed.join('\n')}`
}

/** Which command the files of the mail go with: a note before an answer, so that none leaves that was meant for it. */
function stepWithFiles({ steps }: Orders): Step | undefined {
  const withText = steps.filter(({ command }) => command.body === 'required')
  return withText.find(({ command }) => command.word !== 'reply') ?? withText[0]
}

/** A command throws before its first write or not at all, so that the others are not hurt by one that fails. */
async function outcomeOf(tx: Tx, intake: Intake, command: Command, call: Call, args: never): Promise<string> {
  try {
    return await run(tx, intake, command, call, args)
  } catch (error) {
    return sentenceOfRefusal(error)
  }
}

/** What a command that was refused says; whatever else went wrong goes on. */
function sentenceOfRefusal(error: unknown): string {
  if (error instanceof DeskError && error.code !== 'unsound' && error.code !== 'temporary') return error.message
  throw error
}

async function run(tx: Tx, intake: Intake, command: Command, call: Call, args: never): Promise<string> {
  if ('reads' in command) return (await command.reads(tx, call, args)).text
  if ('settles' in command) {
    const { arrivals, decision } = (command as SettleCommand<never>).settles(args)
    const texts: string[] = []
    for (const number of arrivals) {
      const settled = settle(tx, intake, call, number, decision, intake.reread.get(number))
      texts.push(await settled.then(({ text }) => text, sentenceOfRefusal))
    }
    return texts.join(' ')
  }
  const write = command as WriteCommand<never>
  for (let held = false; !held; ) held = await lockTickets(tx, write.tickets(args))
  return (await write.writes(tx, call, args)).text
}

/** Tells an agent what became of the commands in a mail. */
export async function tellOfOrders(
  tx: Tx,
  intake: Intake,
  origin: Origin,
  actor: Person,
  ticket: Ticket | undefined,
  lines: readonly string[],
): Promise<void> {
  const self = intake.facts.agents.filter(agent => agent.id === actor.id)
  const about = ticket ? { ticketId: ticket.id } : {}
  const draft = { kind: 'notify-commands', purpose: 'internal', channel: ticket?.channel ?? origin.channel } as const
  await tellAgents(tx, intake.facts, self, { ...draft, ...about, note: lines.join('\n') })
}

const DECIDES = /^(?:join|open)\s+m?-?(\d{1,12})\b/gim
const SEEMS_TO_DECIDE = /\b(?:join|open)\s+m?-?\d/i
const MOST = 5 // of one mail

/** Messages that agents' mails in a group decide on, read before the transaction, which cannot wait for that. */
export async function rereadOrdered(
  context: Context,
  group: readonly { channel: string; message: object }[],
): Promise<Map<number, InboundMessage>> {
  const reread = new Map<number, InboundMessage>()
  for (const { channel, message } of group) {
    if (!('visible' in message)) continue
    const { from, authentication, visible, forwarded } = message as InboundMessage
    if (!SEEMS_TO_DECIDE.test(visible) && !SEEMS_TO_DECIDE.test(forwarded?.comment ?? '')) continue // as nearly all
    if (!from || !isBelieved(authentication.result)) continue
    const kind = context.channels.get(channel)?.kind ?? 'email'
    if (!(await personByIdentity(context.store.read, kind, from.address))?.handle) continue
    const asked = ordersIn(ownText(message as InboundMessage)).lines.join('\n')
    const numbers = [...asked.matchAll(DECIDES)].slice(0, MOST).map(found => Number(found[1]))
    for (const number of numbers.filter(each => !reread.has(each))) {
      const found = await decidable(context.store.read, number)
        .then(waiting => rereadWaiting(context, waiting))
        .catch(() => undefined) // whatever is wrong is told when the command is carried out
      if (!found) continue
      for (const content of contentsOf(found)) await context.files.keep(content)
      reread.set(number, found)
    }
  }
  return reread
}
