// Which ticket a chat message goes on with.
import type { Decision, JoinReason } from './threading.ts'

/** A message of a chat, and what is known of where it was written. */
export interface ChatArrival {
  senderIsAgent: boolean
  /** It was written where agents talk among themselves. */
  internal: boolean
  /** Everybody who reads the conversation can write in it. */
  shared: boolean
  /**
   * The ticket whose conversation it was written in; `internal`: among agents. `named`: it is no conversation of the
   * ticket, but began with its reference where others read it.
   */
  thread: { ticketId: string; internal: boolean; named?: boolean } | null
  /** The ticket of what the same person wrote there before: how long ago, and whether it is open. */
  before: { ticketId: string; agoMs: number; open: boolean; alike: boolean } | null
  /** So long after the line before it still is a line of the same; milliseconds. */
  withinMs: number
  smallTalk: boolean
  takesPart(ticketId: string): boolean
}

const UNCLEAR_MS = 60 * 60 * 1000
const ALIKE_MS = 7 * 24 * 60 * 60 * 1000

/**
 * What becomes of a chat message; undefined if nothing of a chat decides it, so that it opens a ticket or is about one
 * that it names. The conversation is the ticket: whoever writes in it writes to the ticket.
 */
export function decideChat(arrival: ChatArrival): Decision | undefined {
  const { thread, before, internal } = arrival
  if (internal || thread?.internal) return decideInRoom(arrival)
  if (thread?.named) return decideWhereNamed(arrival, thread.ticketId)
  if (thread) return decideInThread(arrival, thread.ticketId)
  if (before?.open && before.agoMs <= arrival.withinMs) return appendTo(before.ticketId, 'row', 'participant')
  if (arrival.smallTalk) return { action: 'ignore', rule: 'small-talk' }
  if (before?.open && before.agoMs <= (before.alike ? ALIKE_MS : UNCLEAR_MS)) {
    return { action: 'hold', ticketId: before.ticketId, reason: 'unclear' }
  }
  return undefined
}

/** Among agents everything stays among agents, whoever says it. */
function decideInRoom({ thread, senderIsAgent }: ChatArrival): Decision {
  if (!thread) return { action: 'ignore', rule: 'room-talk' }
  if (!senderIsAgent) return { action: 'hold', ticketId: thread.ticketId, reason: 'stranger-in-room' }
  const { ticketId } = thread
  return { action: 'append', ticketId, direction: 'internal', rule: 'thread', allowed: 'agent' }
}

function decideInThread({ senderIsAgent, takesPart, shared }: ChatArrival, ticketId: string): Decision {
  if (takesPart(ticketId)) return appendTo(ticketId, 'thread', 'participant')
  // Written where the requester reads it: an answer, whichever way it came about.
  if (senderIsAgent && shared) return { action: 'append', ticketId, direction: 'out', rule: 'thread', allowed: 'agent' }
  if (senderIsAgent) return { action: 'append', ticketId, direction: 'internal', rule: 'thread', allowed: 'agent' }
  if (shared) return appendTo(ticketId, 'thread', 'present')
  return { action: 'hold', ticketId, reason: 'stranger-in-thread' }
}

/** Knowing a reference brings nobody into a ticket, and what agents say there is no answer to its requester. */
function decideWhereNamed({ senderIsAgent, takesPart }: ChatArrival, ticketId: string): Decision {
  if (takesPart(ticketId)) return appendTo(ticketId, 'named-thread', 'participant')
  if (!senderIsAgent) return { action: 'hold', ticketId, reason: 'stranger-in-thread' }
  return { action: 'append', ticketId, direction: 'internal', rule: 'named-thread', allowed: 'agent' }
}

function appendTo(ticketId: string, rule: string, allowed: JoinReason): Decision {
  return { action: 'append', ticketId, direction: 'in', rule, allowed }
}

/** Whether two texts are about the same: two words of some length stand in both. */
export function isAlike(text: string, other: string): boolean {
  const words = wordsOf(other)
  return [...wordsOf(text)].filter(word => words.has(word)).length >= 2
}

function wordsOf(text: string): Set<string> {
  return new Set(
    text
      .slice(0, 2_000)
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .filter(word => word.length > 3),
  )
}
