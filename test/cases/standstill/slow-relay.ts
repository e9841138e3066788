// A relay that looks at a mail for fifty seconds, or takes ten megabytes at 200 kB a second: how often it gets an answer.
// node test/cases/standstill/slow-relay.ts scan|upload [SECONDS, 400]
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { mailTo } from '../../support/smtp-world.ts'
import { roomWith, tell } from './room.ts'

const LOOKS_FOR_MS = 50_000
const BYTES_A_SECOND = 200_000
const [mode = 'scan', seconds = '400'] = process.argv.slice(2)
const taken: string[] = []
let isSlow = false

const relay = createServer(async socket => {
  socket.on('error', () => undefined)
  const say = (line: string) => void socket.write(`${line}\r\n`)
  let received = ''
  let inData = false
  say('220 relay')
  for await (const chunk of socket.setEncoding('latin1')) {
    received += chunk
    if (inData && isSlow && mode === 'upload') await pause((chunk.length / BYTES_A_SECOND) * 1000)
    for (;;) {
      const end = received.indexOf(inData ? '\r\n.\r\n' : '\r\n')
      if (end < 0) break
      const said = received.slice(0, end)
      received = received.slice(end + (inData ? 5 : 2))
      if (inData) {
        inData = false
        if (isSlow && mode === 'scan') await pause(LOOKS_FOR_MS)
        taken.push(said)
        tell('the relay has taken', /^Subject: .*$/m.exec(said)?.[0])
        say('250 taken')
      } else if (/^DATA/i.test(said)) {
        inData = true
        say('354 go on')
      } else if (/^QUIT/i.test(said)) socket.end('221 bye\r\n')
      else say('250 relay')
    }
  }
})
await new Promise<void>(resolve => relay.listen(0, '127.0.0.1', resolve))
const { port } = relay.address() as { port: number }
const { room, ports } = await roomWith({ help: { send: { smtp: { host: '127.0.0.1', port, requireTls: false } } } })
const mail = (from: string, more: object) => mailTo(ports.help ?? 0, { from, to: 'help@desk.example', ...more })
try {
  await room.start()
  await mail('ann@cust.example', { subject: 'Price list', text: 'Please send it.' })
  const notice = () => taken.find(each => /^To: .*bob@/m.test(each))
  while (!notice()) await pause(100)
  isSlow = true
  if (mode === 'upload') {
    const inReplyTo = /^Message-ID: (\S+)/im.exec(notice() ?? '')?.[1] ?? ''
    const attachments = [{ filename: 'prices.pdf', content: Buffer.alloc(10_000_000, 7) }]
    await mail('bob@staff.example', { subject: 'Re: Price list', inReplyTo, text: 'Here it is.', attachments })
  } else tell((await room.run('reply', 'HD-1', 'Here it is.')).stdout.trim())
  await pause(Number(seconds) * 1000)
  tell(taken.filter(each => each.includes('Here it is.')).length, 'copies of the answer (1 is right)')
  tell(`\n${(await room.run('outbox', 'list')).stdout}\n${(await room.run('show', 'HD-1')).stdout}`)
} finally {
  await room.remove()
}
process.exit(0)
