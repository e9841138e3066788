// Lets messages leave, each channel for itself.
import { DeliveryError, type Sent } from '../../channel/outbound.ts'
import { agentsToNotify, notifyAgents } from '../../commands/command/notify-agents.ts'
import { shownWith } from '../../commands/command/recipients.ts'
import { FIRST_RETRY_MS, nextTry } from '../../core/text/retry.ts'
import { sentenceOf } from '../../errors.ts'
import { remember } from '../../store/engine/memory.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { messageById } from '../../store/messages.ts'
import { noteReaders, type OutboxEntry, outboxById } from '../../store/outbox.ts'
import {
  channelsInQueue,
  markFailed,
  markRetry,
  markSent,
  nextCandidates,
  nextDue,
  type TakenRecipient,
  takeDue,
} from '../../store/outbox-turns.ts'
import { prunePerformed } from '../../store/performed.ts'
import { pruneRates } from '../../store/rates.ts'
import { beginThread } from '../../store/threads.ts'
import { moveReplyTo, recordEvent, ticketById } from '../../store/tickets.ts'
import { raise } from '../alarm.ts'
import { type Context, deskFacts } from '../context.ts'
import { noticeKey } from '../intake/clues.ts'
import { Loop } from '../loop.ts'
import { mayLeave } from './automatic-limit.ts'
import { compose, readersNow } from './compose-message.ts'
import { PLACES, Places } from './places.ts'
import type { Renderer } from './render.ts'

const LOOKED_AT = 4 * PLACES // of what is due in a channel, to find some whose domain has a place
const SEND_DEADLINE_MS = FIRST_RETRY_MS - 5_000
const STOP_MS = 3_000 // for what is under way when the desk stops; it is tried again at the next start
const SLOW_POLL_MS = 30_000
const HOUR_MS = 60 * 60 * 1000
const DAY_MS = 24 * HOUR_MS

type Result = { taken: TakenRecipient } & (
  | { ok: true; began: { thread: string; replyTo: string } | undefined }
  | { ok: false; permanent: boolean; reason: string; retryAfterMs: number | undefined }
)

/** What a pass began. */
interface Pass {
  /** Recipients whose attempt was counted. */
  taken: number
  /** Settled when all that it sends is over. */
  over: Promise<unknown>
}

/**
 * Sends what is queued: takes what is due and counts the attempt, sends it with no transaction open, records how it
 * went. Each channel has places of its own, and each of its domains a part of them, so that what is slow holds up only
 * its own.
 */
export class Deliverer {
  readonly #context: Context
  readonly #renderer: Renderer
  readonly #places = new Map<string, Places>()
  readonly #underWay = new Map<Promise<unknown>, AbortController>()
  #passed = '' // when the last pass began
  #tidied = 0
  readonly #loop: Loop
  #unsubscribe: () => void = () => undefined

