// Gives each message that comes in its one outcome.
import type { Authentication, InboundMessage, LostMessage, Receipt, UnreadableMessage } from '../../channel/message.ts'
import { UNKNOWN } from '../../core/ticket/sender-trust.ts'
import type { Decision } from '../../core/ticket/threading.ts'
import { verdictOf } from '../../core/ticket/verdict.ts'
import {
  type Arrival,
  arrivalByExternalId,
  arrivalByFingerprint,
  countAgain,
  giveUpFingerprint,
  insertArrival,
  settleArrival,
} from '../../store/arrivals.ts'
import { saveBlob } from '../../store/blobs.ts'
import type { Sql, Tx } from '../../store/engine/sql.ts'
import { countRate } from '../../store/rates.ts'
import { raise } from '../alarm.ts'
import type { Intake, Origin } from '../context.ts'
import { type AgentCommands, NO_COMMANDS } from '../mail-commands/agent-commands.ts'
import type { PendingCommands } from '../mail-commands/mail-command.ts'
import { notifyOfCommands } from '../mail-commands/notify-author.ts'
import { openForwarded } from '../mail-commands/open-forwarded.ts'
import { notifyOfHeld } from '../outgoing/held-notice.ts'
import { sendStatus } from '../outgoing/send-status.ts'
import { appendMessage, type Placed } from './append-message.ts'
import { askWhereItBelongs } from './ask-belongs.ts'
import { type Decided, decideOn } from './decide.ts'
import { foldFlood } from './flood.ts'
import { type IntakeResult, wakes } from './incoming-message.ts'
import { describe, newArrival, refOf } from './new-arrival.ts'
import { openWith } from './open-ticket.ts'
import { noteSeenTokens, withSecret } from './proof.ts'
import { takeEarlyRevisions } from './revise.ts'

/** A message that has its outcome, and the commands in it that are carried out next. */
export interface Admitted {
  receipt: Receipt
  pending: PendingCommands | null
}

/** Gives a message its one outcome. Everything about it is written in this transaction. */
export async function admit(tx: Tx, intake: Intake, origin: Origin, arriving: InboundMessage): Promise<Admitted> {
  const message = await withSecret(tx, intake, origin, arriving)
  const again = await countAgain(tx, origin.channel, message.id)
  await saveBlob(tx, message.raw)
  // What could not be read before, or was too large, can be now: it comes in after all.
  const mended = again?.outcome.startsWith('quarantined:')
    ? await admitWaiting(tx, intake, origin, again, message, undefined)
    : undefined
  if (mended) return mended
  const externalId = again ? await overtakingId(tx, again, message) : message.id
  if (again && externalId === null)
    return { receipt: { outcome: 'duplicate', ref: await refOf(tx, again.ticketId) }, pending: null }
  const blank = await newArrival(tx, intake, origin, message)
  blank.externalId = externalId ?? message.id
  const twin = message.fingerprint ? await arrivalByFingerprint(tx, message.fingerprint) : undefined
  const says = twin && comparedWith(twin, message)
  if (twin && (says === 'less' || (says === 'same' && !isLeft(twin)))) return keepDuplicate(tx, blank, twin)
  const decided = await decideOn(tx, intake, origin, message)
  if (twin && says === 'same' && wouldBecome(decided.decision, twin)) return keepDuplicate(tx, blank, twin)
  if (twin) await giveUpFingerprint(tx, twin.number)
  const { decision, verdict } = decided
  const { became, pending } = await carryOut(tx, intake, origin, message, decided)
  // Read again later, it comes without its envelope, which may be what told that a machine wrote it.
  const detail = decision.action === 'hold' && message.kind !== 'person' ? message.kind : null
  const arrival = { ...blank, ...became, detail, verdict }
  await insertArrival(tx, arrival)
  if (arrival.outcome === 'held:unclear') await askWhereItBelongs(tx, intake, origin, arrival, message)
  else await notifyOfHeld(tx, intake, arrival, message)
  if (message.thread !== undefined) await takeEarlyRevisions(tx, intake, origin, arrival)
  return { receipt: { outcome: became.outcome, ref: became.ref }, pending }
}

/**
 * The same bytes came before. With another envelope they may have said less: without a sender they are a report, and from
 * elsewhere they confirm nobody. Gives the id under which they count once more, null if they do not.
 */
