// Puts the desk together, and starts it.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import * as adapterKinds from '../adapters/index.ts'
import type { AdapterKind } from '../adapters/kind.ts'
import { ByteBudget } from './budget.ts'
import { loadCategories } from './categories.ts'
import { able } from './channel/abilities.ts'
import type { ChannelAdapter } from './channel/adapter.ts'
import { type Clock, systemClock } from './clock.ts'
import { createCommands } from './commands/registry.ts'
import { type ChannelConfig, type Config, type LoadedConfig, loadConfig } from './config.ts'
import { DeskError } from './errors.ts'
import { missingSecret } from './fields.ts'
import type { ChannelEntry, Context } from './flow/context.ts'
import { DeskService } from './flow/desk-service.ts'
import { Renderer } from './flow/outgoing/render.ts'
import { Clamd } from './flow/scanner/clamd.ts'
import { type Startable, Starter } from './flow/timers/starter.ts'
import { createLog, type Log } from './logger.ts'
import { packagePath } from './package.ts'
import { takeStateFolder } from './store/engine/state-folder.ts'
import { openStore } from './store/engine/store.ts'
import { LargeFiles } from './store/files.ts'
import type { Pages } from './web/pages.ts'
import type { Port } from './web/ports.ts'

const CONFIG_FILE = 'relaydesk.yaml'

/** What a caller may say of where things are; the environment says the rest. */
export interface Whereabouts {
  config?: string | undefined
  state?: string | undefined
}

/** Configuration from `--config`, RELAYDESK_CONFIG, ./relaydesk.yaml, or the defaults alone. */
export function findConfig(where: Whereabouts): LoadedConfig {
  const file = where.config ?? process.env.RELAYDESK_CONFIG ?? (existsSync(CONFIG_FILE) ? CONFIG_FILE : undefined)
  const state = where.state
    ? { value: where.state, from: '--state' }
    : process.env.RELAYDESK_STATE
      ? { value: process.env.RELAYDESK_STATE, from: 'RELAYDESK_STATE' }
      : undefined
  const kinds = Object.fromEntries(Object.entries(adapterKinds).map(([kind, { settings }]) => [kind, settings]))
  return loadConfig({ file, state, kinds })
}

/** A desk with its store open and its channels made, not started. */
export interface OpenDesk {
  config: Config
  context: Context
  service: DeskService
  log: Log
  /** A sentence about what others could read; undefined if nothing was. */
  exposed: string | undefined
  close(): Promise<void>
}

/**
 * Opens the store and makes the channels; `toRead` says that mail is about to be handed to them, `clock` what time it
 * is. Rejects with a `DeskError` that says what to mend.
 */
