import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { stringify } from 'yaml'
import * as adapterKinds from '../../adapters/index.ts'
import type { Reply } from '../../src/channel/desk.ts'
import { type Config, loadConfig } from '../../src/config.ts'
import { verify } from '../../src/flow/upkeep/verify.ts'
import { type OpenDesk, openDesk, startDesk } from '../../src/main.ts'
import { freePort } from './ports.ts'
import { type Engine, makePlace, type Place } from './store/engines.ts'

/** A running desk with one mail channel. */
export interface TestDesk {
  place: Place
  config: Config
  desk: OpenDesk
  /** Where it takes mail. */
  port: number
  /** A command line of an agent. */
  as(handle: string, line: string, body?: string): Promise<Reply>
  /** Stops it; `start` it again on the same data. */
  stop(): Promise<void>
  start(): Promise<void>
  /** Fails unless everything is accounted for and sound. */
  expectSound(): Promise<Record<string, number>>
  remove(): Promise<void>
}

export const AGENTS = [
  { handle: 'bob', name: 'Bob Berg', email: 'bob@staff.example' },
  { handle: 'eve', name: 'Eve Ek', email: 'eve@staff.example' },
]

/** `send` says how mail leaves; `more` is put into the channel's settings. */
export async function makeDesk(
  engine: Engine,
  send: object,
  more: { listen?: object; [setting: string]: unknown } = {},
  root: object = {},
): Promise<TestDesk> {
  const place = await makePlace(engine)
  const port = await freePort()
  const file = join(place.folder, 'relaydesk.yaml')
  const channel = {
    name: 'support',
    kind: 'email',
    address: 'help@desk.example',
    ...more,
    listen: { port, ...more.listen },
    send,
  }
  const settings = { state: '.', database: place.database, log: 'silent', agents: AGENTS, channels: [channel], ...root }
  await writeFile(file, stringify(settings))
  const kinds = Object.fromEntries(Object.entries(adapterKinds).map(([kind, each]) => [kind, each.settings]))
  const { config } = loadConfig({ file, kinds })
  let desk = await openDesk(config)
  let running: Awaited<ReturnType<typeof startDesk>> | undefined = await startDesk(desk)
  const made: TestDesk = {
    place,
    config,
    port,
    get desk() {
      return desk
    },
    as: (handle, line, body = '') => desk.service.perform({ actor: { handle }, channel: 'test', line, body }),
    async stop() {
      await running?.stop()
      running = undefined
    },
    async start() {
      desk = await openDesk(config)
      running = await startDesk(desk)
    },
    async expectSound() {
      const { store, files } = desk.context
      const result = await store.consistently(sql => verify(sql, files))
      expect(result.problems).toEqual([])
      expect(result.unaccounted).toBe(0)
      return result.outcomes
    },
    async remove() {
      await made.stop()
      await place.remove()
    },
  }
  return made
}
