import { join } from 'node:path'
import Database from 'better-sqlite3'
import { sha256 } from '../../src/content.ts'
import { canonicalAddress } from '../../src/core/text/address.ts'
import { words } from '../../src/core/ticket/words.ts'
import { keyOf } from '../../src/store/engine/id.ts'
import { DATABASE_FILE } from '../../src/store/engine/store.ts'
import type { StoredEvent } from '../../src/store/events.ts'
import type { Message } from '../../src/store/messages.ts'
import { messageKey } from '../../src/store/threads.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { MadeText } from './made-text.ts'
import { CHANNEL, DESK, idAt, type MadePerson, type MadeTicket, MadeTickets, one } from './made-tickets.ts'

export interface FillPlan {
  tickets: number
  seed: string
  /** When the newest of them were written to; the first is three years older. */
  now: Date
}

const DAY_MS = 86_400_000
const SPAN_MS = 3 * 365 * DAY_MS
const STEP_MS = 6 * 60 * 60 * 1000
const OPEN_MOST = 20_000
const OPEN_SHARE = 0.2 // of a small store
const OPEN_NEWEST = 0.9 // of the open ones stand among the newest
const REQUESTERS_LEAST = 500
const TICKETS_EACH = 20
const AT_ONCE = 1_000 // tickets whose messages and events come in turns
const TOGETHER = 20 // times so many in one transaction
const MERGED_PAGES = 1_000_000 // of the full-text index after each: as many as there are to merge
const RAW = Buffer.from('What it came as is left out: nothing measured here reads it.\n')

const GIVEN = [
  ...['Ann', 'Bo', 'Carla', 'Dmitri', 'Elena', 'Femi', 'Grete', 'Hiro', 'Ines', 'Jonas', 'Kofi', 'Lea', 'Mats'],
  ...['Nora', 'Olu', 'Petra', 'Quentin', 'Rosa', 'Sven', 'Tomoko', 'Uma', 'Viktor', 'Wanda', 'Xenia', 'Yusuf', 'Zoe'],
  ...['Hannah', 'Joanna', 'Marianne', 'Ivan', 'Jan', 'Katya', 'Liam', 'Mina', 'Noah', 'Otto', 'Paula', 'Rafael'],
]

/**
 * Fills the SQLite store of a state folder that a desk was opened on once, so that it has its tables, its agents and a
 * key. The same seed makes the same tickets, but for the salts of their texts. Left out, because nothing measured here
 * looks at it: what messages came as, notifications to agents, files.
 */
export function fillStore(stateFolder: string, plan: FillPlan): void {
  const db = new Database(join(stateFolder, DATABASE_FILE))
  try {
    db.exec('SELECT 1 FROM people') // before its first read a connection does not know that there is a log to end
    for (const setting of [
      'journal_mode = MEMORY',
      'synchronous = OFF',
      'foreign_keys = OFF',
      'cache_size = -512000',
    ]) {
      db.pragma(setting)
    }
    const restore = dropIndexes(db)
    new StoreFiller(db, plan).fill()
    restore()
    db.pragma('journal_mode = WAL')
  } finally {
    db.close()
  }
}

/**
 * Indexes are made faster at once than row by row; those of UNIQUE and PRIMARY KEY stay, and those that triggers look
 * things up by. What a trigger writes into a full-text index goes to the disk with each row, and what is written directly
 * does not: that takes a quarter of the time.
 */
function dropIndexes(db: Database.Database): () => void {
  const dropped = db
    .prepare<[], { type: string; name: string; sql: string }>(
      `SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL
         AND (type = 'index' AND tbl_name <> 'identities' OR name = 'message_words_add')`,
    )
    .all()
  for (const { type, name } of dropped) db.exec(`DROP ${type} ${name}`)
  return () => {
    for (const { sql } of dropped) db.exec(sql)
  }
}

type Row = Record<string, string | number | null | Uint8Array>

class StoreFiller {
  readonly #db: Database.Database
  readonly #plan: FillPlan
  readonly #random: SeededRandom
  readonly #text: MadeText
  readonly #statements = new Map<string, Database.Statement>()
  readonly #raw = sha256(RAW)
  #messages = 0
  #arrivals = 0
  #outbox = 0

  constructor(db: Database.Database, plan: FillPlan) {
    this.#db = db
    this.#plan = plan
    this.#random = new SeededRandom(plan.seed)
    this.#text = new MadeText(this.#random)
  }

