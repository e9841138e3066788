// What shows that a message is of whom it names: its transport, or mail of ours that only they got.
import type { InboundMessage } from '../../channel/message.ts'
import { type Purpose, type TokenClaim, type TokenKey, tokensIn, verifyToken } from '../ticket/token.ts'

const MOST_CLAIMS = 50 // of one message

/** A mail of ours, as far as an answer to it is judged. */
export interface SentMail {
  id: string
  ticketId: string | null
  /** When others than its recipients had its token; null: they never had. */
  seenAt: string | null
}

/** A mail of ours that a message answers. */
export interface AnsweredMail<Sent extends SentMail = SentMail> {
  /** What its token says that an answer means. */
  purpose: Purpose
  sent: Sent
  /** Addresses that got it. */
  recipients: readonly string[]
}

export type Proof<Sent extends SentMail = SentMail> =
  /** The domain of its sender, or the transport. */
  | { by: 'transport' }
  /** Mail of ours that it answers, and that its sender got; `alone`: that nobody else got. */
  | { by: 'token'; alone: Sent[] }

/**
 * What the tokens of ours claim that a message names, in what it answers and whom it is addressed to. A signature says
 * nothing of whom its bytes were handed to: of a message that nothing else confirms, what stands on the envelope alone
 * is the word of whoever handed it over. Reports come to the envelope (RFC 3834 section 4), and change nothing.
 */
export function claimsOf(keys: readonly TokenKey[], message: InboundMessage): TokenClaim[] {
  const {
    authentication,
    kind,
    mail: { references, to, cc, addressedTo },
  } = message
  const isReport = kind === 'bounce' || kind === 'auto-reply'
  if (authentication.result !== 'pass' || !authentication.signed || isReport) {
    return claimsIn(keys, [...references, ...addressedTo])
  }
  const written = new Set([...to, ...cc].map(each => each.address))
  return claimsIn(keys, [...references, ...addressedTo.filter(address => written.has(address))])
}

/** What the tokens of ours among these claim, wherever they stand: what others put before them is no token of ours. */
function claimsIn(keys: readonly TokenKey[], texts: readonly string[]): TokenClaim[] {
  const claims = [...new Set(texts.flatMap(tokensIn))].map(token => verifyToken(keys, token))
  return claims.filter(claim => claim !== null).slice(0, MOST_CLAIMS)
}

/** Null where nothing shows it, or something speaks against it. */
export function proofOf<Sent extends SentMail>(
  { authentication, from, mail: { sentByHand }, chat }: InboundMessage,
  answered: readonly AnsweredMail<Sent>[],
): Proof<Sent> | null {
  if (authentication.result === 'pass' || chat?.thread !== undefined || sentByHand) return { by: 'transport' }
  if (authentication.result !== 'none' || !from) return null
  const got = answered.filter(({ sent, recipients }) => sent.seenAt === null && recipients.includes(from.address))
  const alone = got.filter(({ recipients }) => recipients.length === 1).map(({ sent }) => sent)
  return got.length > 0 ? { by: 'token', alone } : null
}

/** Whether the proof is one: of an agent's words, which count among agents, nobody else may have had it. */
export function isShown(proof: Proof | null, ofAgent: boolean): boolean {
  if (proof?.by !== 'token') return proof !== null
  return !ofAgent || proof.alone.length > 0
}

/**
 * What the sender's domain signed only partly says nothing against them: where a secret of ours went to them, it counts as
 * in mail that nobody checked.
 */
export function believedByToken(
  message: InboundMessage,
  answered: readonly AnsweredMail[],
  byAgent: boolean,
): InboundMessage {
  const { authentication, from } = message
  if (!authentication.partly || !from) return message
  const unchecked: InboundMessage = { ...message, authentication: { result: 'none', reasons: authentication.reasons } }
  return isShown(proofOf(unchecked, answered), byAgent) ? unchecked : message
}

/** Mail whose token others than the agent who got it know from this message on: what names it later may be theirs. */
export function exposedBy<Sent extends SentMail>(
  { from, kind, mail: { to, cc }, chat }: InboundMessage,
  answered: readonly AnsweredMail<Sent>[],
  isOurs: (address: string) => boolean,
): Sent[] {
  if (!from || chat?.thread !== undefined || kind !== 'person') return []
  const others = [...to, ...cc].some(({ address }) => address !== from.address && !isOurs(address))
  return answered
    .filter(({ purpose, sent }) => purpose !== 'requester' && sent.seenAt === null)
    .filter(({ recipients }) => others || !recipients.includes(from.address))
    .map(({ sent }) => sent)
}
