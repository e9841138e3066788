// What was made of a message, as it is kept.
import type { Authentication, BulkSort, InboundMessage, MessageKind } from '../../channel/message.ts'
import type { Clue, Decision, JoinReason } from './threading.ts'

/** What was made of a message and why, as it is kept with its arrival. */
export interface ArrivalVerdict {
  kind: MessageKind
  /** Why it is of this kind; none for a person. */
  reasons: string[]
  bulk: BulkSort | null
  /** What led to the ticket: a clue, or another rule; null where nothing did. */
  rule: string | null
  /** Why its sender may join; null where nobody joined. */
  allowed: JoinReason | null
  /** How far its sender's address could be believed; left out where nobody says anything. */
  authentication?: Authentication
  /** Why it was taken for spam. */
  spam?: string[]
  /** Somebody else than its writer made it a message to the desk. */
  pointedAt?: true
  /** What the virus scanner found, or why it could not look. */
  scan?: string
  /** All that hinted at a ticket, strongest first. */
  clues: string[]
}

const MOST_CLUES = 10

export function verdictOf(message: InboundMessage, clues: readonly Clue[], decision: Decision): ArrivalVerdict {
  const appended = decision.action === 'append' ? decision : undefined
  return {
    kind: message.kind,
    reasons: message.kindReasons,
    bulk: message.bulk,
    rule:
      appended?.rule ??
      (decision.action !== 'open' ? null : decision.forwarded ? 'forwarded' : decision.follows ? 'follows' : null),
    allowed: appended?.allowed ?? null,
    ...(message.authentication.result === 'none' ? {} : { authentication: message.authentication }),
    ...(message.pointedAt ? { pointedAt: true } : {}),
    ...(message.spam.length > 0 ? { spam: message.spam } : {}),
    clues: [...new Set(clues.map(clue => clue.by))].slice(0, MOST_CLUES),
  }
}