async function overtakingId(tx: Tx, first: Arrival, message: InboundMessage): Promise<string | null> {
  if (!message.live || message.sentByHand || comparedWith(first, message) !== 'more') return null
  const id = `${message.id} again`
  return (await arrivalByExternalId(tx, first.channel, id)) ? null : id
}

/**
 * Whether a message says more than an earlier copy of it, less, or the same. Whoever got somebody's mail as well may hand
 * it over first, with fields added that make it a machine's, or in a way that confirms nobody: that must not stand for the
 * true one. And a copy to the desk of what a colleague sent by hand says less than what lies in the Sent folder.
 */
function comparedWith({ verdict, outcome }: Arrival, message: InboundMessage): 'more' | 'less' | 'same' {
  if (message.sentByHand) return outcome === 'ignored:own-address' ? 'more' : 'less'
  if (verdict === null) return 'less'
  const awake = Number(wakes(message)) - Number(wakes(verdict))
  const isSure = ({ result }: Authentication) => Number(result === 'pass')
  const certain = isSure(message.authentication) - isSure(verdict.authentication ?? UNKNOWN)
  const more = awake || certain
  return more === 0 ? 'same' : more > 0 ? 'more' : 'less'
}

/** Nothing came of it so far. */
function isLeft({ outcome }: Arrival): boolean {
  return /^(?:held|ignored):/.test(outcome) && !/^ignored:(?:commands|status)$/.test(outcome)
}

/** What was left stands for its copies where these would be left for the same reason. */
function wouldBecome(decision: Decision, { outcome, ticketId }: Arrival): boolean {
  if (decision.action === 'ignore') return outcome === `ignored:${decision.rule}`
  return decision.action === 'hold' && outcome === `held:${decision.reason}` && ticketId === decision.ticketId
}

/** Keeps what could not be read, and raises an alarm: one for the channel, however many there are. */
export async function admitUnreadable(
  tx: Tx,
  intake: Intake,
  origin: Origin,
  message: UnreadableMessage,
): Promise<Receipt> {
  const { facts } = intake
  const { channel } = origin
  if (await countAgain(tx, channel, message.id)) return { outcome: 'duplicate', ref: null }
  await saveBlob(tx, message.raw)
  const outcome = `quarantined:${message.quarantine}` as const
  await insertArrival(tx, { ...(await newArrival(tx, intake, origin, message)), outcome, detail: message.detail })
  const sentence =
    'Messages that could not be read wait for you: relaydesk inbox list shows them, inbox retry tries again.'
  await raise(tx, facts, { channel, code: 'quarantine', sentence })
  return { outcome, ref: null }
}

/** Notes that a message was there and is gone. */
export async function admitLost(tx: Tx, intake: Intake, origin: Origin, message: LostMessage): Promise<Receipt> {
  if (await countAgain(tx, origin.channel, message.id)) return { outcome: 'duplicate', ref: null }
  await saveBlob(tx, message.raw)
  const outcome = `ignored:${message.lost}` as const
  await insertArrival(tx, { ...(await newArrival(tx, intake, origin, message)), outcome, detail: message.detail })
  return { outcome, ref: null }
}

/**
 * A message that waited is decided: `decision` is an agent's, or undefined to take it as if it came now. Undefined if
 * it does not wait any more, because somebody else was faster.
 */
export async function admitWaiting(
  tx: Tx,
  intake: Intake,
  origin: Origin,
  waiting: Arrival,
  reread: InboundMessage,
  decision: Decision | undefined,
): Promise<Admitted | undefined> {
  const { facts } = intake
  // Read again it comes without its envelope, which may be what told that a machine wrote it.
  const told = KINDS.find(kind => kind === (waiting.verdict?.kind ?? waiting.detail))
  const known = { ...reread, ...(told ? { kind: told } : {}), ...knownOf(waiting, reread) }
  const message = await withSecret(tx, intake, origin, known)
  const described = describe(message)
  const twin = message.fingerprint ? await arrivalByFingerprint(tx, message.fingerprint) : undefined
  const first = twin && twin.number !== waiting.number ? twin : undefined
  const fingerprint = first ? null : described.fingerprint
  const claimed = { ...waiting, ...described, fingerprint, detail: null, raw: message.raw.sha256 }
  // Settled first and described afterwards, so that of two who decide at once only one goes on.
  if (!(await settleArrival(tx, waiting.number, { ...claimed, ...DECIDING }, facts.at))) return undefined
  const duplicate = first && !isLeft(first) ? await duplicateOf(tx, first) : undefined
  const decided = decision
    ? { decision, verdict: verdictOf(message, [], decision), asked: NO_COMMANDS }
    : await decideOn(tx, intake, origin, message)
  const { became, pending } = duplicate
    ? { became: duplicate, pending: null }
    : await carryOut(tx, intake, origin, message, decided)
  const { scan } = waiting.verdict ?? {}
  const verdict = { ...decided.verdict, ...(scan === undefined ? {} : { scan }) }
  await settleArrival(tx, waiting.number, { ...claimed, ...became, verdict }, facts.at)
  if (!waiting.outcome.startsWith('held:')) await notifyOfHeld(tx, intake, { ...waiting, ...became }, message)
  return { receipt: { outcome: became.outcome, ref: became.ref }, pending }
}

