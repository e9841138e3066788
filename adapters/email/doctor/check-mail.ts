// Tries a mail channel: its listener, its relay, its mailboxes.
import { connect, createServer } from 'node:net'
import type { Finding } from '../../../src/channel/adapter.ts'
import { codeOf, sentenceOf } from '../../../src/errors.ts'
import type { EmailSettings } from '../settings.ts'

const GREETING_MS = 3_000

/** Whether the desk listens there already, or could. */
export async function checkListener(listen: NonNullable<EmailSettings['listen']>): Promise<Finding> {
  const { host, port, protocol } = listen
  const what = `mail comes in by ${protocol.toUpperCase()} on ${host}:${port}`
  const greeting = await readGreeting(host, port)
  if (greeting !== null) {
    const ours = /^220 .*Relaydesk/.test(greeting)
    return ours
      ? { what, ok: true }
      : {
          what,
          ok: false,
          advice: `another program answers there ("${greeting.slice(0, 60)}"): choose another listen.port.`,
        }
  }
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', error => {
      resolve({
        what,
        ok: false,
        advice: `it cannot listen there (${codeOf(error) || sentenceOf(error)}): choose another listen.port or host.`,
      })
    })
    server.listen(port, host, () => server.close(() => resolve({ what: `${what} (not started)`, ok: true })))
  })
}

function readGreeting(host: string, port: number): Promise<string | null> {
  return new Promise(resolve => {
    const socket = connect({ host: host === '0.0.0.0' ? '127.0.0.1' : host, port, timeout: GREETING_MS })
    const end = (greeting: string | null) => {
      socket.destroy()
      resolve(greeting)
    }
    socket.once('data', data => end(data.toString('latin1').trim()))
    socket.once('timeout', () => end(socket.connecting ? null : ''))
    socket.once('error', () => end(null))
    socket.once('close', () => end(null))
  })
}