export async function openDesk(config: Config, opening: { toRead?: boolean; clock?: Clock } = {}): Promise<OpenDesk> {
  const { toRead = false, clock = systemClock } = opening
  const log = createLog(config.log)
  const exposed = await takeStateFolder(config.state)
  if (exposed) log.warn(exposed)
  const renderer = new Renderer(packagePath('templates'), config.templates)
  const files = new LargeFiles(config.state)
  const channels = await makeChannels(config, files, log, clock)
  if (toRead) for (const { adapter } of channels.values()) able(adapter, 'getReady')?.getReady()
  const store = await openStore(config.database, config.state)
  try {
    const context: Context = {
      store,
      files,
      clock,
      log,
      channels,
      desks: config.desks,
      acknowledgeWithin: config.acknowledge.within,
      machines: config.machines,
      senders: config.senders,
      floods: config.floods,
      automatic: { requester: config.automatic.perDay, agent: config.automatic.perAgentDay },
      commands: createCommands(),
      policy: {
        ...loadCategories(config.categories ?? packagePath('data/categories.yaml')),
        matrix: config.tickets.priorities,
        vip: config.tickets.vip,
        leads: config.agents.filter(agent => agent.lead).map(agent => agent.handle),
        handoverWithin: config.tickets.handoverWithin,
        closeAfter: config.tickets.closeAfter,
        reopenWithin: config.tickets.reopenWithin,
      },
      publicUrl: config.web.publicUrl,
      ...(config.scanner ? { scanner: new Clamd(config.scanner.clamd) } : {}),
    }
    const service = new DeskService(context, renderer)
    await service.prepare(config.agents)
    const close = async () => {
      await Promise.all([...channels.values()].map(({ adapter }) => adapter.stop()))
      await service.receiver.idle()
      await store.close()
    }
    return { config, context, service, log, exposed, close }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Makes the configured channels; nothing of them listens or connects yet. */
export async function makeChannels(
  config: Config,
  files: LargeFiles,
  log: Log,
  clock: Clock = systemClock,
): Promise<Map<string, ChannelEntry>> {
  const budget = new ByteBudget(config.limits.inFlight)
  const channels = new Map<string, ChannelEntry>()
  for (const { name, kind, desk, settings } of config.channels) {
    const made = (adapterKinds as Record<string, AdapterKind>)[kind]
    if (!made) throw new DeskError('config', `channels: there is no adapter "${kind}".`)
    const adapter = await made.create(settings, {
      name,
      deskName: config.desks.find(each => each.id === desk)?.name ?? '',
      maxMessageBytes: config.limits.message,
      budget,
      spoolPath: () => files.spoolPath(),
      web: config.web,
      statePath: folder => resolve(config.state, folder),
      now: () => clock.now(),
      warn: (sentence, error) => log.warn({ channel: name, ...(error ? { err: error } : {}) }, sentence),
    })
    channels.set(name, { kind, deskId: desk, adapter })
  }
  return channels
}

/** A desk at work. */
export interface RunningDesk {
  /** Knows which channels and ports are not up, and tries them again. */
  starter: Starter
  /** Something is served by HTTP. */
  isServed: boolean
  stop(): Promise<void>
}

/**
 * Starts everything: channels take messages, queued ones leave. A channel or port that cannot be had fails alone, and is
 * tried again; `onUp` is told when it is there. Rejects with a `DeskError` where the configuration is wrong.
 */
export async function startDesk(
  desk: OpenDesk,
  onUp: (sentence: string) => void = () => undefined,
): Promise<RunningDesk> {
  const { config, context, service } = desk
  for (const [index, { settings }] of config.channels.entries()) {
    const missing = missingSecret(settings)
    if (missing !== undefined) throw new DeskError('config', `channels[${index}].${missing}`)
  }
  const ports = await makePorts(desk)
  await context.files.sweepSpool()
  const starter = new Starter(context, [
    ...config.channels.map((channel, index) => channelStart(desk, channel, index)),
    ...ports.map(port => ({ name: port.name, channel: 'desk', start: () => port.listen() })),
  ])
  starter.onCommit = () => service.wake()
  starter.onUp = onUp
  try {
    await starter.start()
  } catch (error) {
    await Promise.all(ports.map(port => port.close()))
    throw error
  }
  service.deliverer.start()
  await service.rooms.start()
  service.timekeeper.start()
  return {
    starter,
    isServed: ports.length > 0,
    async stop() {
      await starter.stop()
      await Promise.all([service.deliverer.stop(), service.rooms.stop(), service.timekeeper.stop()])
      const stopped = Promise.all([...context.channels.values()].map(({ adapter }) => adapter.stop()))
      await Promise.all([stopped, ...ports.map(port => port.close(stopped))])
      await desk.close()
    },
  }
}

function channelStart({ context, service }: OpenDesk, { name }: ChannelConfig, index: number): Startable {
  const start = async () => {
    await context.channels
      .get(name)
      ?.adapter.start(service.deskFor(name))
      .catch(error => {
        if (!(error instanceof DeskError) || error.code !== 'config') throw error
        throw new DeskError('config', `channels[${index}].${error.message}`, { cause: error })
      })
  }
  return { name: `The channel ${name}`, channel: name, start }
}

/** What is served by HTTP: what channels answer, and the pages, where the configuration says that they can be reached. */
async function makePorts(desk: OpenDesk): Promise<Port[]> {
  const { config, context } = desk
  const isCalled = [...context.channels.values()].some(({ adapter }) => able(adapter, 'routes'))
  const pages = config.web.publicUrl === undefined ? undefined : await makePages(desk)
  if (!pages && !isCalled) return []
  const { portsOf } = await import('./web/ports.ts')
  return portsOf(context, { setting: 'web.port', ...config.web }, pages)
}

async function makePages({ context, service }: OpenDesk): Promise<Pages> {
  const { Pages } = await import('./web/pages.ts')
  const pages = new Pages(context)
  pages.onCommit = () => service.wake()
  return pages
}

/** Where people reach a channel, in a few words. */
export function describeChannel(adapter: ChannelAdapter): string[] {
  return able(adapter, 'describe')?.describe() ?? []
}
