import { hash } from 'node:crypto'

const QUIET_MS = 3 // what the piece of work below takes where nothing else is done

/**
 * Milliseconds of processor time since this was called, as a quiet machine would have needed them: a processor that
 * others use as well does less in the same time, which is measured beside it. What is made to cost time would take
 * minutes or hours if a rule were not linear, so this asks whether there is an end, not how fast something is.
 */
export function cpuTime(): () => number {
  const before = pieceOfWork()
  const since = process.cpuUsage()
  return () => {
    const spent = millisecondsSince(since)
    return spent / Math.max(1, Math.max(before, pieceOfWork()) / QUIET_MS)
  }
}

/** How much processor time the same work takes now: texts, patterns and numbers, as in reading mail. */
function pieceOfWork(): number {
  const since = process.cpuUsage()
  let text = ''
  for (let n = 0; n < 300; n += 1) {
    text = `${text.slice(-2_000)}${hash('sha256', text)} `
    text = text.replace(/[a-f]+(\d)/g, '$1').replace(/\b(\d+) /g, '<$1> ')
  }
  return millisecondsSince(since)
}

function millisecondsSince(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1000
}
