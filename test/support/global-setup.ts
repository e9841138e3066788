import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { CHROMIUM, chromiumMissing } from './browser.ts'
import { installPackage } from './debian.ts'
import { measurePace } from './patience.ts'
import { DOVECOT, dovecotMissing } from './servers/dovecot.ts'
import { PostgresServer } from './servers/postgres-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of a PostgreSQL server for tests, without a database name. */
    postgres: string
  }
}

/**
 * The pace of the machine is measured first, and as long as the tests run. One PostgreSQL server for the whole run; each test makes a database of its own. Dovecot and Chromium are installed
 * where we may; who reads the output is told, first and last, when tests are skipped for want of them.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'relaydesk-pace-'))
  const endMeasuring = await measurePace(join(folder, 'pace'))
  const [server, ...refusals] = await Promise.all([PostgresServer.start(), provide(DOVECOT), provide(CHROMIUM)])
  project.provide('postgres', server.address)
  const tell = () => {
    for (const [index, [what, missing]] of [
      ['all tests on Dovecot', dovecotMissing()],
      ['all tests in a browser', chromiumMissing()],
    ].entries()) {
      if (missing) process.stderr.write(`\nSKIPPED: ${what}. ${missing}\n${refusals[index] ?? ''}\n`)
    }
  }
  tell()
  return async () => {
    endMeasuring()
    await rm(folder, { recursive: true, force: true })
    await server.stop()
    tell()
  }
}

/** Installs what is not there. Gives why it could not. */
async function provide({ package: name, program }: { package: string; program: string }): Promise<string | undefined> {
  try {
    await installPackage(name, program)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
