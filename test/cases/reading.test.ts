// Small mails, each with what a person would read in it. Those that are not read so yet are expected to fail.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EmailChannel } from '../../adapters/email/adapter.ts'
import { inspectFile } from '../../adapters/email/read/inspect.ts'
import { emailSettings } from '../../adapters/email/settings.ts'
import { ByteBudget } from '../../src/budget.ts'

const FOLDER = join(import.meta.dirname, 'reading')

/** What is said of a mail; texts are compared without regard to blanks. */
interface Case {
  file: string
  kind?: string
  kind_not?: string
  reply?: string
  contains?: string[]
  not_contains?: string[]
  text_contains?: string[]
  recipients?: string[]
  hard?: boolean
  subject?: string
  forwarded_from?: string
}

const CASES = readFileSync(join(FOLDER, 'expect.jsonl'), 'utf8')
  .split('\n')
  .filter(line => line.trim())
  .map(line => JSON.parse(line) as Case)

/** Taken out here as soon as it is read rightly. */
const RIGHT = ['P05-before.eml']
const NOT_YET = new Set(CASES.map(each => each.file).filter(file => !RIGHT.includes(file)))

let state: string
let channel: EmailChannel

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'relaydesk-reading-'))
  channel = new EmailChannel(
    emailSettings.parse({ address: 'help@desk.example', send: { maildir: join(state, 'out') } }),
    {
      name: 'mail',
      deskName: 'Help desk',
      maxMessageBytes: 50_000_000,
      budget: new ByteBudget(50_000_000),
      spoolPath: async () => join(state, `spool-${randomUUID()}`),
      statePath: name => join(state, name),
      web: { host: '127.0.0.1', port: 8025 },
      now: () => new Date(),
      warn: () => undefined,
    },
  )
})

afterAll(async () => {
  await channel.stop()
  await rm(state, { recursive: true, force: true })
})

const squeezed = (text: string) => text.normalize('NFC').replace(/[\s\u200b\ufeff]+/g, '')
const trimmed = (text: string) =>
  text
    .normalize('NFC')
    .replace(/[^\S\n]+$/gm, '')
    .replace(/^\n+|\n+$/g, '')

for (const expected of CASES) {
  const run = NOT_YET.has(expected.file) ? test.fails : test
  run(expected.file, async () => {
    const found = await inspectFile(channel, join(FOLDER, expected.file))
    const reply = squeezed(found.reply)
    if (expected.reply !== undefined) expect(trimmed(found.reply)).toBe(trimmed(expected.reply))
    for (const part of expected.contains ?? []) expect(reply).toContain(squeezed(part))
    for (const part of expected.not_contains ?? []) expect(reply).not.toContain(squeezed(part))
    for (const part of expected.text_contains ?? []) expect(squeezed(found.text)).toContain(squeezed(part))
    if (expected.kind !== undefined) expect(found.kind).toBe(expected.kind)
    if (expected.kind_not !== undefined) expect(found.kind).not.toBe(expected.kind_not)
    const recipients = found.bounce?.recipients ?? []
    if (expected.recipients) expect(recipients.map(each => each.address).sort()).toEqual(expected.recipients.toSorted())
    if (expected.hard !== undefined) {
      expect(recipients).not.toEqual([])
      for (const each of recipients) expect(each.hard).toBe(expected.hard)
    }
    if (expected.subject !== undefined) expect(found.subject).toBe(expected.subject)
    if (expected.forwarded_from !== undefined)
      expect(JSON.stringify(found.forwarded ?? {})).toContain(expected.forwarded_from)
  })
}
