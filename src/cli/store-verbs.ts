// Verbs about the store: verify, backup, restore.
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { DeskError } from '../errors.ts'
import { verify } from '../flow/upkeep/verify.ts'
import { findConfig, type Whereabouts } from '../main.ts'
import { print, printJson, withDesk } from './with-desk.ts'

export function addStoreVerbs(program: Command): void {
  program
    .command('verify')
    .description('check that every message is accounted for, and that tickets and files are undamaged')
    .option('--json', 'print JSON, for programs')
    .action((options: { json?: boolean }, command: Command) =>
      withDesk(command, async ({ context }) => {
        const result = await context.store.consistently(sql => verify(sql, context.files))
        if (result.problems.length > 0) process.exitCode = 1
        if (options.json) return printJson(result)
        const outcomes = Object.entries(result.outcomes).map(([outcome, count]) => `${count} ${outcome}`)
        print(`${result.arrivals} arrivals: ${outcomes.join(', ') || 'none'}; unaccounted: ${result.unaccounted}`)
        print(`${result.tickets} tickets, ${result.events} events, ${result.contents} stored contents`)
        print(result.problems.length === 0 ? 'All is well.' : result.problems.join('\n'))
      }),
    )

  program
    .command('backup <file>')
    .description('write everything into one archive while the desk runs; never overwrites a file')
    .action((file: string, _options, command: Command) =>
      withDesk(command, async ({ context }) => {
        const { backup } = await import('../flow/upkeep/backup.ts')
        const { files, bytes } = await backup(context, resolve(file))
        print(`${file}: the database and ${files} large file(s), ${Math.round(bytes / 1000)} kB.`)
      }),
    )

  program
    .command('restore <file>')
    .description('unpack a backup into a state folder that does not hold a desk yet')
    .action(async (file: string, _options, command: Command) => {
      const { config } = findConfig(command.optsWithGlobals<Whereabouts>())
      if (config.database !== 'sqlite') {
        throw new DeskError(
          'usage',
          'database: backups are restored into SQLite; for PostgreSQL use pg_restore, as docs/operating.md explains.',
        )
      }
      const { restore } = await import('../flow/upkeep/backup.ts')
      const { files } = await restore(resolve(file), config.state)
      print(`Restored the database and ${files} large file(s) into ${config.state}; relaydesk verify checks them.`)
    })
}
