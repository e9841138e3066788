// Two channels, and the relay of one never says that it has taken a mail: what the other one still sends.
// node test/cases/standstill/hanging-relay.ts [MAILS, 60] [SECONDS, 400]
import { setTimeout as pause } from 'node:timers/promises'
import { mailTo, World } from '../../support/smtp-world.ts'
import { roomWith, tell } from './room.ts'

const [mails = 60, seconds = 400] = process.argv.slice(2).map(Number)
const [quick, hanging] = [new World(), new World()]
await Promise.all([quick.start(), hanging.start()])
hanging.looksFor = 2 ** 30
const through = ({ port }: World) => ({ send: { smtp: { host: '127.0.0.1', port, requireTls: false } } })
const { room, ports } = await roomWith({ quick: through(quick), hanging: through(hanging) })
try {
  await room.start()
  for (let n = 0; n < mails; n += 1) {
    const from = `u${n}@cust${n}.example`
    await mailTo(ports.hanging ?? 0, {
      from,
      to: 'hanging@desk.example',
      subject: `Stuck ${n}`,
      text: `It burns ${n}.`,
    })
  }
  tell(mails, 'mails came in on the channel whose relay hangs')
  await pause(2000)
  const asked = Date.now()
  await mailTo(ports.quick ?? 0, { from: 'vip@example.com', to: 'quick@desk.example', subject: 'Urgent', text: 'Now.' })
  const end = asked + seconds * 1000
  while (quick.to('vip@example.com').length === 0 && Date.now() < end) await pause(100)
  const came = quick.to('vip@example.com').length > 0
  tell(came ? `the other channel answered after ${Date.now() - asked} ms` : `no answer in ${seconds} s`)
  tell(hanging.mails.length, 'mails lie with the relay that hangs')
} finally {
  await room.remove()
}
process.exit(0)
