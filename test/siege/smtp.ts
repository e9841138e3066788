// The entrance of mail by SMTP: mails that cost more to read than to send, and clients that take places and keep them.
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { type Letter, writeLetter } from '../support/mail/letter.ts'
import { SmtpTalk } from '../support/servers/smtp-talk.ts'
import type { BesiegedDesk } from './besieged-desk.ts'
import type { Scene } from './scene.ts'

const MB = 1_000_000
const of = (unit: string, size = MB) => unit.repeat(Math.ceil(size / unit.length))
const SIGNATURE =
  'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=evil.example; s=s1; h=from; bh=vtJYZYerfpMZ4tcCLtwrjkKcSYV+r+RKnPNf8XNSDLI=; b=AAAA'

const LETTERS: Record<string, Letter> = {
  'lines that look like fields': { text: `Please open 1 of them\n${of('a: b\n')}` },
  'an agent who quotes heads': {
    from: 'bob@staff.example',
    text: `open 1\n${of('From: a@b.example\nDate: 10:00\nTo: c\n')}`,
  },
  'no end of a line': { text: of('x', 20 * MB) },
  'Chinese without a blank': { text: of('你好') },
  'a subject of a megabyte': { subject: of('x') },
  'a hundred thousand readers': { head: [`Cc: ${of('a@b.example, ', 1.3 * MB)}x@y.example`] },
  'ten thousand references': { head: [`References: ${of(' <a@b.example>', 140_000)}`] },
  'ten thousand files': { parts: Array.from({ length: 10_000 }, (_, n) => `Content-Type: a/b; name=${n}\r\n\r\nx`) },
  'a signature over twenty thousand names': { top: [SIGNATURE.replace('h=from', `h=from${':x'.repeat(20_000)}`)] },
  'five signatures that end in a text of 45 MB': {
    top: [1, 2, 3, 4, 5].map(n => SIGNATURE.replace('h=from', `h=from; l=${n * MB}`)),
    text: of('a line of it\n', 45 * MB),
  },
}

const checked = async () => ({ mail: { authentication: {} } })

export const smtp: Scene[] = [
  ...Object.entries(LETTERS).map(([name, letter]) => ({
    name,
    options: checked,
    async play({ mailPort }: BesiegedDesk) {
      const said = await handOverAsItIs(mailPort, writeLetter(letter, new Date()))
      return said.startsWith('250') ? [] : [`It was answered with ${said}`]
    },
  })),
  {
    name: 'a hundred clients that drip',
    options: checked,
    async play({ mailPort }) {
      const clients = Array.from({ length: 100 }, () =>
        connect({ port: mailPort, host: '127.0.0.1', localAddress: '127.0.1.1' }).on('error', () => undefined),
      )
      for (const client of clients) client.write('EHLO x\r\nMAIL FROM:<x@evil.example>\r\n')
      const timer = setInterval(() => clients.forEach(drip), 200)
      await pause(20_000)
      clearInterval(timer)
      for (const client of clients) client.destroy()
      return []
    },
  },
]

function drip(client: Socket): void {
  if (client.writable) client.write('NOOP\r\n')
}

/** What is handed over has no line that begins with a dot: to look for one would take time from who is watching. */
async function handOverAsItIs(port: number, raw: Buffer): Promise<string> {
  const talk = new SmtpTalk(port)
  await talk.open('EHLO', 'x@evil.example', 'help@desk.example')
  talk.write(raw)
  const said = await talk.say('\r\n.')
  talk.end()
  return said
}
