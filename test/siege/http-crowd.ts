// A crowd of clients for HTTP, in a thread of its own: so many connections, each of which sends the same and comes again
// whenever it is sent away. It tells once all have been there. They come from elsewhere than who else is served.
import { connect } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

export interface Crowd {
  port: number
  count: number
  head: string
  /** Sent behind the head so many times. */
  unit: string
  times: number
  /** From an address of its own for each of them; else all from one. */
  scattered: boolean
}

const AGAIN_MS = 20
const { port, count, head, unit, times, scattered } = workerData as Crowd
let been = 0
const bytes = Buffer.from(head + unit.repeat(times))

function come(n: number): void {
  const localAddress = scattered ? `127.0.${1 + Math.floor(n / 250)}.${1 + (n % 250)}` : '127.0.1.1'
  const socket = connect({ port, host: '127.0.0.1', localAddress }, () => {
    socket.write(bytes)
    been += 1
    if (been === count) parentPort?.postMessage('here')
  })
  socket.resume()
  socket.on('error', () => undefined)
  socket.on('close', () => setTimeout(come, AGAIN_MS, n))
}

for (let n = 0; n < count; n += 1) come(n)
