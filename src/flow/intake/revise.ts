// Takes edits and deletions of chat messages.
import type { Receipt, RevisedMessage } from '../../channel/message.ts'
import { oneLine } from '../../core/text/address.ts'
import {
  type Arrival,
  arrivalByExternalId,
  countAgain,
  earlyRevisions,
  giveUpEarly,
  heldBefore,
  insertArrival,
  noteRevision,
  settleArrival,
} from '../../store/arrivals.ts'
import { saveBlob } from '../../store/blobs.ts'
import { newId } from '../../store/engine/id.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { insertMessage, messageById, prepareMessage } from '../../store/messages.ts'
import { currentTicket, recordEvent, ticketById } from '../../store/tickets.ts'
import type { Context, Intake, Origin } from '../context.ts'
import type { IntakeResult } from './incoming-message.ts'
import { NOTHING, newArrival, refOf } from './new-arrival.ts'

/**
 * Takes what a writer changed or took back. What stood there before is kept, as all that was ever said is; it wakes
 * nobody. One that comes before its message waits for it.
 */
export async function admitRevision(
  tx: Tx,
  intake: Intake,
  origin: Origin,
  revision: RevisedMessage,
): Promise<Receipt> {
  const again = await countAgain(tx, origin.channel, revision.id)
  if (again) return { outcome: 'duplicate', ref: await refOf(tx, again.ticketId) }
  await saveBlob(tx, revision.raw)
  const arrival = await newArrival(tx, intake, origin, revision)
  const original = await arrivalByExternalId(tx, origin.channel, revision.revises)
  const result = await becomeRevision(tx, intake, origin, { ...revision, raw: revision.raw.sha256 }, original)
  await insertArrival(tx, { ...arrival, ...result })
  await noteRevision(tx, arrival.number, revision)
  return { outcome: result.outcome, ref: result.ref }
}

const WAITS_MS = 24 * 60 * 60 * 1000

/** A message that does not come for a day is none that we take. Gives how many revisions were given up. */
export async function giveUpRevisions({ store, clock }: Context): Promise<number> {
  const now = clock.now()
  const before = new Date(now.getTime() - WAITS_MS).toISOString()
  if ((await heldBefore(store.read, 'early', before, 1)).length === 0) return 0
  return store.transact(tx => giveUpEarly(tx, before, now.toISOString()))
}

/** Revisions that came before the message that they are about. */
export async function takeEarlyRevisions(tx: Tx, intake: Intake, origin: Origin, original: Arrival): Promise<void> {
  for (const { early, revision } of await earlyRevisions(tx, origin.channel, original.externalId)) {
    const result = await becomeRevision(tx, intake, origin, { ...revision, raw: early.raw }, original)
    await settleArrival(tx, early.number, { ...early, ...result, detail: null }, intake.facts.at)
  }
}

async function becomeRevision(
  tx: Tx,
  { context, facts }: Intake,
  origin: Origin,
  revision: Pick<RevisedMessage, 'text' | 'revisedAt'> & { raw: string },
  original: Arrival | undefined,
): Promise<IntakeResult> {
  if (!original) return { ...NOTHING, outcome: 'held:early' }
  const message = original.messageId === null ? undefined : await messageById(tx, original.messageId)
  const current = message && (await currentTicket(tx, message.ticketId))
  if (!message || !current) return { ...NOTHING, outcome: 'ignored:revision-of-nothing' }
  await tx.lock([`ticket ${current.id}`])
  const ticket = await ticketById(tx, current.id)
  if (!ticket) return { ...NOTHING, outcome: 'ignored:revision-of-nothing' }
  facts.at = context.clock.now().toISOString() // when its turn has come
  const deleted = revision.text === null
  const prepared = prepareMessage(
    {
      id: newId(),
      ticketId: ticket.id,
      direction: message.direction,
      authorId: message.authorId,
      authorName: oneLine(message.authorName),
      authorAddress: message.authorAddress,
      channel: origin.channel,
      externalId: null,
      subject: message.subject,
      text: revision.text ?? '',
      visible: null,
      kind: message.kind,
      sentAt: revision.revisedAt,
      storedAt: facts.at,
      raw: revision.raw,
      what: deleted ? 'deletion' : 'revision',
      revises: message.id,
    },
    [],
  )
  await insertMessage(tx, prepared)
  const change = { at: facts.at, actorId: message.authorId, channel: origin.channel }
  const data = { message: prepared.message.id, content: prepared.content, of: message.id, deleted }
  await recordEvent(tx, ticket, { type: 'revised', data }, change)
  return {
    outcome: 'appended',
    ticketId: ticket.id,
    messageId: prepared.message.id,
    acknowledgement: null,
    ref: ticket.ref,
  }
}
