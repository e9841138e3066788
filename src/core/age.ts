const DAY_MS = 24 * 60 * 60 * 1000

/** Whether a message reached the organisation so long ago that an acknowledgement would only confuse. */
export function isOld(reachedAt: string | null, now: Date, days: number): boolean {
  if (!reachedAt) return false
  return now.getTime() - new Date(reachedAt).getTime() > days * DAY_MS
}