  constructor(context: Context, renderer: Renderer) {
    this.#context = context
    this.#renderer = renderer
    this.#loop = new Loop(
      () => this.#sendAndWait(),
      error => context.log.error({ err: error }, 'delivering failed; it goes on in a second'),
    )
  }

  start(): void {
    this.#unsubscribe = this.#context.store.onWake(() => this.wake())
    this.#loop.start()
  }

  /** Gives what is under way a few seconds to leave. */
  async stop(): Promise<void> {
    this.#unsubscribe()
    await this.#loop.stop()
    const late = setTimeout(() => {
      for (const sending of this.#underWay.values()) sending.abort(lateError('The desk was stopped.'))
    }, STOP_MS)
    await Promise.all(this.#underWay.keys())
    clearTimeout(late)
  }

  /** Something may be due, or a place is free. */
  wake(): void {
    this.#loop.wake()
  }

  /** Gives how long nothing more will be due. */
  async #sendAndWait(): Promise<number> {
    await this.#tidy()
    return (await this.#sendDue()).taken > 0 ? 0 : this.#untilDue()
  }

  /** Once an hour, counters that are over are forgotten, and channels looked for that are configured no more. */
  async #tidy(): Promise<void> {
    const now = this.#context.clock.now()
    if (now.getTime() - this.#tidied < HOUR_MS) return
    this.#tidied = now.getTime()
    const before = new Date(now.getTime() - DAY_MS).toISOString()
    await this.#context.store.transact(async tx => {
      await pruneRates(tx, now.toISOString())
      await prunePerformed(tx, before)
    })
    for (const channel of await channelsInQueue(this.#context.store.read)) this.#placesOf(channel)
  }

  async #untilDue(): Promise<number> {
    const due = await nextDue(this.#context.store.read, this.#passed)
    if (due === undefined) return SLOW_POLL_MS
    return Math.min(SLOW_POLL_MS, Math.max(0, Date.parse(due) - this.#context.clock.now().getTime()))
  }

  #placesOf(channel: string): Places {
    const places = this.#places.get(channel) ?? new Places()
    this.#places.set(channel, places)
    return places
  }

  /** Sends as much of what is due as there are places for, to its end. Gives how many recipients were tried. */
  async pass(): Promise<number> {
    const { taken, over } = await this.#sendDue()
    await over
    return taken
  }

  /** Begins to send what is due, as far as there are places. */
  async #sendDue(): Promise<Pass> {
    const { store, clock, channels } = this.#context
    const now = clock.now()
    this.#passed = now.toISOString()
    for (const channel of channels.keys()) this.#placesOf(channel)
    const due: string[] = []
    for (const [channel, places] of this.#places) {
      const { free, full, again } = places
      if (free === 0) continue
      const query = { channel, now: this.#passed, full, again, limit: LOOKED_AT }
      due.push(...places.give(await nextCandidates(store.read, query)))
    }
    if (due.length === 0) return { taken: 0, over: Promise.resolve() }
    const { all, leaving } = await this.#take(due, now).catch(error => {
      for (const each of due) this.#release(each)
      throw error
    })
    const byEntry = Map.groupBy(leaving, each => each.outboxId)
    for (const each of due) if (!byEntry.has(each)) this.#release(each)
    const over = [...byEntry].map(([outboxId, recipients]) => this.#deliver(outboxId, recipients))
    return { taken: all.length, over: Promise.all(over) }
  }

  async #take(due: readonly string[], now: Date): Promise<{ all: TakenRecipient[]; leaving: TakenRecipient[] }> {
    const at = now.toISOString()
    const nextTryAt = new Date(now.getTime() + FIRST_RETRY_MS).toISOString()
    return this.#context.store.transact(async tx => {
      const all = await takeDue(tx, due, { now: at, nextTryAt })
      const leaving: TakenRecipient[] = []
      for (const each of all) if (await mayLeave(tx, this.#context, each, at)) leaving.push(each)
      return { all, leaving }
    })
  }

  #release(outboxId: string): void {
    for (const places of this.#places.values()) places.release(outboxId)
  }

  /** Never rejects: what could not be recorded is tried again, as after a crash. */
  #deliver(outboxId: string, taken: TakenRecipient[]): Promise<unknown> {
    const stop = new AbortController()
    const delivering = this.#sendAndRecord(outboxId, taken, stop)
      .catch(error => this.#context.log.error({ err: error }, 'how a delivery went could not be recorded'))
      .finally(() => {
        this.#underWay.delete(delivering)
        this.#release(outboxId)
        this.wake()
      })
    this.#underWay.set(delivering, stop)
    return delivering
  }

  async #sendAndRecord(outboxId: string, taken: TakenRecipient[], stop: AbortController): Promise<void> {
    const { store } = this.#context
    const entry = await outboxById(store.read, outboxId)
    if (!entry) return
    const results = await this.#send(entry, taken, stop)
    await store.transact(tx => this.#record(tx, entry, results))
  }

  async #send(entry: OutboxEntry, taken: TakenRecipient[], stop: AbortController): Promise<Result[]> {
    try {
      const adapter = this.#context.channels.get(entry.channel)?.adapter
      if (!adapter) {
        throw new DeliveryError(`The channel "${entry.channel}" is not configured.`, { permanent: false })
      }
      const due = taken.map(each => each.recipient)
      const attempt = Math.max(...taken.map(each => each.attempts))
      await this.#noteReaders(entry, attempt)
      const message = await compose(this.#context, this.#renderer, entry, due, attempt)
      const sent = await withDeadline(stop, () => adapter.send(message, stop.signal))
      return taken.map(each => resultFor(each, sent))
    } catch (error) {
      this.#context.log.warn({ err: error, outbox: entry.number, channel: entry.channel }, 'a delivery failed')
      const known = error instanceof DeliveryError ? error : undefined
      const reason = sentenceOf(error)
      const { permanent = false, retryAfterMs } = known ?? {}
      return taken.map(each => ({ taken: each, ok: false, permanent, reason, retryAfterMs }))
    }
  }

  /** A notification names who reads an answer when it leaves, which may be others than when it was queued. */
  async #noteReaders({ id, purpose, ticketId, readers }: OutboxEntry, attempt: number): Promise<void> {
    const { store } = this.#context
    const ticket = purpose === 'answer' && ticketId !== null ? await ticketById(store.read, ticketId) : undefined
    if (!ticket || readers === null) return
    const now = shownWith(ticket, await readersNow(this.#context, ticket)).readers
    if (now !== readers) await store.transact(tx => noteReaders(tx, id, attempt === 1 ? now : null))
  }

  async #record(tx: Tx, entry: OutboxEntry, results: Result[]): Promise<void> {
    const now = this.#context.clock.now()
    const at = now.toISOString()
    const lost: Result[] = []
    for (const result of results) {
      if (result.ok) {
        await markSent(tx, result.taken, at)
        if (result.began) await this.#begin(tx, entry, result.taken.recipient, result.began)
        continue
      }
      const { taken, permanent, reason, retryAfterMs } = result
      const next = permanent ? null : nextTry(taken.attempts, new Date(entry.queuedAt), now, retryAfterMs)
      if (next) await markRetry(tx, taken, reason, next.toISOString())
      else if (await markFailed(tx, taken, reason, at)) lost.push(result)
    }
    if (lost.length > 0) await this.#tellOfLoss(tx, entry, lost, at)
  }

  /** What is written in a conversation that a message began goes on with its ticket: among agents, if it went to one. */
  async #begin(
    tx: Tx,
    { ticketId, channel, purpose }: OutboxEntry,
    recipient: string,
    { thread, replyTo }: { thread: string; replyTo: string },
  ): Promise<void> {
    if (!ticketId) {
      if (purpose !== 'requester') await remember(tx, channel, noticeKey(thread), 'notice')
      return
    }
    await beginThread(tx, { channel, thread, ticketId, internal: purpose !== 'requester' })
    const ticket = purpose === 'requester' ? await ticketById(tx, ticketId) : undefined
    if (ticket?.channel === channel && ticket.replyTo === recipient) await moveReplyTo(tx, ticket.id, replyTo)
  }

  /** An agent hears of what did not arrive. A notification that did not arrive only raises an alarm, or this would circle. */
  async #tellOfLoss(tx: Tx, entry: OutboxEntry, lost: Result[], at: string): Promise<void> {
    const recipients = lost.map(result => result.taken.recipient).join(', ')
    const reason = lost.map(result => (result.ok ? '' : result.reason)).find(Boolean) ?? ''
    if (entry.purpose !== 'requester' || !entry.ticketId) {
      const sentence = `A notification did not reach ${recipients}: ${reason}`
      const trouble = { channel: entry.channel, code: `undelivered ${recipients}`, sentence }
      await raise(tx, await deskFacts(this.#context, tx), trouble, { agents: [] })
      return
    }
    await tx.lock([`ticket ${entry.ticketId}`])
    const ticket = await ticketById(tx, entry.ticketId)
    if (!ticket) return
    const change = { at, actorId: null, channel: entry.channel }
    await recordEvent(tx, ticket, { type: 'undelivered', data: { outbox: entry.id } }, change)
    const facts = await deskFacts(this.#context, tx)
    const author = entry.messageId ? (await messageById(tx, entry.messageId))?.authorId : undefined
    const owner = ticket.ownerId ?? (entry.kind === 'reply' ? (author ?? null) : null)
    await notifyAgents(tx, facts, agentsToNotify(facts, owner, null), {
      kind: 'notify-undelivered',
      purpose: 'internal',
      channel: entry.channel,
      ticketId: ticket.id,
      note: `${recipients}: ${reason}`,
    })
  }
}

function resultFor(taken: TakenRecipient, sent: Sent): Result {
  if (sent.accepted.includes(taken.recipient)) return { taken, ok: true, began: sent.threads?.[taken.recipient] }
  const refused = sent.refused.find(each => each.recipient === taken.recipient)
  const { permanent = false, reason = 'the server did not say whether it took it for this recipient' } = refused ?? {}
  return { taken, ok: false, permanent, reason, retryAfterMs: undefined }
}

/** Ends a send that takes too long before its next attempt is due, and counts it as failed for now. */
async function withDeadline(stop: AbortController, send: () => Promise<Sent>): Promise<Sent> {
  const { signal } = stop
  signal.throwIfAborted() // the desk was stopped while the message was made
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  const timer = setTimeout(() => stop.abort(lateError('The server did not answer in time.')), SEND_DEADLINE_MS)
  try {
    return await Promise.race([send(), aborted])
  } finally {
    clearTimeout(timer)
  }
}

function lateError(sentence: string): DeliveryError {
  return new DeliveryError(sentence, { permanent: false })
}
