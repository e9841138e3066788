// Gives memory back to the system while there is nothing to do.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const LOOK_EVERY_MS = 3_000
const IDLE = 0.05 // of one core
const WORTH_MS = 300 // of work since it was last done
const TIMES = 2 // what the threads that read mail held is let go a little later

/**
 * Gives memory back to the system whenever the process has next to nothing to do: V8 keeps the room that it once needed
 * until it has to collect garbage, which a desk at rest never has to. Takes some ten milliseconds after each burst.
 */
export function giveBackWhenIdle(): void {
  setFlagsFromString('--expose-gc') // https://nodejs.org/api/cli.html#--expose-gc
  const collect = runInNewContext('gc') as (options: object) => void
  let before = process.cpuUsage()
  let since = { user: 0, system: 0 }
  let remaining = 0
  const timer = setInterval(() => {
    const isIdle = millisecondsOf(process.cpuUsage(before)) <= LOOK_EVERY_MS * IDLE
    if (millisecondsOf(process.cpuUsage(since)) > WORTH_MS) remaining = TIMES
    if (isIdle && remaining > 0) {
      collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
      remaining -= 1
      since = process.cpuUsage()
    }
    before = process.cpuUsage()
  }, LOOK_EVERY_MS)
  timer.unref()
}

function millisecondsOf({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1_000
}