/** What was found out when it came: read again, it comes without who handed it over. */
function knownOf({ verdict }: Arrival, { authentication, spam }: InboundMessage): Partial<InboundMessage> {
  if (!verdict) return { authentication, spam }
  return { authentication: verdict.authentication ?? UNKNOWN, spam: verdict.spam ?? [] }
}

const KINDS = ['auto-reply', 'bounce', 'bulk'] as const

const DECIDING = { outcome: 'held:deciding', ticketId: null, messageId: null, acknowledgement: null } as const

async function keepDuplicate(tx: Tx, blank: Arrival, first: Arrival): Promise<Admitted> {
  const duplicate = await duplicateOf(tx, first)
  await insertArrival(tx, { ...blank, ...duplicate })
  return { receipt: duplicate, pending: null }
}

async function duplicateOf(sql: Sql, first: Arrival): Promise<IntakeResult & { duplicateOf: number }> {
  const { ticketId, number } = first
  const ref = await refOf(sql, ticketId)
  return { outcome: 'duplicate', ticketId, messageId: null, acknowledgement: null, ref, duplicateOf: number }
}

async function carryOut(
  tx: Tx,
  intake: Intake,
  origin: Origin,
  message: InboundMessage,
  { decision, asked }: Decided,
): Promise<Placed> {
  const placed = await become(tx, intake, origin, message, decision, asked)
  await noteSeenTokens(tx, intake, message)
  if (asked.unconfirmed && asked.actor) {
    // Of one that is held the agents are told anyway.
    const told =
      decision.action === 'hold'
        ? 0
        : await countRate(tx, `unconfirmed commands of ${asked.actor.id}`, intake.facts.at, HOUR_MS)
    if (told === 1) await notifyOfCommands(tx, intake, origin, asked.actor, undefined, [UNCONFIRMED])
  } else if (decision.action === 'hold' && decision.reason === 'flood') {
    await foldFlood(tx, intake, origin, message)
  } else if (decision.action === 'ignore' && decision.rule === 'status') {
    await sendStatus(tx, intake, origin, message)
  } else if (decision.action === 'ignore' && asked.orders && asked.actor) {
    const pending = { origin, orders: asked.orders, actor: asked.actor, ticket: undefined, files: message.attachments }
    return { ...placed, pending }
  }
  return placed
}

const HOUR_MS = 60 * 60 * 1000
const UNCONFIRMED =
  'Your mail gives commands, and nothing of them was done: they are taken from answers to mail that the desk sent to you, and from addresses that your mail server confirms.'

/** Puts it where the decision says. */
async function become(
  tx: Tx,
  intake: Intake,
  origin: Origin,
  message: InboundMessage,
  decision: Decision,
  asked: AgentCommands,
): Promise<Placed> {
  const nothing = { messageId: null, acknowledgement: null }
  const only = (became: IntakeResult): Placed => ({ became, pending: null })
  switch (decision.action) {
    case 'open':
      return decision.forwarded
        ? openForwarded(tx, intake, origin, message, asked.actor !== null && !asked.unconfirmed)
        : only(await openWith(tx, intake, origin, message, { follows: decision.follows }))
    case 'append':
      return appendMessage(tx, intake, origin, message, decision, asked.orders)
    case 'hold':
      return only({
        outcome: `held:${decision.reason}`,
        ticketId: decision.ticketId,
        ...nothing,
        ref: await refOf(tx, decision.ticketId),
      })
    case 'ignore':
      return only({ outcome: `ignored:${decision.rule}`, ticketId: null, ...nothing, ref: null })
  }
}
