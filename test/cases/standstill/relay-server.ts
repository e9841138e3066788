// A desk sends through a relay that behaves in a way of its own; every ten seconds what has left.
// node test/cases/standstill/relay-server.ts SCENE [SECONDS, 120]; without a SCENE it lists them
import { createServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { mailTo } from '../../support/smtp-world.ts'
import { greeting, roomWith, tell } from './room.ts'

/** What is said instead of the usual; undefined for the usual, '' for nothing. */
interface Scene {
  banner?: string
  ehlo?: string
  rcpt?: (count: number) => string
  /** Behind the final dot. */
  end?: string
  /** Said again and again instead of what comes at this point. */
  drips?: { at: 'banner' | 'ehlo' | 'end'; line: string }
  hangUp?: 'rcpt' | 'end'
}

const SCENES: Record<string, Scene> = {
  'greets with 20 MB': { banner: `220-${'x'.repeat(20_000_000)}\r\n220 relay` },
  'drips its greeting': { drips: { at: 'banner', line: '220-wait' } },
  'drips what it can': { drips: { at: 'ehlo', line: '250-wait' } },
  'drips behind the dot': { drips: { at: 'end', line: '250-wait' } },
  'says nothing behind the dot': { end: '' },
  'says nothing to a recipient': { rcpt: () => '' },
  'ends behind the dot': { hangUp: 'end' },
  'ends at a recipient': { rcpt: () => '421 4.3.2 going down', hangUp: 'rcpt' },
  'refuses the text': { end: '554 5.7.1 rejected' },
  'talks nonsense': { end: '999 what is this' },
  'takes every other recipient': { rcpt: count => (count % 2 === 0 ? '452 4.5.3 too many' : '250 ok') },
  'refuses with 5 MB': { rcpt: () => `550-${'y'.repeat(5_000_000)}\r\n550 5.1.1 no` },
  'colours its refusal': { rcpt: () => '550 5.1.1 \x1b]0;owned\x07\x1b[2J\x9b31m \u202eno such user\x00here' },
}

const [name = '', seconds = '120'] = process.argv.slice(2)
const scene = SCENES[name]
if (!scene) {
  console.log(`Scenes:\n  ${Object.keys(SCENES).join('\n  ')}`)
  process.exit(64)
}
const seen = { connections: 0, recipients: 0, mails: 0 }
const relay = createServer(socket => serve(socket, scene))
await new Promise<void>(resolve => relay.listen(0, '127.0.0.1', resolve))
const { port } = relay.address() as { port: number }
const { room, ports } = await roomWith({ help: { send: { smtp: { host: '127.0.0.1', port, requireTls: false } } } })
try {
  await room.start()
  for (let n = 0; n < 5; n += 1) {
    const cc = ['a@c.example', 'b@c.example', 'd@c.example']
    await mailTo(ports.help ?? 0, {
      from: `ann${n}@cust${n}.example`,
      to: 'help@desk.example',
      cc,
      subject: `Question ${n}`,
    })
  }
  const end = Date.now() + Number(seconds) * 1000
  while (Date.now() < end) {
    await pause(10_000)
    tell(JSON.stringify(seen), `greeting ${await greeting(ports.help ?? 0)} ms`)
  }
  tell(`\n${(await room.run('outbox', 'list')).stdout}\n${(await room.run('alarms')).stdout}`)
} finally {
  await room.remove()
}
process.exit(0)

function serve(socket: Socket, { banner, ehlo, rcpt, end, drips, hangUp }: Scene): void {
  seen.connections += 1
  socket.on('error', () => undefined)
  const say = (line: string) => line !== '' && !socket.destroyed && socket.write(`${line}\r\n`, 'latin1')
  const answer = (at: string, usual: string) => {
    if (drips?.at !== at) say(usual)
    else setInterval(() => say(drips.line), 1000).unref()
    if (hangUp === at) socket.end()
  }
  let received = ''
  let inData = false
  let recipients = 0
  answer('banner', banner ?? '220 relay')
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    received += chunk
    for (let at = received.indexOf('\r\n'); at >= 0; at = received.indexOf('\r\n')) {
      const line = received.slice(0, at)
      received = received.slice(at + 2)
      if (inData) {
        if (line !== '.') continue
        inData = false
        seen.mails += 1
        answer('end', end ?? '250 taken')
      } else if (/^EHLO/i.test(line)) answer('ehlo', ehlo ?? '250 relay')
      else if (/^RCPT/i.test(line)) {
        recipients += 1
        seen.recipients += 1
        answer('rcpt', rcpt?.(recipients) ?? '250 ok')
      } else if (/^DATA/i.test(line)) {
        inData = true
        say('354 go on')
      } else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n')
      else say('250 ok')
    }
  })
}
