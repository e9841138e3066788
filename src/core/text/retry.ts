// When something is tried again.
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** RFC 5321 section 4.5.4.1: try again after a while, less and less often, and give up after four to five days. */
const DELAYS = [1 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, 1 * HOUR, 2 * HOUR, 4 * HOUR]
const LONGEST_WAIT = 8 * HOUR
const GIVE_UP_AFTER = 5 * DAY

/** The shortest wait between two attempts; an adapter's `send` must be over before it ends. */
export const FIRST_RETRY_MS = 1 * MINUTE

/**
 * When to try again after attempt number `attempts` (1 is the first), or null to give up.
 * `requestedWait`: the wait the transport asked for, in milliseconds.
 */
export function nextTry(attempts: number, queuedAt: Date, now: Date, requestedWait = 0): Date | null {
  if (now.getTime() - queuedAt.getTime() >= GIVE_UP_AFTER) return null
  const wait = Math.max(DELAYS[attempts - 1] ?? LONGEST_WAIT, Math.min(requestedWait, DAY))
  return new Date(now.getTime() + wait)
}
