// Crowds before what the desk serves by HTTP: Slack's endpoint, as anybody on the internet reaches it.
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Crowd } from './http-crowd.ts'
import type { Scene } from './scene.ts'

const CROWD = 520
const LARGE = 2_000_000 // bytes
const STAYS_MS = 10_000

const UNSIGNED = `POST /slack/events HTTP/1.1\r\nHost: desk\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${LARGE}\r\n\r\n`

function forged(): string {
  const time = `X-Slack-Request-Timestamp: ${Math.floor(Date.now() / 1000)}`
  return UNSIGNED.replace(/\r\n$/, `${time}\r\nX-Slack-Signature: v0=${'0'.repeat(64)}\r\n\r\n`)
}

const CROWDS: Record<string, () => Pick<Crowd, 'head' | 'unit' | 'times'>> = {
  'large forms that nobody signed': () => ({ head: UNSIGNED, unit: 'a&', times: LARGE / 2 }),
  'large forms with signatures that are none of Slack’s': () => ({ head: forged(), unit: 'a&', times: LARGE / 2 }),
  'large forms of which the last byte does not come': () => ({ head: forged(), unit: 'a', times: LARGE - 1 }),
  'bodies that do not begin': () => ({ head: forged(), unit: '', times: 0 }),
  'heads that do not end': () => ({ head: UNSIGNED.slice(0, -2), unit: '', times: 0 }),
  'clients that say nothing': () => ({ head: '', unit: '', times: 0 }),
}

export const http: Scene[] = Object.entries(CROWDS).flatMap(([name, crowd]) =>
  [false, true].map(scattered => scene(name, crowd(), scattered)),
)

function scene(what: string, crowd: Pick<Crowd, 'head' | 'unit' | 'times'>, scattered: boolean): Scene {
  return {
    name: `${CROWD} times by HTTP${scattered ? ', each from elsewhere' : ''}: ${what}`,
    async play({ slackUrl }) {
      const workerData: Crowd = { ...crowd, scattered, port: Number(new URL(slackUrl).port), count: CROWD }
      const worker = new Worker(new URL('./http-crowd.ts', import.meta.url), { workerData })
      await once(worker, 'message')
      await pause(STAYS_MS)
      await worker.terminate()
      return []
    },
  }
}