  fill(): void {
    const { tickets } = this.#plan
    const agents = this.#db
      .prepare<[], { id: string; name: string }>('SELECT id, name FROM people WHERE handle IS NOT NULL ORDER BY handle')
      .all()
    const requesters = this.#together(() => this.#addRequesters())
    const made = new MadeTickets(this.#random, this.#text, { requesters, agents })
    for (let number = 1; number <= tickets; number += AT_ONCE * TOGETHER) {
      this.#together(() => {
        for (let from = number; from < number + AT_ONCE * TOGETHER && from <= tickets; from += AT_ONCE) {
          this.#addTickets(made, from, Math.min(from + AT_ONCE - 1, tickets))
        }
      })
      this.#db.exec(`INSERT INTO message_words (message_words, rank) VALUES ('merge', ${MERGED_PAGES})`)
    }
    this.#together(() => {
      for (const [name, value] of Object.entries({ ticket: tickets, arrival: this.#arrivals, outbox: this.#outbox })) {
        this.#insert('counters', { name, value })
      }
    })
  }

  #together<T>(work: () => T): T {
    return this.#db.transaction(work)()
  }

  /** The columns of a table must always be named in the same order. */
  #insert(table: string, row: Row): void {
    let statement = this.#statements.get(table)
    if (!statement) {
      const columns = Object.keys(row)
      statement = this.#db.prepare(
        `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
      )
      this.#statements.set(table, statement)
    }
    statement.run(Object.values(row))
  }

  #addRequesters(): MadePerson[] {
    this.#insert('blobs', { sha256: this.#raw, size: RAW.length, encoding: 'identity', data: RAW })
    const since = this.#plan.now.getTime() - SPAN_MS
    const count = Math.max(REQUESTERS_LEAST, Math.round(this.#plan.tickets / TICKETS_EACH))
    return Array.from({ length: count }, (_, index) => {
      const person = this.#requester(index, since)
      this.#insert('people', { id: person.id, name: person.name, created_at: person.createdAt })
      this.#insert('identities', {
        kind: 'email',
        address: person.address,
        person_id: person.id,
        alias_of: canonicalAddress(person.address),
      })
      return person
    })
  }

  #requester(index: number, since: number): MadePerson {
    const given = one(this.#random, GIVEN)
    const family = this.#text.words(1)
    return {
      id: idAt(since + index, this.#random),
      name: `${given} ${family.charAt(0).toUpperCase()}${family.slice(1)}`,
      address: `${given.toLowerCase()}.${family}${index}@customer${index % 97}.example`,
      createdAt: new Date(since).toISOString(),
    }
  }

  /** What belongs to these tickets comes in turns, as at a desk where many write at a time. */
  #addTickets(made: MadeTickets, from: number, to: number): void {
    const tickets: MadeTicket[] = []
    for (let number = from; number <= to; number += 1) tickets.push(made.make(this.#planOf(number)))
    for (const ticket of tickets) this.#addTicket(ticket)
    const messages = tickets.flatMap(ticket => ticket.messages.map(({ message }) => ({ ticket, message })))
    messages.sort((a, b) => order(a.message.storedAt, b.message.storedAt))
    for (const { ticket, message } of messages) this.#addMessage(ticket, message)
    const events = tickets.flatMap(ticket => ticket.events)
    events.sort((a, b) => order(a.at, b.at) || a.seq - b.seq)
    for (const event of events) this.#addEvent(event)
  }

  #planOf(number: number) {
    const { tickets, now } = this.#plan
    const open = Math.min(OPEN_MOST, Math.round(tickets * OPEN_SHARE))
    const newest = Math.min(tickets, 2 * open)
    const share =
      number > tickets - newest ? (OPEN_NEWEST * open) / newest : ((1 - OPEN_NEWEST) * open) / (tickets - newest)
    const age = SPAN_MS * (1 - (number - this.#random.share()) / tickets)
    const step = Math.min(STEP_MS, age / 6) * (0.5 + this.#random.share())
    return { number, openedAt: now.getTime() - age, step, open: this.#random.share() < share }
  }

  #addTicket(ticket: MadeTicket): void {
    const { id, facts, requester } = ticket
    this.#insert('tickets', {
      id,
      number: ticket.number,
      desk_id: DESK,
      channel: CHANNEL,
      subject: ticket.subject,
      state: facts.state,
      requester_id: requester.id,
      reply_to: requester.address,
      owner_id: facts.ownerId,
      opened_at: facts.openedAt,
      updated_at: facts.updatedAt,
      first_response_at: facts.firstResponseAt,
      closed_at: facts.closedAt,
      event_seq: ticket.events.length,
      event_hash: ticket.events.at(-1)?.hash ?? '',
      kind: facts.kind,
      category: facts.category,
      priority: facts.priority,
      tags: facts.tags,
      resume_at: facts.resumeAt,
      resolved_at: facts.resolvedAt,
    })
    for (const tag of words(facts.tags)) {
      const done = facts.closedAt === null ? 0 : 1
      this.#insert('ticket_tags', { ticket_id: id, tag, done, updated_at: facts.updatedAt, number: ticket.number })
    }
    this.#addParticipant(ticket, requester, 'requester')
    for (const person of ticket.copied) this.#addParticipant(ticket, person, 'copied')
  }

  #addParticipant({ id, facts }: MadeTicket, person: MadePerson, role: 'requester' | 'copied'): void {
    this.#insert('participants', {
      ticket_id: id,
      kind: 'email',
      address: person.address,
      name: person.name,
      person_id: person.id,
      role,
      joined_at: facts.openedAt,
    })
  }

  #addMessage(ticket: MadeTicket, m: Message): void {
    const first = m.id === ticket.messages[0]?.message.id
    const number = this.#outbox + 1
    const token = tokenOf(number, this.#random)
    this.#insert('messages', {
      id: m.id,
      ticket_id: m.ticketId,
      direction: m.direction,
      author_id: m.authorId,
      author_name: m.authorName,
      author_address: m.authorAddress,
      channel: m.channel,
      external_id: m.direction === 'out' ? token : m.externalId,
      subject: m.subject,
      text: m.text,
      visible: m.visible,
      kind: m.kind,
      sent_at: m.sentAt,
      stored_at: m.storedAt,
      raw: m.direction === 'in' ? this.#raw : null,
      salt: m.salt,
    })
    this.#messages += 1
    this.#insert('message_numbers', { number: this.#messages, message_id: m.id, ticket_id: ticket.id })
    this.#insert('message_words', { rowid: this.#messages, subject: m.subject, body: m.visible ?? m.text })
    if (m.direction === 'in') this.#addArrival(ticket, m, first)
    if (m.direction === 'out' || first) this.#addOutbox(ticket, m, { number, token })
  }

  #addArrival(ticket: MadeTicket, message: Message, first: boolean): void {
    const externalId = message.externalId ?? ''
    this.#arrivals += 1
    this.#insert('arrivals', {
      number: this.#arrivals,
      channel: CHANNEL,
      external_key: keyOf(externalId),
      external_id: externalId,
      outcome: first ? 'opened' : 'appended',
      ticket_id: ticket.id,
      message_id: message.id,
      fingerprint: keyOf('made', message.id),
      acknowledgement: first ? 'queued' : null,
      sender: message.authorAddress,
      subject: message.subject,
      raw: this.#raw,
      arrived_at: message.storedAt,
      verdict: first ? OPENED : APPENDED,
    })
    this.#insert('threads', { key: messageKey(externalId), ticket_id: ticket.id, known: 'seen' })
  }

  /** The acknowledgement of a first message, or the answer that this is; sent long ago. */
  #addOutbox(ticket: MadeTicket, message: Message, { number, token }: { number: number; token: string }): void {
    const id = idAt(Date.parse(message.storedAt), this.#random)
    const asked = ticket.messages[0]?.message.externalId ?? ''
    this.#outbox = number
    this.#insert('outbox', {
      id,
      number,
      kind: message.direction === 'out' ? 'reply' : 'acknowledgement',
      purpose: 'requester',
      token,
      channel: CHANNEL,
      ticket_id: ticket.id,
      message_id: message.id,
      in_reply_to: asked,
      refs: asked,
      queued_at: message.storedAt,
    })
    const { address, name } = ticket.requester
    const recipients = message.direction === 'out' ? [{ address, name }, ...ticket.copied] : [{ address, name }]
    for (const recipient of recipients) {
      this.#insert('outbox_recipients', {
        outbox_id: id,
        recipient: recipient.address,
        name: recipient.name,
        shown: recipient.address === address ? 'to' : 'cc',
        state: 'sent',
        attempts: 1,
        settled_at: message.storedAt,
      })
    }
  }

  #addEvent(event: StoredEvent): void {
    this.#insert('events', {
      ticket_id: event.ticketId,
      seq: event.seq,
      at: event.at,
      actor_id: event.actorId,
      channel: event.channel,
      type: event.type,
      data: event.data,
      previous: event.previous,
      hash: event.hash,
    })
  }
}

const JUDGED = { kind: 'person', reasons: [], bulk: null }
const OPENED = JSON.stringify({ ...JUDGED, rule: null, allowed: null, clues: [] })
const APPENDED = JSON.stringify({ ...JUDGED, rule: 'token', allowed: 'participant', clues: ['token'] })

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Of the form of a real token; nobody signed it, because signing them takes longer than all else. */
function tokenOf(number: number, random: SeededRandom): string {
  let seal = ''
  for (let at = 0; at < 16; at += 1) seal += 'abcdefghijklmnopqrstuvwxyz234567'.charAt(random.whole(0, 31))
  return `q-${number.toString(36)}-k1-${seal}`
}
