/** Whether a message reached the organisation so long ago that an acknowledgement would only confuse. `within`: milliseconds. */
export function isOld(reachedAt: string | null, now: Date, within: number): boolean {
  return reachedAt !== null && now.getTime() - Date.parse(reachedAt) > within
}
