import type { TestProject } from 'vitest/node'
import { installPackage } from './debian.ts'
import { DOVECOT, dovecotMissing } from './dovecot.ts'
import { PostgresServer } from './postgres-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of a PostgreSQL server for tests, without a database name. */
    postgres: string
  }
}

/**
 * One PostgreSQL server for the whole run; each test makes a database of its own. Dovecot is installed where we may; who
 * reads the output is told, first and last, when tests are skipped for want of it.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [server, refusal] = await Promise.all([PostgresServer.start(), provideDovecot()])
  project.provide('postgres', server.address)
  const tell = () => {
    const missing = dovecotMissing()
    if (missing) process.stderr.write(`\nSKIPPED: all tests on Dovecot. ${missing}\n${refusal ? `${refusal}\n` : ''}\n`)
  }
  tell()
  return async () => {
    await server.stop()
    tell()
  }
}

/** Installs Dovecot if it is not there. Gives why it could not. */
async function provideDovecot(): Promise<string | undefined> {
  try {
    await installPackage(DOVECOT.package, DOVECOT.program)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
