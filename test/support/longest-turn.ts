/**
 * Milliseconds of processor time that the longest turn of this thread took while something was done: so long had
 * everybody else to wait. What others on the machine do is not in it.
 */
export async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let watching = true
  let before = spent()
  const look = () => {
    const now = spent()
    longest = Math.max(longest, now - before)
    before = now
    if (watching) setImmediate(look)
  }
  setImmediate(look)
  try {
    await work()
  } finally {
    watching = false
  }
  return Math.max(longest, spent() - before) // also where it never gave the turn away
}

function spent(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
