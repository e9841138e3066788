import type { TestProject } from 'vitest/node'
import { PostgresServer } from './postgres-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of a PostgreSQL server for tests, without a database name. */
    postgres: string
  }
}

/** One PostgreSQL server for the whole run; each test makes a database of its own. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await PostgresServer.start()
  project.provide('postgres', server.address)
  return () => server.stop()
}
