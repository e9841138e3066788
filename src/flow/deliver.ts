import { DeliveryError, type Sent } from '../channel.ts'
import { concerned, tellAgents } from '../commands/notify.ts'
import { shownWith } from '../commands/recipients.ts'
import { canonicalAddress } from '../core/address.ts'
import { FIRST_RETRY_MS, nextTry } from '../core/retry.ts'
import { countedAs } from '../core/sender.ts'
import { sentenceOf } from '../errors.ts'
import { raiseAlarm } from '../store/alarms.ts'
import { remember } from '../store/memory.ts'
import { messageById } from '../store/messages.ts'
import {
  automaticSince,
  dropRecipient,
  markFailed,
  markRetry,
  markSent,
  nextDue,
  noteReaders,
  type OutboxEntry,
  outboxById,
  type TakenRecipient,
  takeDue,
} from '../store/outbox.ts'
import { prunePerformed } from '../store/performed.ts'
import { countRate, pruneRates } from '../store/rates.ts'
import type { Tx } from '../store/sql.ts'
import { beginThread } from '../store/threads.ts'
import { moveReplyTo, recordEvent, ticketById } from '../store/tickets.ts'
import { compose, readersNow } from './compose.ts'
import { type Context, deskFacts } from './context.ts'
import { noticeKey } from './conversation.ts'
import type { Renderer } from './render.ts'

const BATCH = 20
const SEND_DEADLINE_MS = FIRST_RETRY_MS - 5_000
const SLOW_POLL_MS = 30_000
const AFTER_TROUBLE_MS = 1_000
/** Few by themselves, and what must not be missed. */
const UNLIMITED: ReadonlySet<string> = new Set(['notify-alarm', 'notify-held'])
const HOUR_MS = 60 * 60 * 1000
const DAY_MS = 24 * 60 * 60 * 1000

type Result = { taken: TakenRecipient } & (
  | { ok: true; began: { thread: string; replyTo: string } | undefined }
  | { ok: false; permanent: boolean; reason: string; retryAfterMs: number | undefined }
)

/** Sends what is queued: takes what is due and counts the attempt, sends it with no transaction open, records how it went. */
export class Deliverer {
  readonly #context: Context
  readonly #renderer: Renderer
  #wake: () => void = () => undefined
  #woken = false
  #passed = '' // when the last pass began
  #tidied = 0
  #stopped = true
  #loop: Promise<void> | undefined
  #unsubscribe: () => void = () => undefined

  constructor(context: Context, renderer: Renderer) {
    this.#context = context
    this.#renderer = renderer
  }

  start(): void {
    this.#stopped = false
    this.#unsubscribe = this.#context.store.onWake(() => this.wake())
    this.#loop = this.#run()
  }

  /** Finishes what is in hand. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#unsubscribe()
    this.wake()
    await this.#loop
  }

  /** Something may be due. */
  wake(): void {
    this.#woken = true
    this.#wake()
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      let wait = AFTER_TROUBLE_MS
      try {
        this.#woken = false
        await this.#tidy()
        if ((await this.pass()) > 0) continue
        wait = await this.#untilDue()
      } catch (error) {
        this.#context.log.error({ err: error }, 'delivering failed; it goes on in a second')
      }
      if (!this.#woken) await this.#sleep(wait)
    }
  }

