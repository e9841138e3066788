// Gives each message that comes in its one outcome.
import type { InboundMessage, LostMessage, Receipt, UnreadableMessage } from '../../channel/message.ts'
import { compareWith, isUnplaced, wouldBecome } from '../../core/intake/copies.ts'
import { decideMessage, type MessageDecision } from '../../core/intake/decision.ts'
import { exposedBy } from '../../core/intake/proof.ts'
import { UNKNOWN } from '../../core/intake/sender-trust.ts'
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
import { markSeen } from '../../store/outbox.ts'
import { countRate } from '../../store/rates.ts'
import { raise } from '../alarm.ts'
import type { Intake, Origin } from '../context.ts'
import type { PendingCommands } from '../mail-commands/mail-command.ts'
import { notifyOfCommands } from '../mail-commands/notify-author.ts'
import { openForwarded } from '../mail-commands/open-forwarded.ts'
import { notifyOfHeld } from '../outgoing/held-notice.ts'
import { sendStatus } from '../outgoing/send-status.ts'
import { appendMessage, type PlacedMessage } from './append-message.ts'
import { askWhereItBelongs } from './ask-belongs.ts'
import { foldFlood } from './fold-flood.ts'
import { believedMessage, gatherSituation, type IntakeSituation } from './gather.ts'
import type { IntakeResult } from './incoming-message.ts'
import { describe, NOTHING, newArrival, refOf } from './new-arrival.ts'
import { openWith } from './open-ticket.ts'
import { takeEarlyRevisions } from './revise.ts'
import { noteScan } from './scan.ts'

/** A message that has its outcome, and the commands in it that are carried out next. */
export interface AdmittedMessage {
  receipt: Receipt
  pending: PendingCommands | null
}

/** Gives a message its one outcome. Everything about it is written in this transaction. */
export async function admit(
  tx: Tx,
  intake: Intake,
  origin: Origin,
  arriving: InboundMessage,
): Promise<AdmittedMessage> {
  const message = await believedMessage(tx, intake, origin, arriving)
  const again = await countAgain(tx, origin.channel, message.id)
  await saveBlob(tx, message.raw)
  // What could not be read before, or was too large, can be now: it comes in after all.
  const mended = again?.outcome.startsWith('quarantined:')
    ? await admitWaiting(tx, intake, origin, again, message)
    : undefined
  if (mended) return mended
  const externalId = again ? await overtakingId(tx, again, message) : message.id
  if (again && externalId === null)
    return { receipt: { outcome: 'duplicate', ref: await refOf(tx, again.ticketId) }, pending: null }
  const draft = await newArrival(tx, intake, origin, message)
  draft.externalId = externalId ?? message.id
  const twin = message.fingerprint ? await arrivalByFingerprint(tx, message.fingerprint) : undefined
  const compared = twin && compareWith(twin, message)
  if (twin && (compared === 'less' || (compared === 'same' && !isUnplaced(twin)))) return keepDuplicate(tx, draft, twin)
  const situation = await gatherSituation(tx, intake, origin, message)
  const decided = decideMessage(situation)
  await noteCounts(tx, intake, situation, decided)
  if (twin && compared === 'same' && wouldBecome(decided.decision, twin)) return keepDuplicate(tx, draft, twin)
  if (twin) await giveUpFingerprint(tx, twin.number)
  const { result, pending } = await carryOut(tx, intake, situation, decided)
  // Read again later, it comes without its envelope, which may be what told that a machine wrote it.
  const detail = decided.decision.action === 'hold' && message.kind !== 'person' ? message.kind : null
  const arrival = { ...draft, ...result, detail, verdict: decided.verdict }
  await insertArrival(tx, arrival)
  if (arrival.outcome === 'held:unclear') await askWhereItBelongs(tx, intake, origin, arrival, message)
  else await notifyOfHeld(tx, intake, arrival, message)
  if (message.chat?.thread !== undefined) await takeEarlyRevisions(tx, intake, origin, arrival)
  return { receipt: { outcome: result.outcome, ref: result.ref }, pending }
}

/**
 * The same bytes came before. With another envelope they may have said less: without a sender they are a report, and from
 * elsewhere they confirm nobody. Gives the id under which they count once more, null if they do not.
 */
async function overtakingId(tx: Tx, first: Arrival, message: InboundMessage): Promise<string | null> {
  if (!message.live || message.mail.sentByHand || compareWith(first, message) !== 'more') return null
  const id = `${message.id} again`
  return (await arrivalByExternalId(tx, first.channel, id)) ? null : id
}

