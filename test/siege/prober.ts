// A thread that asks a desk again and again for a greeting and for the answer to a command, and keeps how long it took.
import { createHmac } from 'node:crypto'
import { request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'

/** Where the desk is, and what a command looks like. */
export interface Target {
  mailPort: number
  slackUrl: string
  signingSecret: string
  /** Fields of a slash command. */
  form: Record<string, string>
}

/** Milliseconds that each took; what did not come in time has taken `GIVES_UP_MS`. */
export interface Waits {
  greetings: number[]
  commands: number[]
}

const EVERY_MS = 25
const GIVES_UP_MS = 30_000

const { mailPort, slackUrl, signingSecret, form } = workerData as Target
const waits: Waits = { greetings: [], commands: [] }
let isOver = false

parentPort?.on('message', () => {
  isOver = true
})

await Promise.all([again(waits.greetings, greeted), again(waits.commands, answered)])
parentPort?.postMessage(waits)

async function again(times: number[], ask: () => Promise<void>): Promise<void> {
  while (!isOver) {
    const since = performance.now()
    await ask().then(
      () => times.push(performance.now() - since),
      () => times.push(GIVES_UP_MS),
    )
    await pause(EVERY_MS)
  }
}

function greeted(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(mailPort, '127.0.0.1')
    socket.setTimeout(GIVES_UP_MS, () => socket.destroy(new Error('no greeting')))
    socket.on('error', reject)
    socket.once('data', data => {
      socket.end('QUIT\r\n')
      if (data.toString().startsWith('220')) resolve()
      else reject(new Error(data.toString()))
    })
  })
}

/** https://docs.slack.dev/authentication/verifying-requests-from-slack */
function answered(): Promise<void> {
  const time = Math.floor(Date.now() / 1000)
  const body = new URLSearchParams({ ...form, trigger_id: `${time}.${Math.random()}` }).toString()
  const digest = createHmac('sha256', signingSecret).update(`v0:${time}:${body}`).digest('hex')
  const headers = {
    ...{ 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) },
    ...{ 'x-slack-request-timestamp': `${time}`, 'x-slack-signature': `v0=${digest}` },
  }
  return new Promise((resolve, reject) => {
    const sent = request(slackUrl, { method: 'POST', headers, agent: false }, response => {
      response.resume()
      response.on('error', reject)
      response.on('end', () => {
        if (response.statusCode === 200) resolve()
        else reject(new Error(`${response.statusCode}`))
      })
    })
    sent.setTimeout(GIVES_UP_MS, () => sent.destroy(new Error('no answer')))
    sent.on('error', reject)
    sent.end(body)
  })
}
