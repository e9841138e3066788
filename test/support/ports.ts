import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'

const LOWEST = 10_000

/**
 * A port for a server that must be told its number: a child process, or one that is started again at the same place.
 * Nobody takes it as long as this process lives: the system hands out none of these by itself (they lie below those of
 * outgoing connections), and whoever else asks here, in whatever process, finds the UDP port of the same number taken.
 */
export async function freePort(): Promise<number> {
  const ports = firstHandedOut() - LOWEST
  const start = Math.floor(Math.random() * ports)
  for (let tried = 0; tried < ports; tried += 1) {
    const port = LOWEST + ((start + tried) % ports)
    if ((await claim(port)) && (await isFree(port))) return port
  }
  throw new Error('All ports for tests are taken: end what still runs of earlier tests.')
}

/** The first port that the system gives to whoever names none. */
function firstHandedOut(): number {
  try {
    const [first = 0] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/).map(Number)
    if (first > LOWEST + 1_000) return first
  } catch {
    // no Linux: the range that IANA sets aside for it (RFC 6335 section 6)
  }
  return 32_768
}

/** Keeps a number for this process. The system gives it free when the process ends, however it does. */
function claim(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createSocket({ type: 'udp4', reuseAddr: false })
    socket.unref()
    socket.once('error', () => socket.close(() => resolve(false)))
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(true))
  })
}

/** Whether nobody listens there, as one does who knows nothing of this. */
function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, () => probe.close(() => resolve(true)))
  })
}
