// Puts the desk together, and starts it.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { adapterKinds } from '../adapters/index.ts'
import { ByteBudget } from './budget.ts'
import { loadCategories } from './categories.ts'
import { able } from './channel/abilities.ts'
import type { ChannelAdapter } from './channel/adapter.ts'
import { type Clock, systemClock } from './clock.ts'
import { createCommands } from './commands/registry.ts'
import { type Config, type Loaded, loadConfig } from './config.ts'
import { DeskError } from './errors.ts'
import { requireSecrets } from './fields.ts'
import type { ChannelEntry, Context } from './flow/context.ts'
import { DeskService } from './flow/desk.ts'
import { Renderer } from './flow/outgoing/render.ts'
import { Clamd } from './flow/scanner/clamd.ts'
import { createLog, type Log } from './logger.ts'
import { packagePath } from './package.ts'
import { takeStateFolder } from './store/engine/state-folder.ts'
import { openStore } from './store/engine/store.ts'
import { LargeFiles } from './store/files.ts'
import type { WebServer } from './web/server.ts'

const CONFIG_FILE = 'relaydesk.yaml'

/** What a caller may say of where things are; the environment says the rest. */
export interface Whereabouts {
  config?: string | undefined
  state?: string | undefined
}

/** Configuration from `--config`, RELAYDESK_CONFIG, ./relaydesk.yaml, or the defaults alone. */
export function findConfig(where: Whereabouts): Loaded {
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
    const made = adapterKinds[kind]
    if (!made) throw new DeskError('config', `channels: there is no adapter "${kind}".`)
    const adapter = await made.create(settings, {
      name,
      deskName: config.desks.find(each => each.id === desk)?.name ?? '',
      maxMessageBytes: config.limits.message,
      budget,
      spoolPath: () => files.spoolPath(),
      statePath: folder => resolve(config.state, folder),
      now: () => clock.now(),
      warn: (sentence, error) => log.warn({ channel: name, ...(error ? { err: error } : {}) }, sentence),
    })
    channels.set(name, { kind, deskId: desk, adapter })
  }
  return channels
}

/** Starts everything: channels take messages, queued ones leave. Gives how to stop it again. */
export async function startDesk(desk: OpenDesk): Promise<{ stop(): Promise<void> }> {
  const { context, service } = desk
  await context.files.sweepSpool()
  for (const [index, channel] of desk.config.channels.entries()) {
    const adapter = context.channels.get(channel.name)?.adapter
    try {
      requireSecrets(channel.settings)
      await adapter?.start(service.deskFor(channel.name))
    } catch (error) {
      if (!(error instanceof DeskError)) throw error
      const where = error.code === 'config' ? `channels[${index}].` : `channels[${index}] (${channel.name}): `
      throw new DeskError(error.code, `${where}${error.message}`, { cause: error })
    }
  }
  service.deliverer.start()
  await service.rooms.start()
  service.timekeeper.start()
  const web = await serveWeb(desk)
  return {
    async stop() {
      await Promise.all([service.deliverer.stop(), service.rooms.stop(), service.timekeeper.stop(), web?.stop()])
      await desk.close()
    },
  }
}

/** Serves the pages of requesters, where the configuration says that they can be reached. */
async function serveWeb({ config, context, service }: OpenDesk): Promise<WebServer | undefined> {
  if (config.web.publicUrl === undefined) return undefined
  const { WebServer } = await import('./web/server.ts')
  const web = new WebServer(context, config.web.proxies)
  web.onCommit = () => service.wake()
  await web.start(config.web.host, config.web.port)
  return web
}

/** Where people reach a channel, in a few words. */
export function describeChannel(adapter: ChannelAdapter): string[] {
  return able(adapter, 'describe')?.describe() ?? []
}
