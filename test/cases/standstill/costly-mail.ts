// One mail after the other that costs more to read than to send: how long others wait for a greeting meanwhile.
// node test/cases/standstill/costly-mail.ts [NAME]
import { handOver, writeLetter } from '../../support/mail/letter.ts'
import { longestGreeting, roomWith, tell } from './room.ts'

const SIGNATURE =
  'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=evil.example; s=s1; h=from; bh=vtJYZYerfpMZ4tcCLtwrjkKcSYV+r+RKnPNf8XNSDLI=; b=AAAA'
const LETTERS = {
  plain: { text: `Hello 1 of them\r\n${'a: b\r\n'.repeat(190_000)}` },
  open: { text: `Please open 1 of them\r\n${'a: b\r\n'.repeat(190_000)}` },
  'open with senders': { text: `open 1\r\n${'x\r\nFrom: a\r\n'.repeat(90_000)}` },
  'open with subjects': { text: `open 1\r\n${'Subject: a\r\n'.repeat(90_000)}` },
  'a field of 40000 lines': { top: [SIGNATURE, `X: a${'\r\n a'.repeat(40_000)}`] },
  'signatures over 20000 names': { top: [SIGNATURE.replace('h=from', `h=from${':x'.repeat(20_000)}`)] },
}

const only = process.argv[2]
const { room, ports } = await roomWith({ help: { authentication: {} } })
const port = ports.help ?? 0
try {
  await room.start()
  for (const [name, letter] of Object.entries(LETTERS)) {
    if (only !== undefined && only !== name) continue
    const raw = writeLetter({ from: `x${name.length}@evil.example`, ...letter }, new Date())
    const began = Date.now()
    const longest = await longestGreeting(port, async () => {
      const said = await handOver(port, raw, 'x@evil.example', ['help@desk.example'])
      tell(`${name}: ${said.split('\n')[0]}, after ${Date.now() - began} ms`)
    })
    tell(`${name}: longest greeting meanwhile ${longest}`)
  }
} finally {
  await room.remove()
}
