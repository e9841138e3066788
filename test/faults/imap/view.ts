import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import Database from 'better-sqlite3'
import pg from 'pg'
import { deadlineIn } from '../../support/patience.ts'
import type { DeskPlace } from '../desk-process.ts'

/** What stands in a desk's store, while the desk works on it. */
export interface DeskView {
  /** Undefined while there is nothing to be read: the desk starts, or was just killed. */
  rows<T>(sql: string): Promise<T[] | undefined>
  close(): Promise<void>
}

export async function viewOf(place: DeskPlace): Promise<DeskView> {
  if (place.database === 'sqlite') return new SqliteView(join(place.folder, 'state', 'relaydesk.db'))
  const client = new pg.Client({ connectionString: place.database })
  await client.connect()
  return {
    rows: async <T>(sql: string) => (await client.query(sql).catch(() => undefined))?.rows as T[] | undefined,
    close: () => client.end(),
  }
}

/** Opened for each look: a connection that stays would see to it that nothing is ever recovered. */
class SqliteView implements DeskView {
  readonly #file: string

  constructor(file: string) {
    this.#file = file
  }

  async rows<T>(sql: string): Promise<T[] | undefined> {
    let database: Database.Database | undefined
    try {
      database = new Database(this.#file, { readonly: true, fileMustExist: true, timeout: 0 })
      return database.prepare<[], T>(sql).all()
    } catch {
      return undefined
    } finally {
      database?.close()
    }
  }

  async close(): Promise<void> {}
}

const LOOK_EVERY_MS = 25

interface Waiter {
  met(): boolean
  isOver(): boolean
  resolve(met: boolean): void
}

/** Follows which messages are stored, for as long as the desk runs, dies and runs again. */
export class Progress {
  /** Message-IDs of what is stored in a ticket. */
  readonly stored = new Set<string>()
  readonly #view: DeskView
  readonly #waiting = new Set<Waiter>()
  readonly #running: Promise<void>
  #last = 0
  #over = false

  constructor(view: DeskView) {
    this.#view = view
    this.#running = this.#run()
  }

  /** Whether it came about before the deadline; milliseconds of a quiet machine. */
  until(met: () => boolean, deadline: number): Promise<boolean> {
    return new Promise(resolve => this.#waiting.add({ met, isOver: deadlineIn(deadline), resolve }))
  }

  async stop(): Promise<void> {
    this.#over = true
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#over) {
      await this.#look()
      for (const waiter of [...this.#waiting]) {
        const met = waiter.met()
        if (!met && !waiter.isOver()) continue
        this.#waiting.delete(waiter)
        waiter.resolve(met)
      }
      await pause(LOOK_EVERY_MS)
    }
    for (const waiter of this.#waiting) waiter.resolve(false)
  }

  async #look(): Promise<void> {
    const rows = await this.#view.rows<{ number: number | string; mail: string }>(
      `SELECT a.number AS number, m.external_id AS mail FROM arrivals a JOIN messages m ON m.id = a.message_id
       WHERE a.number > ${this.#last} ORDER BY a.number`,
    )
    for (const { number, mail } of rows ?? []) {
      this.stored.add(mail)
      this.#last = Number(number)
    }
  }
}
