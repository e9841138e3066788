// A message on its way into a ticket: who wrote it, and how far that is sure.
import type { Address, InboundMessage } from '../../channel/message.ts'
import type { DeskFacts } from '../../commands/command/command.ts'
import { isShown, type Proof, proofOf } from '../../core/intake/proof.ts'
import { isBelieved, nothingConfirms, senderDoubt, type Trust, trustOf } from '../../core/intake/sender-trust.ts'
import type { Decision } from '../../core/intake/threading.ts'
import { oneLine, plainName } from '../../core/text/address.ts'
import { isOld } from '../../core/ticket/policy.ts'
import type { Outcome } from '../../outcome.ts'
import { isAgent } from '../../people/access.ts'
import { newId } from '../../store/engine/id.ts'
import type { Tx } from '../../store/engine/sql.ts'
import type { NewMessage } from '../../store/messages.ts'
import { type PreparedMessage, prepareMessage } from '../../store/messages.ts'
import type { Person } from '../../store/people.ts'
import type { Change } from '../../store/tickets.ts'
import { type Intake, meet, type Origin } from '../context.ts'
import type { MailCommands } from '../mail-commands/mail-command.ts'
import type { BouncedMail } from './clues.ts'
import type { IntakeSituation } from './gather.ts'

/** Stands for whoever wrote a message without a sender; such a ticket has no address until one is invited. */
const NOBODY: Address = { address: 'nobody@sender.invalid', name: 'Unknown sender' }

/** Of one that came through a list, nobody else: two who have the same name there may be two. */
function nobody({ id, mail: { through } }: InboundMessage): Address {
  if (!through) return NOBODY
  const name = `${through.name || 'Somebody'} through ${through.lists[0]}`
  return { address: `${id.slice(0, 32)}@sender.invalid`, name: oneLine(name) }
}

/** What a message became, for its arrival. */
export interface IntakeResult {
  outcome: Outcome
  ticketId: string | null
  messageId: string | null
  acknowledgement: string | null
  /** Reference of the ticket. */
  ref: string | null
}

export type Append = Extract<Decision, { action: 'append' }>

/** A message on its way into a ticket. */
export interface IncomingMessage {
  intake: Intake
  origin: Origin
  message: InboundMessage
  sender: Person
  change: Change
  /** Reached the organisation so long ago that nobody is told. */
  old: boolean
  /** What an agent's mail asks for beside its text. */
  commands: MailCommands | null
  /** What shows that the sender wrote it; null: nothing does. */
  proof: Proof | null
  /** The mail of ours that it answers. */
  answered: IntakeSituation['answered']
  /** Of a bounce: the mail of ours that it is about. */
  bounced: BouncedMail | undefined
  /** What its readers are told of that; null where there is nothing to tell. */
  doubt: string | null
}

export async function incomingMessage(
  tx: Tx,
  intake: Intake,
  { origin, message, answered, bearsToken, bounced }: IntakeSituation,
  { commands = null, opens = false }: { commands?: MailCommands | null; opens?: boolean } = {},
): Promise<IncomingMessage> {
  const { facts, context } = intake
  const writer = { kind: origin.kind, ...(writerOf(message) ?? nobody(message)) }
  const sender = await meet(tx, intake, writer, isVouched(message), message.alsoKnownAs)
  const old = isOld(message.reachedAt, context.clock.now(), context.acknowledgeWithin)
  const change = { at: facts.at, actorId: sender.id, channel: origin.channel }
  // What shows of whom a form came shows nothing of whoever filled it in.
  const proof = writerOf(message) === message.from ? proofOf(message, answered) : null
  // Of a report that bears a token of ours nobody asks who wrote it.
  const isReport = message.kind === 'bounce' && bearsToken
  const doubt = doubtOf(message, sender, isReport || isShown(proof, isAgent(sender)), opens)
  return { intake, origin, message, answered, bounced, sender, old, change, commands, proof, doubt }
}

/** A ticket that somebody opens is what they say it is; words on one that is there already are believed by others. */
function doubtOf(message: InboundMessage, sender: Person, shown: boolean, opens: boolean): string | null {
  const checked = senderDoubt(message.authentication)
  if (checked !== null || shown || message.alert) return checked
  if (opens && !isAgent(sender)) return null
  return nothingConfirms(plainName(oneLine(sender.name)) || (message.from?.address ?? NOBODY.name))
}

const MOST_COPIED = 50

/** Colleagues on To and Cc of a mail, each once; no address at which it came to us. */
export function othersOn(
  { from, mail: { to, cc, through, addressedTo } }: InboundMessage,
  { isOurs }: Pick<DeskFacts, 'isOurs'>,
): Address[] {
  const others = new Map([...to, ...cc].map(each => [each.address, each]))
  for (const nobody of [from?.address ?? '', ...(through?.lists ?? []), ...addressedTo]) others.delete(nobody)
  return [...others.values()].filter(each => !isOurs(each.address)).slice(0, MOST_COPIED)
}

/** Whoever filled in a form, not the program that sent it. */
export function writerOf({ bulk, replyTo, from }: InboundMessage): Address | null {
  return bulk === 'form' && replyTo && replyTo !== from?.address ? { address: replyTo, name: '' } : from
}

/** The domain of the sender vouches for the address, and no form wrote in another name. */
function isVouched({ authentication, bulk }: InboundMessage): boolean {
  return authentication.result === 'pass' && bulk !== 'form'
}

/** The row of a message that came in. */
export function messageRow({ message, sender, origin, change, intake }: IncomingMessage, ticketId: string): NewMessage {
  return {
    id: newId(),
    ticketId,
    direction: 'in' as const,
    authorId: sender.id,
    authorName: oneLine(message.from?.name || sender.name),
    authorAddress: message.from?.address ?? null,
    channel: origin.channel,
    externalId: message.messageId,
    subject: message.subject,
    text: message.text,
    visible: message.visible === message.text ? null : message.visible,
    kind: message.kind,
    sentAt: message.sentAt,
    storedAt: change.at,
    raw: message.raw.sha256,
    // In a chat everybody reads what is written there.
    copied: origin.kind === 'email' ? othersOn(message, intake.facts).map(each => each.address) : undefined,
  }
}

/** How far it is sure that its sender wrote it. */
export function trustIn({ message, proof, sender }: IncomingMessage): Trust {
  return trustOf(message.authentication.result, isShown(proof, isAgent(sender)))
}

/** Where the sender wants to be answered; never an address of ours. */
export function answerAddress(facts: DeskFacts, message: InboundMessage): string | null {
  const candidates = [isBelieved(message.authentication.result) ? message.replyTo : null, message.from?.address ?? null]
  return candidates.find(address => address !== null && !facts.isOurs(address)) ?? null
}

/** Ready to be stored on a ticket. */
export function prepareIncoming(entry: IncomingMessage, ticketId: string): PreparedMessage {
  return prepareMessage(messageRow(entry, ticketId), entry.message.attachments)
}
