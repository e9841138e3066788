// The verb login.
import type { Command } from 'commander'
import { able } from '../channel/abilities.ts'
import { DeskError } from '../errors.ts'
import { requireSecrets } from '../fields.ts'
import type { OpenDesk } from '../main.ts'
import { print, withDesk } from './with-desk.ts'

export function addLogin(program: Command): void {
  program
    .command('login <channel>')
    .description('sign a channel in with its provider (the sign-in renews itself)')
    .action((name: string, _options, command: Command) => withDesk(command, desk => login(desk, name)))
}

async function login({ config, context, service }: OpenDesk, name: string): Promise<void> {
  const adapter = context.channels.get(name)?.adapter
  if (!adapter) {
    const known = [...context.channels.keys()].join(', ')
    throw new DeskError('usage', `There is no channel ${name}: write one of ${known}.`)
  }
  const provider = able(adapter, 'signIn')
  if (!provider) throw new DeskError('config', `The channel ${name} does not use a sign-in: it has no oauth.`)
  requireSecrets(config.channels.find(each => each.name === name)?.settings)
  await provider.signIn(service.deskFor(name), print)
}
