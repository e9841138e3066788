import { PostgresServer } from '../support/servers/postgres-server.ts'
import { type Bench, inRounds } from './baseline.ts'
import type { Figure } from './figure.ts'
import { receiveOnce } from './measure-receive.ts'

/** The same import into PostgreSQL on this machine, with everything durable. */
export async function measurePostgres(bench: Bench): Promise<Figure[]> {
  const server = await PostgresServer.start(true)
  try {
    const database = await server.create()
    const { rates, ...rounds } = await inRounds(bench, 1, () => receiveOnce(bench, database))
    const { rate, ratio, cpuRatio, cores, otherCores } = rounds
    const figure = {
      measure: 'postgres',
      value: rate,
      unit: 'messages/s',
      ratio,
      target: null,
      repeats: rates,
    } as const
    return [{ ...figure, what: 'receive, a folder into PostgreSQL', cpuRatio, cores, otherCores }]
  } finally {
    await server.stop()
  }
}
