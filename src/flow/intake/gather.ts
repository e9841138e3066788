// Gathers all that is known of a message, so that it can be decided.
import type { InboundMessage } from '../../channel/message.ts'
import { isAlike } from '../../core/intake/chat-decision.ts'
import { countersOf } from '../../core/intake/flood-limits.ts'
import { type AnsweredMail, believedByToken, claimsOf, type Proof, proofOf } from '../../core/intake/proof.ts'
import { countedAs, trustOf } from '../../core/intake/sender-trust.ts'
import type { ChatSituation, CommandSituation, SenderJudgement, Situation } from '../../core/intake/situation.ts'
import { isListed } from '../../core/intake/spam-signs.ts'
import type { Clue } from '../../core/intake/threading.ts'
import { isOverFor } from '../../core/ticket/history-lines.ts'
import { isDone } from '../../core/ticket/ticket-state.ts'
import { type TokenClaim, tokensIn, verifyToken } from '../../core/ticket/token.ts'
import { isAgent, may } from '../../people/access.ts'
import { chatRow, rowKey } from '../../store/chat-rows.ts'
import { recall } from '../../store/engine/memory.ts'
import type { Sql } from '../../store/engine/sql.ts'
import { firstMessage } from '../../store/messages.ts'
import { type OutboxEntry, outboxByNumbers, recipientsByNumber } from '../../store/outbox.ts'
import { everParticipants } from '../../store/participants.ts'
import type { Person } from '../../store/people.ts'
import { ratesOf } from '../../store/rates.ts'
import { currentTicket, ticketsByIds } from '../../store/tickets.ts'
import { type Intake, judgementOf, knownPerson, type Origin, personByOther } from '../context.ts'
import type { MailCommands } from '../mail-commands/mail-command.ts'
import { commandLinesOf } from '../mail-commands/own-text.ts'
import { areIntended, readConfirmedCommands } from '../mail-commands/read-mail-commands.ts'
import { type BouncedMail, bouncedMail, cluesOf, noticeKey } from './clues.ts'

/** A situation with what is needed to write what comes of it. */
export interface IntakeSituation extends Situation {
  origin: Origin
  /** The mail of ours that the message answers: what it answers first, then what it was sent to. */
  answered: readonly AnsweredMail<OutboxEntry>[]
  proof: Proof<OutboxEntry> | null
  /** Whoever has the address of the sender; undefined: nobody yet. */
  person: Person | undefined
  /** Of a bounce: the mail of ours that it is about. */
  bounced: BouncedMail | undefined
  /** An agent's commands, read as they stand, about no ticket. */
  commandsAlone: MailCommands | null
}

/** The message, with what its tokens say of its sender where its domain signed only a part of it. */
export async function believedMessage(
  sql: Sql,
  intake: Intake,
  { kind }: Origin,
  message: InboundMessage,
): Promise<InboundMessage> {
  const { authentication, from } = message
  if (!authentication.partly || !from) return message
  const sender = await knownPerson(sql, intake, kind, from.address)
  const answered = await answeredMail(sql, claimsOf(intake.keys, message))
  return believedByToken(message, answered, isAgent(sender))
}

/** Gathers the situation of a message that is believed as far as `believedMessage` says. */
export async function gatherSituation(
  sql: Sql,
  intake: Intake,
  origin: Origin,
  message: InboundMessage,
): Promise<IntakeSituation> {
  const { facts, keys, context } = intake
  const { kind } = origin
  const claims = claimsOf(keys, message)
  const answered = await answeredMail(sql, claims)
  const person = message.from ? await writerOf(sql, intake, origin, message, message.from.address) : undefined
  const proof = proofOf(message, answered)
  const bounced = message.kind === 'bounce' ? await bouncedMail(sql, facts, message, answered) : undefined
  const clues = await cluesOf(sql, facts, origin.channel, message, answered, bounced)
  const chat = await gatherChat(sql, intake, origin, message, clues)
  const mayCommand = message.kind === 'person' && !message.mail.sentByHand && may(person, 'work', 'installation')
  const commandsAlone = mayCommand
    ? await readConfirmedCommands(sql, intake, { message, answered, proof }, undefined)
    : null
  const counters = countersOf(message, isAgent(person), proof, context.floods)
  const keysOfCounters = [...counters.open, ...counters.append].map(each => each.key)
  return {
    origin,
    message,
    kind,
    isOwn: isOwnMessage(intake, message),
    isOurs: facts.isOurs,
    bearsToken: claims.length > 0,
    answered,
    clues,
    tickets: await gatherTickets(sql, intake, origin, message, clues),
    person,
    sender: person ? { id: person.id, isAgent: isAgent(person) } : null,
    proof,
    bounced,
    chat,
    forwardsStranger: isAgent(person) && (await forwardsStranger(sql, intake, origin, message)),
    commandsAlone,
    commands: commandsAlone && commandSituation(intake, message, commandsAlone),
    senderJudgement: await judgementOn(sql, intake, origin, message),
    counts: await ratesOf(sql, keysOfCounters, facts.at),
    scan: intake.scans.get(message.id) ?? null,
    counters,
    ignoresNewsletters: context.machines.newsletters === 'ignore',
  }
}

