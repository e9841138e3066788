import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EmailChannel } from '../../adapters/email/adapter.ts'
import { inspectFile } from '../../adapters/email/read/inspect.ts'
import { emailSettings } from '../../adapters/email/settings.ts'
import { ByteBudget } from '../../src/budget.ts'
import { expectationsOf, type Outcome, PROPERTIES } from './expectation.ts'

// Measures how real mail is read against what its own sources say of it: `npm run corpora [CORPUS ...]`.

const CORPORA = ['crisp-reply-parser', 'reply-trimmer', 'stalwart', 'sisimai']
const SHOWN_FAILURES = Number(process.env.SHOW ?? 3) // of each property
const LONGEST_SHOWN = Number(process.env.SHOW_LENGTH ?? 300) // characters

interface Tally {
  passed: number
  total: number
  failures: { file: string; outcome: Outcome }[]
}

async function measure(folder: string, channel: EmailChannel): Promise<Map<string, Tally>> {
  const tallies = new Map<string, Tally>()
  for (const expectation of await expectationsOf(folder)) {
    const inspection = await inspectFile(channel, join(folder, expectation.file))
    for (const [property, check] of Object.entries(PROPERTIES)) {
      const outcome = check(expectation, inspection)
      if (!outcome) continue
      const tally = tallies.get(property) ?? { passed: 0, total: 0, failures: [] }
      tallies.set(property, tally)
      tally.total += 1
      if (outcome.passed) tally.passed += 1
      else tally.failures.push({ file: expectation.file, outcome })
    }
  }
  return tallies
}

function print(corpus: string, tallies: Map<string, Tally>): void {
  for (const [property, { passed, total, failures }] of tallies) {
    console.log(`${corpus}  ${property}: ${passed}/${total}`)
    for (const { file, outcome } of failures.slice(0, SHOWN_FAILURES)) {
      console.log(`    ${file}\n      expected ${shown(outcome.expected)}\n      found    ${shown(outcome.found)}`)
    }
  }
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, LONGEST_SHOWN)
}

const root = process.env.CORPORA
if (!root || !existsSync(root)) {
  console.log('Nothing is measured: set CORPORA to the folder that holds the corpora of real mail.')
} else {
  const state = await mkdtemp(join(tmpdir(), 'relaydesk-corpora-'))
  const channel = new EmailChannel(
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
      warn: sentence => console.error(sentence),
    },
  )
  try {
    const wanted = process.argv.slice(2)
    for (const corpus of wanted.length > 0 ? wanted : CORPORA) {
      const folder = join(root, corpus)
      if (existsSync(folder)) print(corpus, await measure(folder, channel))
      else console.log(`${corpus}  is skipped: ${root} does not hold it.`)
    }
  } finally {
    await channel.stop()
    await rm(state, { recursive: true, force: true })
  }
}
