import { setTimeout as pause } from 'node:timers/promises'
import { deadlineIn } from './patience.ts'

const MOMENT_MS = 30_000 // for what takes a moment

/**
 * Asks until the answer is there, neither undefined nor false. Rejects with `what` after the deadline, which is that of
 * a quiet machine in milliseconds and moves with the pace of this one.
 */
export async function eventually<T>(
  ask: () => T | false | undefined | Promise<T | false | undefined>,
  what: string,
  deadline = MOMENT_MS,
): Promise<T> {
  const isOver = deadlineIn(deadline)
  for (let every = 2; ; every = Math.min(20, every + 1)) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (isOver()) throw new Error(`This did not come about in time: ${what}`)
    await pause(every)
  }
}

/** Gives what a promise gives; rejects with `what` if it is not settled in time, as `eventually` does. */
export async function inTime<T>(promise: Promise<T>, what: string, deadline = MOMENT_MS): Promise<T> {
  let settled = false
  const watch = promise.finally(() => {
    settled = true
  })
  watch.catch(() => undefined) // told by whoever waits for it
  await eventually(() => settled || undefined, what, deadline)
  return promise
}
