import { setTimeout as pause } from 'node:timers/promises'

/** Asks until the answer is there; fails after the deadline. */
export async function eventually<T>(
  ask: () => T | undefined | Promise<T | undefined>,
  what: string,
  deadline = 15_000,
): Promise<T> {
  const end = Date.now() + deadline
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (Date.now() > end) throw new Error(`This did not come about in ${deadline} ms: ${what}`)
    await pause(10)
  }
}
