// What shows that a message is of whom it names.
import type { InboundMessage } from '../../channel/message.ts'
import type { TokenKey } from '../../core/ticket/token.ts'
import { isAgent } from '../../people/access.ts'
import { arrivalByNumber } from '../../store/arrivals.ts'
import type { Sql, Tx } from '../../store/engine/sql.ts'
import { isToldOf } from '../../store/held-notices.ts'
import { markSeen, type OutboxEntry, outboxByNumber, recipientsOf } from '../../store/outbox.ts'
import type { Person } from '../../store/people.ts'
import { currentTicket, ticketIdByNumber } from '../../store/tickets.ts'
import { type Intake, knownPerson, type Origin } from '../context.ts'
import type { MailCommand } from '../mail-commands/mail-command.ts'
import { claimsOf } from './clues.ts'

/** What shows that a message is of whom it names. */
export type Proof =
  /** The domain of its sender, or the transport. */
  | { by: 'transport' }
  /** Mail of ours that it answers, and that its sender got; `alone`: that nobody else got. */
  | { by: 'token'; sent: OutboxEntry[]; alone: OutboxEntry[] }

/** Null where nothing shows it, or something speaks against it. */
export async function proofOf(sql: Sql, keys: readonly TokenKey[], message: InboundMessage): Promise<Proof | null> {
  const { authentication, thread, sentByHand, from } = message
  if (authentication.result === 'pass' || thread !== undefined || sentByHand) return { by: 'transport' }
  if (authentication.result !== 'none' || !from) return null
  const got: Extract<Proof, { by: 'token' }> = { by: 'token', sent: [], alone: [] }
  for (const claim of claimsOf(keys, message)) {
    const sent = await outboxByNumber(sql, claim.number)
    const recipients = sent && sent.seenAt === null ? await recipientsOf(sql, sent.id) : []
    if (!sent || !recipients.some(each => each.recipient === from.address)) continue
    got.sent.push(sent)
    if (recipients.length === 1) got.alone.push(sent)
  }
  return got.sent.length > 0 ? got : null
}

/**
 * What the sender's domain signed only partly says nothing against them: where a secret of ours went to them, it counts as
 * in mail that nobody checked.
 */
export async function withSecret(
  sql: Sql,
  intake: Intake,
  { kind }: Origin,
  message: InboundMessage,
): Promise<InboundMessage> {
  const { authentication, from } = message
  if (!authentication.partly || !from) return message
  const unchecked: InboundMessage = { ...message, authentication: { result: 'none', reasons: authentication.reasons } }
  const sender = await knownPerson(sql, intake, kind, from.address)
  const proof = await proofOf(sql, intake.keys, unchecked)
  return isShown(proof, { handle: sender?.handle ?? null }) ? unchecked : message
}

/** Whether the proof is one: of an agent's words, which count among agents, nobody else may have had it. */
export function isShown(proof: Proof | null, sender: Pick<Person, 'handle'>): boolean {
  if (proof?.by !== 'token') return proof !== null
  return !isAgent(sender) || proof.alone.length > 0
}

/** Whether a message bears a token of ours, whoever it was issued to. */
export function bearsToken(keys: readonly TokenKey[], message: InboundMessage): boolean {
  return claimsOf(keys, message).length > 0
}

/**
 * Why a command is more than the mail confirms that it answers: that stands for its own ticket, and a notification of
 * held messages for those. What only looks is told to the agent alone, and needs no ticket. Null if it may be done.
 */
export async function beyondProof(sql: Sql, alone: readonly OutboxEntry[], step: MailCommand): Promise<string | null> {
  const own = new Map<string, string>()
  for (const { ticketId } of alone) {
    const ticket = ticketId === null ? undefined : await currentTicket(sql, ticketId)
    if (ticket) own.set(ticket.id, ticket.ref)
  }
  const isOwn = async (number: number) => {
    const id = await ticketIdByNumber(sql, number)
    const ticket = id === undefined ? undefined : await currentTicket(sql, id)
    return ticket === undefined || own.has(ticket.id) // of none there is, the command says so itself
  }
  const refs = [...own.values()]
  const only = refs.length > 0 ? `for ${refs.join(' and ')} alone` : 'for what that mail tells of alone'
  const refusal = `nothing confirms that you wrote this but the mail of ours that it answers, and that counts ${only}. Answer a mail about what you mean, or write from an address that your mail server confirms.`
  const { command, args, named } = step
  if ('settles' in command) {
    const { arrivals, decision } = command.settles(args)
    for (const number of arrivals) {
      const arrival = await arrivalByNumber(sql, number)
      if (!arrival) continue
      const waitsFor = arrival.ticketId === null ? undefined : await currentTicket(sql, arrival.ticketId)
      const told = await isToldOf(
        sql,
        alone.map(each => each.id),
        number,
      )
      if (!told && !(waitsFor && own.has(waitsFor.id))) return refusal
      const target = decision.action === 'join' ? decision.ticket : null
      const targetId = target === null ? undefined : await ticketIdByNumber(sql, target)
      const into = targetId === undefined ? undefined : await currentTicket(sql, targetId)
      if (into && into.id !== waitsFor?.id && !own.has(into.id)) return refusal
    }
    return null
  }
  const numbers = 'reads' in command ? (named === null ? [] : [named]) : [...command.tickets(args)]
  if (!('reads' in command) && numbers.length === 0) return refusal
  for (const number of numbers) if (!(await isOwn(number))) return refusal
  return null
}

/**
 * Others than the agent who got a notification know its token by now: they use it, or whoever does has others on To or Cc,
 * who see it. What names it from now on may be theirs.
 */
export async function noteSeenTokens(tx: Tx, { keys, facts }: Intake, message: InboundMessage): Promise<void> {
  const { from, thread, kind, to, cc } = message
  if (!from || thread !== undefined || kind !== 'person') return
  const others = [...to, ...cc].some(({ address }) => address !== from.address && !facts.isOurs(address))
  const known: string[] = []
  for (const { number, purpose } of claimsOf(keys, message)) {
    const sent = purpose === 'requester' ? undefined : await outboxByNumber(tx, number)
    if (!sent || sent.seenAt !== null) continue
    const isTheirs = (await recipientsOf(tx, sent.id)).some(each => each.recipient === from.address)
    if (others || !isTheirs) known.push(sent.id)
  }
  await markSeen(tx, known, facts.at)
}
