import { registerHooks } from 'node:module'

// Loaded into a desk before it starts (node --import): it may write as much into one channel in a second as Slack lets
// through in minutes, so that a day's talk is over in minutes. Nothing else of it is changed.

const FILE = '/adapters/slack/pacer.ts'
const PACE = 'perSecond = 1, burst = 3'
const HURRIED = 'perSecond = 500, burst = 100'

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!url.endsWith(FILE)) return loaded
    const source = String(Buffer.from(loaded.source as Uint8Array))
    if (!source.includes(PACE)) throw new Error(`The pace of ${FILE} is written in another way: mend this file`)
    return { ...loaded, source: source.replace(PACE, HURRIED) }
  },
})
