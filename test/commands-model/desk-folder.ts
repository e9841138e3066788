import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import * as adapterKinds from '../../adapters/index.ts'
import { loadConfig } from '../../src/config.ts'
import { type OpenDesk, openDesk, startDesk } from '../../src/main.ts'
import { freePort } from '../support/ports.ts'
import { mailTo } from '../support/smtp-world.ts'
import {
  CATEGORY_TREE,
  CLOSE_AFTER_MS,
  DESKS,
  HANDLES,
  HANDOVER_WITHIN_MS,
  LEADS,
  REQUESTERS,
  VIP_DOMAIN,
} from './fixtures.ts'

/** Where the desk of a run lives. */
export interface DeskFolder {
  folder: string
  /** What `database` in a configuration says. */
  database: string
}

const ADDRESS = 'help@desk.example'
const MAILS_AT_ONCE = 10

/** A desk at this place with so many tickets, numbered from 1, that nobody has touched yet. */
export async function makeTickets(place: DeskFolder, tickets: number): Promise<void> {
  const port = await freePort()
  await configure(place, port)
  const desk = await openFolder(place)
  const running = await startDesk(desk)
  try {
    for (let first = 1; first <= tickets; first += MAILS_AT_ONCE) {
      const numbers = Array.from({ length: Math.min(MAILS_AT_ONCE, tickets - first + 1) }, (_, index) => first + index)
      await Promise.all(numbers.map(number => mailTo(port, letter(number))))
    }
  } finally {
    await running.stop()
  }
}

/** Opens what `makeTickets` made; nothing of it is started. */
export function openFolder(place: Pick<DeskFolder, 'folder'>): Promise<OpenDesk> {
  const kinds = Object.fromEntries(Object.entries(adapterKinds).map(([kind, each]) => [kind, each.settings]))
  return openDesk(loadConfig({ file: join(place.folder, 'relaydesk.yaml'), kinds }).config)
}

async function configure({ folder, database }: DeskFolder, port: number): Promise<void> {
  const settings = {
    state: '.',
    database,
    log: 'silent',
    desks: DESKS,
    agents: HANDLES.map(handle => ({
      handle,
      name: `Agent ${handle.slice('agent'.length)}`,
      email: `${handle}@staff.example`,
      lead: LEADS.includes(handle),
    })),
    categories: 'categories.yaml',
    tickets: {
      vip: [VIP_DOMAIN],
      handoverWithin: `${HANDOVER_WITHIN_MS / 1000}s`,
      closeAfter: `${CLOSE_AFTER_MS / 1000}s`,
    },
    floods: { tickets: 0, messages: 0 },
    channels: [{ name: 'support', kind: 'email', address: ADDRESS, listen: { port }, send: { maildir: 'mail' } }],
  }
  await writeFile(join(folder, 'relaydesk.yaml'), stringify(settings, { aliasDuplicateObjects: false }))
  await writeFile(join(folder, 'categories.yaml'), stringify(CATEGORY_TREE, { aliasDuplicateObjects: false }))
}

function letter(number: number) {
  const from = REQUESTERS[number % REQUESTERS.length] ?? ''
  return { from, to: ADDRESS, subject: `Trouble ${number}`, text: `This is trouble number ${number}.` }
}
