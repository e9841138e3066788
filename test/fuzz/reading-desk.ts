import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { EmailChannel } from '../../adapters/email/adapter.ts'
import { IN_MEMORY } from '../../adapters/email/mime/collect.ts'
import type { RawMessage } from '../../adapters/email/mime/raw-head.ts'
import type { Desk } from '../../src/channel/desk.ts'
import type { InboundMessage, LostMessage, Receipt, UnreadableMessage } from '../../src/channel/message.ts'
import { sentenceOf } from '../../src/errors.ts'
import { verify } from '../../src/flow/upkeep/verify.ts'
import { findConfig, type OpenDesk, openDesk } from '../../src/main.ts'
import { Forgeries } from './forgeries.ts'
import { brokenPromises } from './promises.ts'

/** How one message ended. */
export interface Reading {
  /** What it was read as, in a word or two. */
  outcome: string
  /** What became of it in the store; '' where it was only read. */
  stored: string
  /** Processor time of all threads, without that of the examination. */
  cpuMs: number
  /** What is wrong; one sentence each. */
  problems: string[]
}

/** A desk on SQLite in a folder of its own that takes messages as its listener does. */
export class ReadingDesk {
  readonly #desk: OpenDesk
  readonly #folder: string
  readonly #channel: EmailChannel
  readonly #forgeries: Forgeries

  private constructor(desk: OpenDesk, folder: string, forgeries: Forgeries) {
    this.#desk = desk
    this.#forgeries = forgeries
    this.#folder = folder
    const { adapter } = desk.context.channels.get('support') ?? {}
    if (!(adapter instanceof EmailChannel)) throw new Error('The desk has no mail channel.')
    this.#channel = adapter
  }

  static async open(): Promise<ReadingDesk> {
    const folder = await mkdtemp(join(tmpdir(), 'relaydesk-fuzz-desk-'))
    const agents = [{ handle: 'bob', name: 'Bob Berg', email: 'bob@staff.example' }]
    const channels = [{ name: 'support', kind: 'email', address: 'help@desk.example', send: { maildir: 'out' } }]
    const file = join(folder, 'relaydesk.yaml')
    await writeFile(file, stringify({ state: '.', log: 'silent', agents, channels }))
    const { config } = findConfig({ config: file })
    return new ReadingDesk(await openDesk(config, { toRead: true }), folder, await Forgeries.open())
  }

  /** Takes a message; into the store if so asked, else no further than to the desk. Never rejects. */
  async take(bytes: Uint8Array, store: boolean): Promise<Reading> {
    const reading: Reading = { outcome: 'nothing', stored: '', cpuMs: 0, problems: [] }
    try {
      const raw = await this.#spooled(bytes)
      let since = process.cpuUsage()
      const receive: Desk['receive'] = async message => {
        reading.cpuMs += millisecondsOf(process.cpuUsage(since))
        if ('revises' in message) throw new Error('No mail revises another.')
        Object.assign(reading, await examined(message))
        if (!('lost' in message)) reading.problems.push(...(await this.#forgeries.problemsOf(bytes, message)))
        since = process.cpuUsage()
        const receipt = store ? await this.#desk.service.deskFor('support').receive(message) : UNSTORED
        reading.cpuMs += millisecondsOf(process.cpuUsage(since))
        return receipt
      }
      const { outcome } = await this.#channel.take({ receive }, raw, null)
      if (store) reading.stored = outcome
      if (outcome === 'quarantined:failed') reading.problems.push('store: it could not be stored')
    } catch (error) {
      reading.problems.push(`rejected: ${sentenceOf(error)}`)
    }
    if ((await this.#left()).length > 0) reading.problems.push('spool: files are left behind')
    return reading
  }

  /** What is wrong with all that was stored so far. */
  async verify(): Promise<string[]> {
    const { store, files } = this.#desk.context
    const { problems, unaccounted } = await store.consistently(sql => verify(sql, files))
    return [...problems, ...(unaccounted > 0 ? [`${unaccounted} arrivals are unaccounted for.`] : [])]
  }

  async close(): Promise<void> {
    await this.#desk.close()
    await this.#forgeries.close()
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** As an arrival comes: a large one in a spool file. */
  async #spooled(bytes: Uint8Array): Promise<RawMessage> {
    if (bytes.length <= IN_MEMORY) return { bytes }
    const path = await this.#channel.spoolPath()
    await writeFile(path, bytes)
    return { path, size: bytes.length }
  }

  /** Files in the making that nobody needs any more. They are moved away, so that each message is told of its own. */
  async #left(): Promise<string[]> {
    const spool = join(this.#folder, 'spool')
    const names = await readdir(spool).catch(() => [])
    await Promise.all(names.map(name => rm(join(spool, name), { recursive: true, force: true })))
    return names
  }
}

const UNSTORED: Receipt = { outcome: 'opened', ref: null }

async function examined(
  message: InboundMessage | UnreadableMessage | LostMessage,
): Promise<Pick<Reading, 'outcome' | 'problems'>> {
  if ('lost' in message) return { outcome: 'lost', problems: ['outcome: a message that is here is no lost one'] }
  return { outcome: outcomeOf(message), problems: await brokenPromises(message) }
}

function outcomeOf(message: InboundMessage | UnreadableMessage): string {
  if ('quarantine' in message) return `unreadable: ${message.detail.slice(0, 100)}`
  return message.bulk ? `${message.kind}: ${message.bulk}` : message.kind
}

function millisecondsOf({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000
}
