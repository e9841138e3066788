import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

/** A mail relay that hands on what it takes, as one at the organisation does. */
export interface Relay {
  port: number
  /** What it says to RCPT, by address: a code and a text. */
  refuse: Map<string, { code: number; text: string }>
  /** Takes a mail and loses it. */
  loses: boolean
  /** How far its clock is ahead; milliseconds. */
  ahead: number
  /** All that it has taken, oldest first. */
  readonly taken: string[]
  stop(): Promise<void>
}

/** `deliver` gets each mail once for each recipient, with a Received header above it. */
export async function startRelay(deliver: (recipient: string, raw: string) => Promise<void>): Promise<Relay> {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    onRcptTo: ({ address }, _session, callback) => {
      const refusal = relay.refuse.get(address)
      callback(refusal ? Object.assign(new Error(refusal.text), { responseCode: refusal.code }) : null)
    },
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = []
      stream.on('data', chunk => chunks.push(chunk))
      stream.on('end', async () => {
        const mail = Buffer.concat(chunks).toString()
        relay.taken.push(mail)
        const date = new Date(Date.now() + relay.ahead).toUTCString().replace('GMT', '+0000')
        const received = `Received: from desk (localhost [127.0.0.1])\r\n\tby relay with ESMTP; ${date}\r\n`
        if (!relay.loses) {
          for (const { address } of session.envelope.rcptTo) await deliver(address, received + mail)
        }
        callback()
      })
    },
  })
  server.on('error', () => undefined)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
  const relay: Relay = {
    port: (server.server.address() as AddressInfo).port,
    refuse: new Map(),
    loses: false,
    ahead: 0,
    taken: [],
    stop: () => new Promise(resolve => server.close(() => resolve())),
  }
  return relay
}