  /** Once an hour, counters that are over are forgotten. */
  async #tidy(): Promise<void> {
    const now = this.#context.clock.now()
    if (now.getTime() - this.#tidied < HOUR_MS) return
    this.#tidied = now.getTime()
    const before = new Date(now.getTime() - DAY_MS).toISOString()
    await this.#context.store.transact(async tx => {
      await pruneRates(tx, now.toISOString())
      await prunePerformed(tx, before)
    })
  }

  async #untilDue(): Promise<number> {
    const due = await nextDue(this.#context.store.read, this.#passed)
    if (due === undefined) return SLOW_POLL_MS
    return Math.min(SLOW_POLL_MS, Math.max(0, Date.parse(due) - this.#context.clock.now().getTime()))
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, milliseconds)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Sends one batch of what is due. Gives how many recipients were tried. */
  async pass(): Promise<number> {
    const { store, clock } = this.#context
    const now = clock.now()
    this.#passed = now.toISOString()
    const again = new Date(now.getTime() + FIRST_RETRY_MS)
    const { due, taken } = await store.transact(async tx => {
      const all = await takeDue(tx, now.toISOString(), again.toISOString(), BATCH)
      const within: TakenRecipient[] = []
      for (const each of all) if (await this.#mayLeave(tx, each, now.toISOString())) within.push(each)
      return { due: all.length, taken: within }
    })
    const byEntry = Map.groupBy(taken, each => each.outboxId)
    await Promise.all([...byEntry].map(([outboxId, recipients]) => this.#deliver(outboxId, recipients)))
    return due
  }

  /** Whatever arrives, nobody gets more than so many automatic mails in a day. Counted before it leaves, once each. */
  async #mayLeave(tx: Tx, { outboxId, recipient, attempts }: TakenRecipient, at: string): Promise<boolean> {
    if (attempts > 1) return true
    const entry = await outboxById(tx, outboxId)
    if (!entry || entry.kind === 'reply' || UNLIMITED.has(entry.kind)) return true
    const { requester, agent } = this.#context.automatic
    const most = entry.purpose === 'requester' ? requester : agent
    // What others cause in somebody's name leaves room for what that person causes.
    const name = countedAs(canonicalAddress(recipient), isDoubtful(entry) ? 'unconfirmed' : 'confirmed')
    const mailbox = await countRate(tx, `automatic to ${name}`, at, DAY_MS)
    const since = new Date(Date.parse(at) - DAY_MS).toISOString()
    const lately = await automaticSince(tx, recipient, since, entry)
    if (Math.max(mailbox, lately) <= most) return true
    await dropRecipient(tx, outboxId, recipient, 'more than enough automatic mail went there today', at)
    const told = entry.purpose === 'requester' || (await countRate(tx, `told of limit ${recipient}`, at, DAY_MS)) > 1
    if (!told) {
      const sentence = `${recipient} got ${most} notifications within a day and gets no more of them today: look with relaydesk list.`
      await raiseAlarm(tx, { channel: entry.channel, code: `notifications ${recipient}`, sentence, raisedAt: at })
      const facts = await deskFacts(this.#context, tx)
      const draft = { kind: 'notify-alarm', purpose: 'internal', channel: entry.channel, note: sentence } as const
      await tellAgents(
        tx,
        facts,
        facts.agents.filter(each => each.email === recipient),
        draft,
      )
    }
    return false
  }

  async #deliver(outboxId: string, taken: TakenRecipient[]): Promise<void> {
    const { store } = this.#context
    const entry = await outboxById(store.read, outboxId)
    if (!entry) return
    const results = await this.#send(entry, taken)
    await store.transact(tx => this.#record(tx, entry, results))
    if (results.some(result => !result.ok)) this.wake()
  }

  async #send(entry: OutboxEntry, taken: TakenRecipient[]): Promise<Result[]> {
    try {
      const adapter = this.#context.channels.get(entry.channel)?.adapter
      if (!adapter) {
        throw new DeliveryError(`The channel "${entry.channel}" is not configured.`, { permanent: false })
      }
      const due = taken.map(each => each.recipient)
      const attempt = Math.max(...taken.map(each => each.attempts))
      await this.#noteReaders(entry, attempt)
      const message = await compose(this.#context, this.#renderer, entry, due, attempt)
      const sent = await withDeadline(adapter.send(message))
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
      await raiseAlarm(tx, { channel: entry.channel, code: `undelivered ${recipients}`, sentence, raisedAt: at })
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
    await tellAgents(tx, facts, concerned(facts, owner, null), {
      kind: 'notify-undelivered',
      purpose: 'internal',
      channel: entry.channel,
      ticketId: ticket.id,
      note: `${recipients}: ${reason}`,
    })
  }
}

function isDoubtful({ cause }: OutboxEntry): boolean {
  return cause === 'unconfirmed' || cause === 'disowned'
}

function resultFor(taken: TakenRecipient, sent: Sent): Result {
  if (sent.accepted.includes(taken.recipient)) return { taken, ok: true, began: sent.threads?.[taken.recipient] }
  const refused = sent.refused.find(each => each.recipient === taken.recipient)
  const { permanent = false, reason = 'the transport said nothing of this recipient' } = refused ?? {}
  return { taken, ok: false, permanent, reason, retryAfterMs: undefined }
}

/** Counts a send without an end as failed for now, before its next attempt is due. */
async function withDeadline(sending: Promise<Sent>): Promise<Sent> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new DeliveryError('The transport did not answer in time.', { permanent: false })
    timer = setTimeout(() => reject(error), SEND_DEADLINE_MS)
  })
  try {
    return await Promise.race([sending, late])
  } finally {
    clearTimeout(timer)
  }
}
