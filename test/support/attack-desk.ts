import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename } from 'node:path'
import { expect } from 'vitest'
import { ManualClock } from '../../src/clock.ts'
import { numbersIn, withoutTokens } from '../../src/core/ticket/token-search.ts'
import { tokenKeys } from '../../src/store/keys.ts'
import { recipientsByNumber } from '../../src/store/outbox.ts'
import { pruneRates } from '../../src/store/rates.ts'
import { AGENTS, makeDesk, type TestDesk } from './desk.ts'
import { eventually } from './eventually.ts'
import { addressIn, handOver, type Letter, STRANGER, writeLetter } from './mail/letter.ts'
import { World, type WorldMail } from './smtp-world.ts'

export const ANN = 'ann@example.com'
export const MIKE = 'mike@other.example'
export const BOB = 'bob@staff.example'
export const EVE = 'eve@staff.example'
export const HELP = 'help@desk.example'

/** Stands in every internal note: it must never reach anybody but agents. */
export const SECRET = 'Quetzalcoatl'

/** The server whose Authentication-Results count. */
export const TRUSTED = 'mx.desk.example'

const HOUR = 60 * 60 * 1000
const FOREVER = '9999-01-01T00:00:00.000Z'

/** What an attack tries, how it is written, what becomes of it, and whom outside it makes the desk write to. */
export type Attack = [name: string, letter: (siege: Siege) => Letter, becomes: string, writesTo?: string[]]

interface Facts {
  state: string
  owner: string | null
  replyTo: string | null
  requester: string
  subject: string
  participants: string[]
}

interface Standing {
  facts: Facts
  /** Direction, kind and sender of each message. */
  messages: string[]
}

/**
 * A desk with two tickets that strangers are after. HD-1 is Ann's: Bob owns it and has answered, Eve has noted
 * something. HD-2 is Mike's, and nobody owns it. Time stands still between attacks.
 */
export class Siege {
  readonly world = new World()
  readonly clock = new ManualClock(new Date())
  #desk: TestDesk | undefined
  /** Tokens of ours: what went to Ann, to Mike, and to Bob. */
  token = { acknowledgement: '', answer: '', mike: '', told: '', toldEve: '', note: '' }

  static async begin(more: { root?: object; channel?: object } = {}): Promise<Siege> {
    const siege = new Siege()
    await siege.world.start()
    const send = { smtp: { host: '127.0.0.1', port: siege.world.port, requireTls: false } }
    const channel = { plusAddress: true, authentication: { trusted: [TRUSTED], check: false }, ...more.channel }
    const root = { floods: { tickets: 0, messages: 0 }, automatic: { perDay: 1000, perAgentDay: 1000 }, ...more.root }
    siege.#desk = await makeDesk('sqlite', send, channel, root)
    siege.#desk.desk.context.clock = siege.clock
    await siege.#setUp()
    return siege
  }

