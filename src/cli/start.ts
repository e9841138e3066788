// The verb start.
import { relative } from 'node:path'
import type { Command } from 'commander'
import type { Config } from '../config.ts'
import {
  describeChannel,
  findConfig,
  type OpenDesk,
  openDesk,
  type RunningDesk,
  startDesk,
  type Whereabouts,
} from '../main.ts'
import { holdStateFolder } from '../store/engine/start-lock.ts'
import { giveBackWhenIdle } from './idle-memory.ts'
import { isHeavy, restartWithoutCompiler } from './restart-without-compiler.ts'
import { print } from './with-desk.ts'

export function addStart(program: Command): void {
  program
    .command('start')
    .description('run the desk until Ctrl-C')
    .action(async (_options, command: Command) => {
      const where = command.optsWithGlobals<Whereabouts>()
      const { config, settings } = findConfig(where)
      const signalled = untilSignal()
      const desk = await openDesk(config)
      if (desk.exposed) print(desk.exposed)
      if (isHeavy()) {
        await desk.close()
        restartWithoutCompiler()
      }
      let running: RunningDesk
      let letGo: () => void = () => undefined
      try {
        // On PostgreSQL any number of desks may share a database.
        if (desk.context.store.engine === 'sqlite') letGo = holdStateFolder(config.state)
        running = await startDesk(desk, print)
      } catch (error) {
        await desk.close()
        throw error
      }
      giveBackWhenIdle()
      const configured = settings.some(setting => setting.path.startsWith('channels') && setting.from !== 'default')
      print(welcome(desk, running, where, configured))
      const hasWebPort = settings.some(setting => setting.path === 'web.port' && setting.from !== 'default')
      if (hasWebPort && !running.isServed)
        print('Nothing is served at web.port yet: set web.publicUrl as well, to serve pages for requesters.')
      await signalled
      print('Stopping: finishing current work.')
      await running.stop()
      letGo()
    })
}

function welcome(
  { config, context }: OpenDesk,
  { starter }: RunningDesk,
  where: Whereabouts,
  configured: boolean,
): string {
  const { failures } = starter
  const isUp = failures.size === 0
  const but = isUp ? '' : ', except for what is not running yet'
  const state = relative(process.cwd(), config.state) || '.'
  const lines = [`Relaydesk is ready${but}. State is in ${state}, the database is ${context.store.engine}.`]
  for (const [name, { adapter }] of context.channels) {
    if ([...failures.keys()].some(({ channel }) => channel === name)) continue
    for (const line of describeChannel(adapter)) lines.push(`  ${name}: ${line}`)
  }
  if (config.web.publicUrl)
    lines.push(`  pages for requesters: ${config.web.publicUrl} (served at ${config.web.host}:${config.web.port})`)
  for (const { sentence } of failures.values()) lines.push(`  ${sentence}`)
  // What is tried out would go to another desk, where that has the port.
  if (!configured && isUp) lines.push(...whatToTry(config, where))
  return [...lines, 'Ctrl-C stops the desk; nothing is lost.'].join('\n')
}

/** Works as printed in a second terminal. */
function whatToTry(config: Config, where: Whereabouts): string[] {
  const program = ['npx relaydesk', ...optionsOf(where)].join(' ')
  const prefix = config.desks[0]?.prefix ?? 'HD'
  return [
    'To try it out, open a second terminal in this folder:',
    `  ${program} send --from ann@example.com --subject "Printer on fire" "It burns."`,
    `  ${program} list                         then: show ${prefix}-1`,
    `  ${program} claim ${prefix}-1`,
    `  ${program} reply ${prefix}-1 "We are on our way."`,
    `  ${program} mailbox ann@example.com      what Ann reads`,
    `  ${program} send --from ann@example.com --answer "It is out, thank you."`,
  ]
}

/** What the other terminal does not know: the options, and the environment of this one. */
function optionsOf(where: Whereabouts): string[] {
  const state = where.state ?? process.env.RELAYDESK_STATE
  const config = where.config ?? process.env.RELAYDESK_CONFIG
  return [...(state ? [`--state ${shellWord(state)}`] : []), ...(config ? [`--config ${shellWord(config)}`] : [])]
}

function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

/** A second signal ends the process at once. */
function untilSignal(): Promise<void> {
  return new Promise(resolve => {
    const stop = () => {
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
      resolve()
    }
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
  })
}
