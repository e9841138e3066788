import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { freePort } from '../support/ports.ts'
import { type Measuring, measureDesk } from './measured-process.ts'

export const ADDRESS = 'help@desk.localhost'

/** A desk of its own, with nothing in it yet. */
export interface Place {
  folder: string
  port: number
  /** Where answers go. */
  maildir: string
  /** Runs a verb of the program. */
  run(args: readonly string[], env?: Record<string, string>): Measuring
}

/** Makes a state folder below `root` with a configuration that verbs find by itself. */
export async function makePlace(root: string, database = 'sqlite', more: object = {}): Promise<Place> {
  const folder = await mkdtemp(join(root, 'desk-'))
  await mkdir(join(folder, 'var'))
  const port = await freePort()
  const support = {
    name: 'support',
    kind: 'email',
    address: ADDRESS,
    listen: { port },
    send: { maildir: 'mail' },
    ...more,
  }
  const agents = [{ handle: 'bob', name: 'Bob Berg', email: 'bob@staff.example' }]
  await writeFile(
    join(folder, 'relaydesk.yaml'),
    stringify({ database, agents, floods: { tickets: 0, messages: 0 }, channels: [support] }),
  )
  return {
    folder,
    port,
    maildir: join(folder, 'var', 'mail'),
    run: (args, env = {}) => measureDesk(args, { cwd: folder, env }),
  }
}

/** Starts the desk and resolves once it takes mail, with how long that took. */
export async function startDesk(
  place: Place,
  env?: Record<string, string>,
): Promise<{ desk: Measuring; readySeconds: number }> {
  const desk = place.run(['start'], env)
  const ready = await desk.said('is ready')
  return { desk, readySeconds: (ready - desk.since) / 1000 }
}

/** Stops it as Ctrl-C does. */
export async function stopDesk(desk: Measuring): ReturnType<typeof measureDesk>['ended'] {
  desk.child.kill('SIGINT')
  return desk.ended
}

/** Rejects unless every arrival is accounted for, everything is sound, and there are as many arrivals as expected. */
export async function expectSound(place: Place, arrivals: number): Promise<void> {
  const { stdout } = await place.run(['verify', '--json']).ended
  const found = JSON.parse(stdout) as { arrivals: number; unaccounted: number; problems: string[] }
  if (found.arrivals !== arrivals || found.unaccounted !== 0 || found.problems.length > 0) {
    throw new Error(`After ${arrivals} mails verify says: ${stdout.slice(0, 2_000)}`)
  }
}