/** Counts what the decision rests on: one more of its sender, and whether the scanner works. */
async function noteCounts(
  tx: Tx,
  intake: Intake,
  { origin, scan }: IntakeSituation,
  { counters, isScanned }: MessageDecision,
): Promise<void> {
  for (const { key, within } of counters) await countRate(tx, key, intake.facts.at, within)
  if (scan && isScanned) await noteScan(tx, intake, origin, scan)
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
  const sentence = 'Some messages could not be read: relaydesk inbox list shows them, and inbox retry reads them again.'
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
 * A message that waited is decided: by `decide`, which is an agent's word, or as if it came now. Undefined if it does not
 * wait any more, because somebody else was faster.
 */
export async function admitWaiting(
  tx: Tx,
  intake: Intake,
  origin: Origin,
  waiting: Arrival,
  reread: InboundMessage,
  decide: (situation: IntakeSituation) => MessageDecision = decideMessage,
): Promise<AdmittedMessage | undefined> {
  const { facts } = intake
  // Read again it comes without its envelope, which may be what told that a machine wrote it.
  const knownKind = KINDS.find(kind => kind === (waiting.verdict?.kind ?? waiting.detail))
  const known = { ...reread, ...(knownKind ? { kind: knownKind } : {}), ...knownOf(waiting, reread) }
  const message = await believedMessage(tx, intake, origin, known)
  const described = describe(message)
  const twin = message.fingerprint ? await arrivalByFingerprint(tx, message.fingerprint) : undefined
  const first = twin && twin.number !== waiting.number ? twin : undefined
  const fingerprint = first ? null : described.fingerprint
  const claimed = { ...waiting, ...described, fingerprint, detail: null, raw: message.raw.sha256 }
  // Settled first and described afterwards, so that of two who decide at once only one goes on.
  if (!(await settleArrival(tx, waiting.number, { ...claimed, ...DECIDING }, facts.at))) return undefined
  const duplicate = first && !isUnplaced(first) ? await duplicateOf(tx, first) : undefined
  const situation = await gatherSituation(tx, intake, origin, message)
  const decided = decide(situation)
  await noteCounts(tx, intake, situation, decided)
  const { result, pending } = duplicate
    ? { result: duplicate, pending: null }
    : await carryOut(tx, intake, situation, decided)
  const { scan } = waiting.verdict ?? {}
  const verdict = { ...decided.verdict, ...(scan === undefined ? {} : { scan }) }
  await settleArrival(tx, waiting.number, { ...claimed, ...result, verdict }, facts.at)
  if (!waiting.outcome.startsWith('held:')) await notifyOfHeld(tx, intake, { ...waiting, ...result }, message)
  return { receipt: { outcome: result.outcome, ref: result.ref }, pending }
}

/** What was found out when it came: read again, it comes without who handed it over. */
function knownOf({ verdict }: Arrival, { authentication, spam }: InboundMessage): Partial<InboundMessage> {
  if (!verdict) return { authentication, spam }
  return { authentication: verdict.authentication ?? UNKNOWN, spam: verdict.spam ?? [] }
}

const KINDS = ['auto-reply', 'bounce', 'bulk'] as const

const DECIDING = { outcome: 'held:deciding', ticketId: null, messageId: null, acknowledgement: null } as const

async function keepDuplicate(tx: Tx, draft: Arrival, first: Arrival): Promise<AdmittedMessage> {
  const duplicate = await duplicateOf(tx, first)
  await insertArrival(tx, { ...draft, ...duplicate })
  return { receipt: duplicate, pending: null }
}

async function duplicateOf(sql: Sql, first: Arrival): Promise<IntakeResult & { duplicateOf: number }> {
  const { ticketId, number } = first
  const ref = await refOf(sql, ticketId)
  return { outcome: 'duplicate', ticketId, messageId: null, acknowledgement: null, ref, duplicateOf: number }
}

/** Does what was decided, and what follows of it beside the place of the message. */
async function carryOut(
  tx: Tx,
  intake: Intake,
  situation: IntakeSituation,
  decided: MessageDecision,
): Promise<PlacedMessage> {
  const { origin, message, answered, person, commandsAlone } = situation
  const { decision, commands } = decided
  const placed = await place(tx, intake, situation, decided)
  const exposed = exposedBy(message, answered, situation.isOurs)
  await markSeen(
    tx,
    exposed.map(each => each.id),
    intake.facts.at,
  )
  if (commands === 'unconfirmed' && person) {
    // Of one that is held the agents are told anyway.
    const notices =
      decision.action === 'hold'
        ? 0
        : await countRate(tx, `unconfirmed commands of ${person.id}`, intake.facts.at, HOUR_MS)
    if (notices === 1) await notifyOfCommands(tx, intake, origin, person, undefined, [UNCONFIRMED])
  } else if (decision.action === 'hold' && decision.reason === 'flood') {
    await foldFlood(tx, intake, origin, message)
  } else if (decision.action === 'ignore' && decision.rule === 'status') {
    await sendStatus(tx, intake, origin, message)
  } else if (decision.action === 'ignore' && commands === 'confirmed' && commandsAlone && person) {
    const pending = { origin, commands: commandsAlone, actor: person, ticket: undefined, files: message.attachments }
    return { ...placed, pending }
  }
  return placed
}

const HOUR_MS = 60 * 60 * 1000
const UNCONFIRMED =
  'Your mail contains commands, but they were not carried out, as it could not be confirmed that you sent them. Send commands as a reply to a mail that you got from the desk, or from an address that your mail server confirms.'

/** Puts it where the decision says. */
async function place(
  tx: Tx,
  intake: Intake,
  situation: IntakeSituation,
  { decision, commands }: MessageDecision,
): Promise<PlacedMessage> {
  const hasCommands = commands === 'confirmed'
  const only = (result: IntakeResult): PlacedMessage => ({ result, pending: null })
  switch (decision.action) {
    case 'open':
      return decision.forwarded
        ? openForwarded(tx, intake, situation, hasCommands)
        : only(await openWith(tx, intake, situation, { follows: decision.follows }))
    case 'append':
      return appendMessage(tx, intake, situation, { decision, hasCommands })
    case 'hold': {
      const { reason, ticketId } = decision
      return only({ ...NOTHING, outcome: `held:${reason}`, ticketId, ref: await refOf(tx, ticketId) })
    }
    case 'ignore':
      return only({ ...NOTHING, outcome: `ignored:${decision.rule}` })
  }
}
