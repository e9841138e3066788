// Scenes of a large import beside a desk: how long others wait meanwhile, and whether all of it was taken.
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mail } from '../support/mail/cli-mail.ts'
import type { BesiegedDesk } from './besieged-desk.ts'
import type { Scene } from './scene.ts'

const MAILS = 50_000
const MANY = 2_000
const NO_FLOOD = { floods: { tickets: 0, messages: 0 } }

export const backlog: Scene[] = [
  {
    name: 'an import of fifty thousand mails in a process of its own',
    options: async () => ({ root: NO_FLOOD }),
    play: desk => importMails(desk, MAILS, n => mail(`Ticket ${n}`, `Date: ${LONG_AGO}\n`)),
  },
  {
    name: 'an import of thousands of mails on one ticket, which is looked at meanwhile',
    options: async () => ({ root: NO_FLOOD }),
    play: desk => importMails(desk, MANY, n => mail(`More ${n}`, n === 0 ? '' : ANSWERS_FIRST)),
  },
]

const LONG_AGO = 'Wed, 01 Jan 2020 00:00:00 +0000' // nothing is acknowledged: the import alone is measured
const ANSWERS_FIRST = 'In-Reply-To: <More-0@example.com>\n'

async function importMails(desk: BesiegedDesk, count: number, letter: (n: number) => string): Promise<string[]> {
  await writeMbox(desk.room.path('many.mbox'), count, letter)
  const { code, stdout, stderr } = await desk.run('receive', '--channel', 'support', '--mbox', 'rd', 'many.mbox')
  const taken = [...stdout.matchAll(/(\d+) (?:opened|appended)/g)].reduce((sum, found) => sum + Number(found[1]), 0)
  const shown = await desk.run('show', 'HD-1')
  return [
    ...(code === 0 && taken === count ? [] : [`Of ${count} mails ${taken} were taken: ${stdout}${stderr}`.trim()]),
    ...(shown.code === 0 ? [] : [`HD-1 cannot be shown: ${shown.stderr}`.trim()]),
  ]
}

async function writeMbox(path: string, count: number, letter: (n: number) => string): Promise<void> {
  const file = createWriteStream(path)
  for (let n = 0; n < count; n += 1) {
    if (!file.write(`From x@y Tue Dec  1 00:00:00 2026\n${letter(n)}\n`)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'close')
}