/** The mail of ours that these tokens belong to, in their order. */
async function answeredMail(sql: Sql, claims: readonly TokenClaim[]): Promise<AnsweredMail<OutboxEntry>[]> {
  const numbers = claims.map(each => each.number)
  const sent = new Map((await outboxByNumbers(sql, numbers)).map(each => [each.number, each]))
  const recipients = await recipientsByNumber(sql, [...sent.keys()])
  return claims.flatMap(({ number, purpose }) => {
    const mail = sent.get(number)
    return mail ? [{ purpose, sent: mail, recipients: recipients.get(number) ?? [] }] : []
  })
}

/** It came back: its id, or what else its sender knows it by, bears a token of ours. */
function isOwnMessage({ keys }: Intake, { messageId, mail: { marks = [] } }: InboundMessage): boolean {
  return [messageId ?? '', ...marks].flatMap(tokensIn).some(token => verifyToken(keys, token))
}

/** Who has this address, or another one for which the transport vouches. */
async function writerOf(
  sql: Sql,
  intake: Intake,
  { kind }: Origin,
  { alsoKnownAs = [] }: InboundMessage,
  address: string,
): Promise<Person | undefined> {
  return (await knownPerson(sql, intake, kind, address)) ?? (await personByOther(sql, alsoKnownAs))
}

async function gatherTickets(
  sql: Sql,
  { facts, context }: Intake,
  { kind }: Origin,
  { from }: InboundMessage,
  clues: readonly Clue[],
): Promise<Situation['tickets']> {
  const ids = [...new Set(clues.map(each => each.ticketId))]
  const people = Map.groupBy(await everParticipants(sql, ids), each => each.ticketId)
  const tickets = await ticketsByIds(sql, ids)
  return new Map(
    tickets.map(ticket => {
      const all = people.get(ticket.id) ?? []
      const participants = all.filter(each => each.leftAt === null)
      const isSenderRemoved = all.some(
        each => each.leftAt !== null && each.kind === kind && each.address === from?.address,
      )
      const isOver = isOverFor(ticket, facts.at, context.policy.reopenWithin)
      return [ticket.id, { participants, isSenderRemoved: isSenderRemoved, isOver }]
    }),
  )
}

/** Null for mail, and for what no person wrote. */
async function gatherChat(
  sql: Sql,
  intake: Intake,
  { channel }: Origin,
  message: InboundMessage,
  clues: readonly Clue[],
): Promise<ChatSituation | null> {
  const { from, kind, id, chat } = message
  if (chat?.thread === undefined || !from || kind !== 'person') return null
  const mayAnswerNotice = id !== chat?.thread && !clues.some(clue => clue.by === 'thread')
  return {
    answersNotice: mayAnswerNotice && (await recall(sql, channel, noticeKey(chat?.thread))) !== undefined,
    before: chat?.row ? await lineBefore(sql, intake, channel, message, chat?.row.key) : null,
  }
}

/** What the same person wrote in the same place before this. */
async function lineBefore(
  sql: Sql,
  { facts }: Intake,
  channel: string,
  message: InboundMessage,
  key: string,
): Promise<ChatSituation['before']> {
  const row = await chatRow(sql, rowKey(channel, key))
  const ticket = row && (await currentTicket(sql, row.ticketId))
  if (!row || !ticket) return null
  const first = await firstMessage(sql, ticket.id)
  const agoMs = Date.parse(message.sentAt ?? facts.at) - Date.parse(row.at)
  return {
    ticketId: ticket.id,
    agoMs: Math.max(0, agoMs),
    open: !isDone(ticket.state),
    alike: isAlike(message.visible, `${ticket.subject} ${first?.visible ?? first?.text ?? ''}`),
  }
}

/** It forwards a mail of neither the desk nor an agent: what they wrote is not recorded for somebody else. */
async function forwardsStranger(
  sql: Sql,
  intake: Intake,
  { kind }: Origin,
  { mail: { forwarded } }: InboundMessage,
): Promise<boolean> {
  if (!forwarded || intake.facts.isOurs(forwarded.from.address)) return false
  return !isAgent(await knownPerson(sql, intake, kind, forwarded.from.address))
}

function commandSituation(intake: Intake, message: InboundMessage, commands: MailCommands): CommandSituation {
  const { lines, text } = commandLinesOf(intake.keys, message)
  return {
    hasText: text !== '',
    areIntended: areIntended(intake, lines),
    alone: { hasText: commands.text !== '', areUnderstood: commands.mistakes.length === 0 },
  }
}

/** What is known of the sender, or of the list that a message without one came through. */
async function judgementOn(
  sql: Sql,
  intake: Intake,
  { kind }: Origin,
  { from, authentication, mail: { through } }: InboundMessage,
): Promise<SenderJudgement> {
  const lists = through?.lists ?? []
  const sender = from?.address ?? lists[0]
  if (sender === undefined) return { isBlocked: false, isAllowed: false, verdict: null }
  const { senders } = intake.context
  // What was said of mail in their name that nothing confirms holds nothing that is.
  const verdict =
    (await judgementOf(sql, intake, kind, countedAs(sender, trustOf(authentication.result)))) ??
    (await judgementOf(sql, intake, kind, sender))
  return {
    isBlocked: [sender, ...lists].some(address => isListed(address, senders.block)),
    isAllowed: isListed(sender, senders.allow),
    verdict: verdict ?? null,
  }
}
