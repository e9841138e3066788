// Shows cards of tickets in the rooms of agents, and what happens on them.
import { able } from '../../channel/abilities.ts'
import type { ShowsCards } from '../../channel/adapter.ts'
import { DeliveryError } from '../../channel/outbound.ts'
import { FIRST_RETRY_MS } from '../../core/text/retry.ts'
import { sentenceOf } from '../../errors.ts'
import {
  adoptCards,
  cardIsShown,
  markToldBelowCard,
  nextCardDue,
  placeCard,
  retryCard,
  type StoredCard,
  takeDueCards,
} from '../../store/cards.ts'
import { eventsOf } from '../../store/events.ts'
import { beginThread } from '../../store/threads.ts'
import { ticketById, ticketRanges } from '../../store/tickets.ts'
import { raise } from '../alarm.ts'
import { type Context, deskFacts } from '../context.ts'
import { Loop } from '../loop.ts'
import { cardFor, entryFor } from './card.ts'

const BATCH = 10
const SLOW_POLL_MS = 30_000
const STOP_MS = 2_000
const RETRIES_MS = [2_000, 10_000, 30_000]
const LONGEST_WAIT_MS = 5 * 60 * 1000

/** A room, and who shows cards in it. */
interface Room {
  channel: string
  deskId: string
  shows: ShowsCards
}

/**
 * Keeps the cards of tickets as the tickets are: follows the events of each, tells them below its card in order, then
 * shows the card as it is now. What was shown is counted before the next is, so that nothing is told twice. Each room
 * goes on by itself.
 */
export class CardUpdater {
  readonly #context: Context
  #loops: Loop[] = []
  #unsubscribe: () => void = () => undefined

  constructor(context: Context) {
    this.#context = context
  }

  /** Open tickets of desks that have a room by now get a card when something happens to them. */
  async start(): Promise<void> {
    const { store, log } = this.#context
    const rooms = this.#rooms()
    if (rooms.length === 0) return
    for (const range of await ticketRanges(store.read)) {
      await store.transact(async tx => {
        for (const { channel, deskId } of rooms) await adoptCards(tx, { deskId, channel, ...range })
      })
    }
    this.#unsubscribe = store.onWake(() => this.wake())
    const failed = (error: unknown) => log.error({ err: error }, 'cards could not be shown; it goes on in a second')
    this.#loops = rooms.map(each => new Loop(() => this.#showAndWait(each), failed))
    for (const loop of this.#loops) loop.start()
  }

  /** Gives what is in hand a few seconds: a room that takes no more just now would hold up the end of the desk. */
  async stop(): Promise<void> {
    this.#unsubscribe()
    await Promise.all(this.#loops.map(loop => loop.stop(STOP_MS)))
  }

  /** Something may have happened. */
  wake(): void {
    for (const loop of this.#loops) loop.wake()
  }

  #rooms(): Room[] {
    return [...this.#context.channels].flatMap(([channel, { adapter, deskId }]) => {
      const shows = able(adapter, 'showCard')
      return shows?.hasRoom ? [{ channel, deskId, shows }] : []
    })
  }

  /** Gives how long nothing more will be due. */
  async #showAndWait(room: Room): Promise<number> {
    if ((await this.#showDue(room)) > 0) return 0
    const due = await nextCardDue(this.#context.store.read, room.channel)
    if (due === undefined) return SLOW_POLL_MS
    return Math.min(SLOW_POLL_MS, Math.max(10, Date.parse(due) - this.#context.clock.now().getTime()))
  }

  /** Shows what is due in all rooms. Gives how many cards were tried. */
  async pass(): Promise<number> {
    const tried = await Promise.all(this.#rooms().map(each => this.#showDue(each)))
    return tried.reduce((sum, each) => sum + each, 0)
  }

  async #showDue({ channel, shows }: Room): Promise<number> {
    const { store, clock } = this.#context
    const now = clock.now()
    const nextTryAt = new Date(now.getTime() + FIRST_RETRY_MS).toISOString()
    const due = await store.transact(tx =>
      takeDueCards(tx, channel, { now: now.toISOString(), nextTryAt, limit: BATCH }),
    )
    await Promise.all(due.map(card => this.#show(card, shows, nextTryAt)))
    return due.length
  }

  async #show(card: StoredCard, shows: ShowsCards, nextTryAt: string): Promise<void> {
    const { store, clock } = this.#context
    try {
      const seq = await this.#showAll(card, shows)
      await store.transact(tx => cardIsShown(tx, card.ticketId, seq, nextTryAt))
    } catch (error) {
      const known = error instanceof DeliveryError ? error : undefined
      this.#context.log.warn({ err: error, ticket: card.ticketId }, 'a card could not be shown')
      const now = clock.now()
      const wait = Math.max(RETRIES_MS[card.attempts - 1] ?? LONGEST_WAIT_MS, known?.retryAfterMs ?? 0)
      const next = new Date(now.getTime() + wait)
      await store.transact(async tx => {
        await retryCard(tx, card.ticketId, next.toISOString())
        if (!known?.permanent) return
        const { channel } = card
        const sentence = `Cards cannot be shown in the room of ${channel}: ${sentenceOf(error)}`
        await raise(tx, await deskFacts(this.#context, tx), { channel, code: 'room', sentence }, { agents: [] })
      })
    }
  }

  /** Gives the newest event that is shown then. */
  async #showAll(card: StoredCard, shows: ShowsCards): Promise<number> {
    const { store } = this.#context
    const facts = await deskFacts(this.#context, store.read)
    const ticket = await ticketById(store.read, card.ticketId)
    if (!ticket) return 0
    const { attempts: attempt, channel, ticketId } = card
    let { place } = card
    let isNew = place === null
    if (place === null) {
      place = await shows.showCard(await cardFor(store.read, facts, ticket), null, { id: ticketId, attempt })
      await this.#isAt(card, place)
    }
    const events = await eventsOf(store.read, ticketId)
    for (const [at, { seq }] of events.entries()) {
      if (seq <= card.toldSeq) continue
      const entry = await entryFor(store.read, facts, ticket, { events, at, channel })
      if (entry) await shows.addToCard(place, { ...entry, attempt })
      if (entry) isNew = false
      await store.transact(tx => markToldBelowCard(tx, ticketId, seq))
    }
    const now = (await ticketById(store.read, ticketId)) ?? ticket
    if (isNew && now.eventSeq === ticket.eventSeq) return ticket.eventSeq
    const moved = await shows.showCard(await cardFor(store.read, facts, now), place, { id: ticketId, attempt })
    if (moved !== place) await this.#isAt(card, moved)
    return Math.min(now.eventSeq, events.at(-1)?.seq ?? 0)
  }

  /** What is written below it belongs to the ticket, among agents. */
  #isAt({ ticketId, channel }: StoredCard, place: string): Promise<void> {
    return this.#context.store.transact(async tx => {
      await placeCard(tx, ticketId, place)
      await beginThread(tx, { channel, thread: place, ticketId, internal: true })
    })
  }
}
