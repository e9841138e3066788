import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { eventually } from '../support/eventually.ts'
import type { Bench } from './baseline.ts'
import { type Figure, median } from './figure.ts'
import { makePlace, type Place, startDesk, stopDesk } from './place.ts'
import { sendFiles } from './smtp-load.ts'

const ANSWERS = 5
const POLL_MS = 5
const DEADLINE_MS = 10_000

/** `relaydesk reply` in one process while the desk runs in another, until the answer lies in the Maildir. */
export async function measureAnswer({ root }: Bench): Promise<Figure[]> {
  const place = await makePlace(root)
  const { desk } = await startDesk(place)
  const question = join(place.folder, 'question.eml')
  await writeFile(
    question,
    'From: ann@example.com\r\nSubject: How long?\r\nMessage-ID: <1@example.com>\r\n\r\nHello.\r\n',
  )
  await sendFiles(place, [question], 1)
  await eventually(async () => (await delivered(place)).length >= 2, 'the question is acknowledged')
  const whole: number[] = []
  const behind: number[] = []
  for (let number = 1; number <= ANSWERS; number += 1) {
    const { spawned, ended, seen } = await answerOnce(place, `Answer number ${number}.`)
    whole.push(seen - spawned)
    behind.push(Math.max(0, seen - ended))
  }
  await stopDesk(desk)
  await rm(place.folder, { recursive: true })
  const figure = { measure: 'answer', unit: 'ms', ratio: null } as const
  const target = { of: 'value', at: 'most', limit: 1_000 } as const
  return [
    { ...figure, what: 'reply, from the command to the delivered mail', value: median(whole), target, repeats: whole },
    { ...figure, what: 'reply, from the end of the command', value: median(behind), target, repeats: behind },
  ]
}

async function answerOnce(place: Place, text: string): Promise<{ spawned: number; ended: number; seen: number }> {
  const known = new Set(await delivered(place))
  const command = place.run(['reply', 'HD-1', text])
  let ended = Number.POSITIVE_INFINITY
  const end = command.ended.then(() => {
    ended = performance.now()
  })
  const seen = await appeared(place, known, text)
  await end
  return { spawned: command.since, ended, seen }
}

/** When the mail with this text was first seen. */
async function appeared(place: Place, known: Set<string>, text: string): Promise<number> {
  const deadline = performance.now() + DEADLINE_MS
  while (performance.now() < deadline) {
    for (const name of await delivered(place)) {
      if (known.has(name)) continue
      known.add(name)
      if ((await readFile(join(place.maildir, 'new', name), 'utf8')).includes(text)) return performance.now()
    }
    await pause(POLL_MS)
  }
  throw new Error(`The mail "${text}" was not delivered within ${DEADLINE_MS} ms.`)
}

async function delivered(place: Place): Promise<string[]> {
  return readdir(join(place.maildir, 'new')).catch(() => [])
}