  async #setUp(): Promise<void> {
    const { as } = this.desk
    await this.send({
      from: `Ann <${ANN}>`,
      subject: 'VPN',
      head: ['Message-ID: <vpn@example.com>'],
      text: 'It drops.',
    })
    await this.send({ from: `Mike <${MIKE}>`, subject: 'Invoice', head: ['Message-ID: <invoice@other.example>'] })
    await as('bob', 'claim 1')
    await as('eve', 'note 1', `She is a ${SECRET}.`)
    await as('eve', 'note 2', `He is a ${SECRET}.`)
    await as('bob', 'reply 1', 'Restart it.')
    await this.quiet()
    this.token = {
      acknowledgement: this.tokenOf(ANN, /^\[HD-1\]/),
      answer: this.tokenOf(ANN, /^Re: \[HD-1\]/),
      mike: this.tokenOf(MIKE, /^\[HD-2\]/),
      told: this.tokenOf(BOB, /^\[HD-1\] New/),
      toldEve: this.tokenOf(EVE, /^\[HD-1\] New/),
      note: this.tokenOf(BOB, /^\[HD-1\] Note/),
    }
  }

  get desk(): TestDesk {
    if (!this.#desk) throw new Error('The desk is not open.')
    return this.#desk
  }

  /** The token of the newest mail to an address under such a subject. */
  tokenOf(address: string, subject: RegExp): string {
    const mail = this.world.to(address).findLast(each => subject.test(each.subject ?? ''))
    const token = /^<([^@]+)@/.exec(mail?.messageId ?? '')?.[1]
    if (token === undefined) throw new Error(`No mail ${subject} went to ${address}.`)
    return token
  }

  /** Hands a letter over, an hour after the one before, and waits until all that it causes has left. */
  async send(letter: Letter): Promise<string> {
    this.clock.advance(HOUR)
    // Each letter stands for one of another day: what went before counts against none.
    await this.desk.desk.context.store.transact(tx => pruneRates(tx, FOREVER))
    return this.sendNow(letter)
  }

  async sendNow(letter: Letter): Promise<string> {
    const raw = writeLetter(letter, this.clock.now())
    return this.sendRaw(raw, letter.sender ?? addressIn(letter.from ?? STRANGER), letter.recipients)
  }

  async sendRaw(raw: Buffer, sender: string, recipients: readonly string[] = [HELP]): Promise<string> {
    const said = await handOver(this.desk.port, raw, sender, recipients)
    await this.quiet()
    return said
  }

  /** Resolves when nothing is due any more. */
  async quiet(): Promise<void> {
    const { context, service } = this.desk.desk
    service.deliverer.wake()
    const nothingDue = async () => {
      const now = this.clock.now().toISOString()
      const due = await context.store.read`
        SELECT 1 AS one FROM outbox_recipients WHERE state = 'queued' AND (attempts > 0 OR next_try_at <= ${now})`
      return due.length === 0 || undefined
    }
    await eventually(nothingDue, 'all that is due has left')
  }

  /** What became of the newest message: `opened HD-3`, `held:spam`, `appended HD-1 in`. */
  async newest(): Promise<string> {
    const [row] = await this.desk.desk.context.store.read<{
      outcome: string
      reason: string | null
      ticket: number | null
      direction: string | null
    }>`SELECT a.outcome, a.reason, t.number AS ticket, m.direction FROM arrivals a
       LEFT JOIN tickets t ON t.id = a.ticket_id LEFT JOIN messages m ON m.id = a.message_id
       ORDER BY a.number DESC LIMIT 1`
    if (!row) return 'nothing'
    if (row.outcome === 'appended') return `appended HD-${row.ticket} ${row.direction}`
    return row.reason === null ? row.outcome : `${row.outcome}:${row.reason}`
  }

  /** The newest message as agents call it, without `M-`. */
  async arrivalNumber(): Promise<number> {
    const [row] = await this.desk.desk.context.store.read<{
      number: number
    }>`SELECT max(number) AS number FROM arrivals`
    return Number(row?.number ?? 0)
  }

  /** The newest ticket. */
  async lastTicket(): Promise<string> {
    return [...(await this.tickets()).keys()].at(-1) ?? ''
  }

  /** How many messages came, repeats of the same bytes included. */
  async arrived(): Promise<number> {
    const [row] = await this.desk.desk.context.store.read<{ count: number }>`SELECT sum(seen) AS count FROM arrivals`
    return Number(row?.count ?? 0)
  }

  /** All tickets as they stand. */
  async tickets(): Promise<Map<string, Standing>> {
    const { read } = this.desk.desk.context.store
    const rows = await read<{ number: number } & Omit<Facts, 'participants'>>`
      SELECT t.number, t.state, p.handle AS owner, t.reply_to AS "replyTo", t.requester_id AS requester, t.subject
      FROM tickets t LEFT JOIN people p ON p.id = t.owner_id ORDER BY t.number`
    const participants = await read<{ number: number; what: string }>`
      SELECT t.number, p.role || ' ' || p.address AS what FROM participants p JOIN tickets t ON t.id = p.ticket_id
      ORDER BY what`
    const messages = await read<{ number: number; what: string }>`
      SELECT t.number, m.direction || ' ' || m.kind || ' of ' || coalesce(m.author_address, 'an agent') AS what
      FROM messages m JOIN tickets t ON t.id = m.ticket_id ORDER BY m.stored_at, m.id`
    const of = (list: { number: number; what: string }[], number: number) =>
      list.filter(each => each.number === number).map(each => each.what)
    return new Map(
      rows.map(({ number, ...facts }) => [
        `HD-${number}`,
        { facts: { ...facts, participants: of(participants, number) }, messages: of(messages, number) },
      ]),
    )
  }

  /** Sends what an attack writes, and fails unless it becomes what it should and does no harm. */
  async withstands(letter: Letter, becomes: string, writesTo?: readonly string[]): Promise<void> {
    const before = await this.tickets()
    const [sent, came] = [this.world.mails.length, await this.arrived()]
    expect(await this.send(letter)).toMatch(/^250/)
    expect(await this.newest()).toBe(becomes)
    expect(await this.arrived()).toBe(came + 1)
    const [, joined, direction] = /^appended (HD-\d+) (\w+)$/.exec(becomes) ?? []
    const after = await this.tickets()
    for (const [ref, { facts, messages }] of before) {
      const now = after.get(ref)
      expect(now?.facts, ref).toEqual(facts)
      const added = now?.messages.slice(messages.length) ?? []
      expect(now?.messages.slice(0, messages.length), ref).toEqual(messages)
      expect(
        added.map(each => each.split(' ')[0]),
        ref,
      ).toEqual(ref === joined ? [direction] : [])
    }
    expect(after.size).toBe(before.size + (becomes === 'opened' ? 1 : 0))
    const outside = this.world.mails.slice(sent).flatMap(mail => mail.recipients.filter(each => !isAgent(each)))
    const acknowledged = becomes === 'opened' ? [addressIn(letter.from ?? STRANGER)] : []
    expect(outside).toEqual(writesTo ?? acknowledged.filter(each => !isAgent(each)))
    for (const mail of this.world.mails.slice(sent)) this.expectHarmless(mail)
  }

  /** No mail of ours tells others what is internal, goes to ourselves, or has a field that we did not write. */
  expectHarmless(mail: WorldMail): void {
    const files = mail.attachments.map(file => `${file.filename} ${file.content.toString('latin1')}`)
    const told = [mail.subject, mail.text, mail.html, mail.raw, ...files].join('\n')
    if (!mail.recipients.every(isAgent)) expect(told).not.toContain(SECRET)
    expect(mail.recipients.filter(each => each.endsWith('@desk.example'))).toEqual([])
    expectPlainHead(mail)
  }

  /** No mail of ours bears a token but its own, and of those before it what all its readers got themselves. */
  async expectOwnTokens(mails: readonly WorldMail[]): Promise<void> {
    const { read } = this.desk.desk.context.store
    const keys = await tokenKeys(read)
    for (const mail of mails) {
      const [own = -1] = numbersIn(mail.messageId ?? '', keys)
      const files = mail.attachments.map(file => `${file.filename}\n${file.content.toString('latin1')}`)
      for (const text of [mail.subject ?? '', mail.text ?? '', mail.html || '', ...files]) {
        expect(withoutTokens(text, keys, own)).toBe(text)
      }
      const [head = ''] = mail.raw.split('\r\n\r\n', 1)
      const others = numbersIn(head, keys).filter(number => number !== own)
      const got = await recipientsByNumber(read, others)
      for (const number of others) expect(got.get(number)).toEqual(expect.arrayContaining(mail.recipients))
    }
  }

  /** All is accounted for, and nothing was written where it does not belong. */
  async end(): Promise<void> {
    try {
      for (const mail of this.world.mails) this.expectHarmless(mail)
      await this.expectOwnTokens(this.world.mails)
      await this.desk.expectSound()
      await this.#expectFilesInPlace()
    } finally {
      await this.desk.remove()
      await this.world.stop()
    }
  }

  async #expectFilesInPlace(): Promise<void> {
    const { folder } = this.desk.place
    const names = await readdir(folder, { recursive: true })
    const known = /^(?:relaydesk\.(?:yaml|db(?:-\w+)?)|files|spool|files\/[0-9a-f]{2}(?:\/[0-9a-f]{64}(?:\.zst)?)?)$/
    expect(names.filter(name => !known.test(name))).toEqual([])
    for (const place of [tmpdir(), process.cwd(), '/', '/etc']) {
      expect((await readdir(place)).filter(name => name.includes('planted'))).toEqual([])
    }
    expect(await readdir(tmpdir())).toContain(basename(folder))
  }
}

