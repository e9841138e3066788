import { MemoryChannel } from '../../adapters/memory/adapter.ts'
import { loadCategories } from '../../src/categories.ts'
import type { Reply } from '../../src/channel/desk.ts'
import { inboundMessage, type MessageParts } from '../../src/channel/inbound.ts'
import type { InboundMessage } from '../../src/channel/message.ts'
import { ManualClock } from '../../src/clock.ts'
import { createCommands } from '../../src/commands/registry.ts'
import { pack } from '../../src/content.ts'
import { DEFAULT_MATRIX } from '../../src/core/ticket/priority.ts'
import type { Context } from '../../src/flow/context.ts'
import { DeskService } from '../../src/flow/desk-service.ts'
import { Renderer } from '../../src/flow/outgoing/render.ts'
import { createLog } from '../../src/logger.ts'
import { packagePath } from '../../src/package.ts'
import { LargeFiles } from '../../src/store/files.ts'
import { AGENTS } from './desk.ts'
import { type Engine, makePlace } from './store/engines.ts'

/** A desk without a network, at a time of our choosing; delivering is done by hand. */
export interface MemoryDesk {
  clock: ManualClock
  channel: MemoryChannel
  context: Context
  service: DeskService
  as(handle: string, line: string, body?: string): Promise<Reply>
  /** Sends all that is due now. */
  deliver(): Promise<void>
  remove(): Promise<void>
}

/** `more` overrides what the configuration would say. */
export async function makeMemoryDesk(engine: Engine, more: Partial<Context> = {}): Promise<MemoryDesk> {
  const place = await makePlace(engine)
  const store = await place.open()
  const clock = new ManualClock('2026-03-02T09:00:00Z')
  const channel = new MemoryChannel('chat', 'help@desk.example')
  const context: Context = {
    store,
    files: new LargeFiles(place.folder),
    clock,
    log: createLog('silent'),
    channels: new Map([['chat', { kind: 'email', deskId: 'help', adapter: channel }]]),
    desks: [{ id: 'help', name: 'Help desk', prefix: 'HD' }],
    acknowledgeWithin: 14 * 86_400_000,
    machines: { newsletters: 'ignore', recovery: 'note' },
    senders: { block: [], allow: [] },
    floods: { tickets: 0, messages: 0, within: 600_000 },
    automatic: { requester: 20, agent: 500 },
    commands: createCommands(),
    policy: {
      ...loadCategories(packagePath('data/categories.yaml')),
      matrix: DEFAULT_MATRIX,
      vip: [],
      leads: ['eve'],
      handoverWithin: 86_400_000,
      closeAfter: 7 * 86_400_000,
      reopenWithin: 30 * 86_400_000,
    },
    ...more,
  }
  const service = new DeskService(context, new Renderer(packagePath('templates'), undefined))
  await service.prepare(AGENTS)
  await channel.start(service.deskFor('chat'))
  return {
    clock,
    channel,
    context,
    service,
    as: (handle, line, body = '') => service.perform({ actor: { handle }, channel: 'test', line, body }),
    async deliver() {
      while ((await service.deliverer.pass()) > 0);
    },
    async remove() {
      await store.close()
      await place.remove()
    },
  }
}

let count = 0

/** A message of a person, with what matters to a test. */
export function messageFrom(address: string, about: Partial<MessageParts> = {}): InboundMessage {
  count += 1
  return inboundMessage({
    id: `message-${count}`,
    replyTo: address,
    from: { address, name: '' },
    subject: 'VPN',
    text: `Message ${count}`,
    messageId: `<${count}@example.com>`,
    fingerprint: `fingerprint-${count}`,
    raw: pack(Buffer.from(`raw ${count}`)),
    authentication: { result: 'none', reasons: [] },
    ...about,
    mail: { addressedTo: ['help@desk.example'], ...about.mail },
  })
}
