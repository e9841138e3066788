import { registerHooks } from 'node:module'

// Loaded into a desk before it starts (node --import): it may write as much into one channel in a second as Slack lets
// through in minutes, and Slack gives up in seconds what it tells of for minutes, so that a day's talk is over in
// minutes. Nothing else of it is changed.

const HURRIED: Record<string, { usual: string; here: string }> = {
  '/adapters/slack/api/pacer.ts': { usual: 'perSecond = 1, burst = 3', here: 'perSecond = 500, burst = 100' },
  '/adapters/slack/api/slack-time.ts': { usual: 'TOLD_WITHIN_MS = 10 * 60_000', here: 'TOLD_WITHIN_MS = 25_000' },
}

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    const [, hurried] = Object.entries(HURRIED).find(([file]) => url.endsWith(file)) ?? []
    if (!hurried) return loaded
    const source = String(Buffer.from(loaded.source as Uint8Array))
    if (!source.includes(hurried.usual)) throw new Error(`${url} is written in another way: mend what hurries it`)
    return { ...loaded, source: source.replace(hurried.usual, hurried.here) }
  },
})
