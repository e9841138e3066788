// Thousands of mails are taken at once, each with a notice for an agent who has had enough of them for today: whether the
// desk still greets, answers commands, and stops.
// node test/cases/standstill/backlog.ts [MAILS, 5000] [SECONDS AFTERWARDS, 60]
import { setTimeout as pause } from 'node:timers/promises'
import { mail } from '../../support/mail/cli-mail.ts'
import { greeting, longestGreeting, roomWith, tell } from './room.ts'

const [count = 5000, seconds = 60] = process.argv.slice(2).map(Number)
const { room, ports } = await roomWith(
  { help: {} },
  { automatic: { perAgentDay: 10 }, floods: { tickets: 0, messages: 0 } },
)
try {
  const letters = Array.from({ length: count }, (_, n) => `From x@y Tue Dec  1 00:00:00 2026\n${mail(`Ticket ${n}`)}\n`)
  await room.write('many.mbox', letters.join(''))
  const running = await room.start()
  const port = ports.help ?? 0
  tell('greeting before:', await greeting(port), 'ms')
  const during = await longestGreeting(port, async () => {
    const { stdout, stderr } = await room.run('receive', 'many.mbox')
    tell(`${stdout}${stderr}`.trim().split('\n').at(-1))
    const began = Date.now()
    await room.run('list')
    tell('a command took', Date.now() - began, 'ms')
  })
  tell('longest greeting during the import:', during)
  const after = await longestGreeting(port, () => pause(seconds * 1000))
  tell('longest greeting afterwards:', after)
  const began = Date.now()
  running.child.kill('SIGTERM')
  await running.ended
  tell('stopping took', Date.now() - began, 'ms')
} finally {
  await room.remove()
}