function isAgent(address: string): boolean {
  return AGENTS.some(agent => agent.email === address)
}

const ONCE = ['from', 'to', 'subject', 'date', 'message-id', 'mime-version', 'content-type']
const AT_MOST_ONCE = [
  ...['cc', 'reply-to', 'in-reply-to', 'references', 'auto-submitted', 'x-auto-response-suppress'],
  'content-transfer-encoding',
  'x-relaydesk-id',
]

/** The head of what leaves: each field that belongs there, once, and the envelope says nothing else. */
function expectPlainHead(mail: WorldMail): void {
  const [head = ''] = mail.raw.split('\r\n\r\n', 1)
  expect(head).not.toMatch(/[\0\u000b\u000c\u2028\u2029]|\r(?!\n)|(?<!\r)\n/)
  const names = head.split(/\r\n(?![ \t])/).map(field => field.slice(0, field.indexOf(':')).toLowerCase())
  expect(names.filter(name => ONCE.includes(name)).toSorted()).toEqual(ONCE.toSorted())
  const others = names.filter(name => !ONCE.includes(name))
  expect(others.filter(name => !AT_MOST_ONCE.includes(name))).toEqual([])
  expect(new Set(others).size).toBe(others.length)
  const shown = [mail.to ?? [], mail.cc ?? []].flat().flatMap(field => field.value.map(each => each.address))
  expect(shown.toSorted()).toEqual(mail.recipients.toSorted())
}
