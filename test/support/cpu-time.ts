/**
 * Milliseconds of processor time since this was called. What is made to cost time would take minutes or hours if a rule
 * were not linear; how busy the machine is matters little to that.
 */
export function cpuTime(): () => number {
  const since = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(since)
    return (user + system) / 1000
  }
}
