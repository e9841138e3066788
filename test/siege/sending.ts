// Relays that play badly, and much that is to leave: each holds up only its own.
import { createServer, type Socket } from 'node:net'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/ports.ts'
import { mailTo } from '../support/smtp-world.ts'
import type { BesiegedDesk } from './besieged-desk.ts'
import type { Scene } from './scene.ts'

const MAILS = 60
const QUICK = 'vip@example.com'

/** A channel whose relay is at this port, and which takes mail at another. */
function channelThrough(relayPort: number, mailPort: number): object {
  return {
    ...{ name: 'other', kind: 'email', address: 'other@desk.example', listen: { port: mailPort } },
    ...{ authentication: { check: false } },
    send: { smtp: { host: '127.0.0.1', port: relayPort, requireTls: false } },
  }
}

/** A relay that answers each command as this says. */
async function relayThat(
  answer: (line: string, socket: Socket) => void,
): Promise<{ port: number; end(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    socket.write('220 relay.example\r\n')
    socket.on('data', data => answer(data.toString(), socket))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const end = async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  }
  return { port: (server.address() as { port: number }).port, end }
}

function sceneOf(name: string, answer: (line: string, socket: Socket) => void): Scene {
  let other = 0
  return {
    name,
    async options() {
      const [relay, port] = [await relayThat(answer), await freePort()]
      other = port
      return { channels: [channelThrough(relay.port, port)], end: relay.end }
    },
    async play(desk) {
      for (let n = 0; n < MAILS; n += 1) await ask(other, `u${n}@company-${n}.example`, 'other@desk.example')
      return answeredSoon(desk)
    },
  }
}

async function ask(port: number, from: string, to: string): Promise<void> {
  await mailTo(port, { from, to, subject: 'Printer', text: 'It burns.' })
}

/** Whether somebody who writes now is answered within a second or so. */
async function answeredSoon(desk: BesiegedDesk): Promise<string[]> {
  const since = performance.now()
  await ask(desk.mailPort, QUICK, 'help@desk.example')
  await eventually(() => desk.world.to(QUICK).length > 0, 'the other channel answers')
  const took = performance.now() - since
  return took > 1_500 ? [`Another channel answered after ${took.toFixed(0)} ms only.`] : []
}

export const sending: Scene[] = [
  sceneOf('a relay that takes a mail and says nothing more', (line, socket) => {
    if (/^EHLO/i.test(line)) socket.write('250 relay.example\r\n')
    else if (/^(MAIL|RCPT)/i.test(line)) socket.write('250 fine\r\n')
    else if (/^DATA/i.test(line)) socket.write('354 go on\r\n')
  }),
  sceneOf('a relay that goes on talking without an end', (line, socket) => {
    if (/^EHLO/i.test(line)) socket.write('250 relay.example\r\n')
    else if (/^MAIL/i.test(line)) {
      const drip = setInterval(() => socket.write('250-still here\r\n'), 500)
      socket.on('close', () => clearInterval(drip))
    }
  }),
  sceneOf('a relay that hangs up at once', (_line, socket) => socket.destroy()),
  {
    name: 'a domain whose mail the relay looks at for long',
    async play(desk) {
      desk.world.looksFor = 20_000
      for (let n = 0; n < MAILS; n += 1) await ask(desk.mailPort, `u${n}@slow.example`, 'help@desk.example')
      await eventually(() => desk.world.to('u0@slow.example').length > 0, 'the first are on their way')
      desk.world.looksFor = 0
      return answeredSoon(desk)
    },
  },
]
