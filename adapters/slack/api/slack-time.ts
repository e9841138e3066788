/**
 * Slack's timestamps (`1712345678.000100`): seconds since 1970, and what tells the messages of one channel apart. They are
 * text: a number does not hold all their digits. https://docs.slack.dev/messaging/retrieving-messages
 */
export function isTime(value: unknown): value is string {
  return typeof value === 'string' && /^\d{1,10}\.\d{1,6}$/.test(value)
}

/** Below 0 if the first is earlier. */
export function compareTimes(a: string, b: string): number {
  return normalTime(a) < normalTime(b) ? -1 : normalTime(a) > normalTime(b) ? 1 : 0
}

export function isLater(ts: string, than: string): boolean {
  return compareTimes(ts, than) > 0
}

export function latestOf(times: readonly string[]): string | undefined {
  return times.reduce<string | undefined>(
    (latest, each) => (latest === undefined || isLater(each, latest) ? each : latest),
    undefined,
  )
}

/** ISO 8601 UTC, to the millisecond. */
export function isoOf(ts: string): string {
  return new Date(millisecondsOf(ts)).toISOString()
}

export function millisecondsOf(ts: string): number {
  return Math.floor(Number(ts) * 1000)
}

export function timeOf(date: Date): string {
  return (date.getTime() / 1000).toFixed(6)
}

/**
 * So long after something was written Slack may tell of it for the first time, and it tells in any order: it tries again
 * after one minute and after five. https://docs.slack.dev/apis/events-api#error-handling
 */
export const TOLD_WITHIN_MS = 10 * 60_000

/** So many milliseconds before that. */
export function timeBefore(ts: string, milliseconds: number): string {
  return timeOf(new Date(Math.max(0, millisecondsOf(ts) - milliseconds)))
}

/** Of two texts like this the earlier one comes first. */
function normalTime(ts: string): string {
  const [seconds = '', rest = ''] = ts.split('.')
  return `${seconds.padStart(10, '0')}.${rest.padEnd(6, '0')}`
}
