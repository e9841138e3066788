// A crowd of clients for HTTP, in a thread of its own: so many connections, each of which sends the same and comes again
// whenever it is sent away. It tells once all have been there.
import { connect } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

export interface Crowd {
  port: number
  count: number
  head: string
  /** Sent behind the head so many times. */
  unit: string
  times: number
}

const AGAIN_MS = 20
const { port, count, head, unit, times } = workerData as Crowd
let been = 0
const bytes = Buffer.from(head + unit.repeat(times))

function come(): void {
  const socket = connect(port, '127.0.0.1', () => {
    socket.write(bytes)
    been += 1
    if (been === count) parentPort?.postMessage('here')
  })
  socket.resume()
  socket.on('error', () => undefined)
  socket.on('close', () => setTimeout(come, AGAIN_MS))
}

for (let n = 0; n < count; n += 1) come()
