// Mails of odd programs, each with what a person would read in it. Those not read so yet are expected to fail.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EmailChannel } from '../../adapters/email/adapter.ts'
import { type Inspection, inspectFile } from '../../adapters/email/read/inspect.ts'
import { emailSettings } from '../../adapters/email/settings.ts'
import { ByteBudget } from '../../src/budget.ts'

const FOLDER = join(import.meta.dirname, 'mail')

/** What is said of a mail. */
interface Case {
  file: string
  kind_not?: string[]
  from?: string
  /** All of the visible reply. */
  reply?: string
  /** Lines that stand in the reply, each alone. */
  lines?: string[]
  /** Compared without regard to blanks. */
  contains?: string[]
  not_contains?: string[]
  /** Lines that stand in the whole text, each alone. */
  text_lines?: string[]
  files?: { name: string; size: number; sha256: string }[]
}

const CASES = readFileSync(join(FOLDER, 'expect.jsonl'), 'utf8')
  .split('\n')
  .filter(line => line.trim())
  .map(line => JSON.parse(line) as Case)

/** Taken out here as soon as it is read rightly. */
const RIGHT = ['flowed-marker-swallowed.eml']
const NOT_YET = new Set(CASES.map(each => each.file).filter(file => !RIGHT.includes(file)))

let state: string
let channel: EmailChannel

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'relaydesk-mail-'))
  channel = new EmailChannel(
    emailSettings.parse({ address: 'help@desk.localhost', send: { maildir: join(state, 'out') } }),
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
const linesOf = (text: string) => text.split('\n').map(line => line.trimEnd())

for (const expected of CASES) {
  const run = NOT_YET.has(expected.file) ? test.fails : test
  run(expected.file, async () => {
    const found = await inspectFile(channel, join(FOLDER, expected.file))
    expect(found.error).toBe(null)
    if (expected.from !== undefined) expect(found.from.address).toBe(expected.from)
    if (expected.files) expect(filesOf(found)).toEqual(expected.files)
    if (expected.reply !== undefined) expect(found.reply.trim()).toBe(expected.reply)
    for (const line of expected.lines ?? []) expect(linesOf(found.reply)).toContain(line)
    for (const line of expected.text_lines ?? []) expect(linesOf(found.text)).toContain(line)
    for (const part of expected.contains ?? []) expect(squeezed(found.reply)).toContain(squeezed(part))
    for (const part of expected.not_contains ?? []) expect(squeezed(found.reply)).not.toContain(squeezed(part))
    for (const kind of expected.kind_not ?? []) expect(found.kind).not.toBe(kind)
  })
}

function filesOf({ attachments }: Inspection): Case['files'] {
  return attachments.map(({ name, size, sha256 }) => ({ name, size, sha256 }))
}
