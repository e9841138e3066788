// A large import runs in a process of its own, while people give commands, mail servers ask the desk for a greeting, and
// the desk is stopped and started in the middle of it.
// node test/siege/backlog.ts [MAILS, 50000]
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { adapterKinds } from '../../adapters/index.ts'
import { loadConfig } from '../../src/config.ts'
import { type OpenDesk, openDesk } from '../../src/main.ts'
import { greeting, roomWith } from '../cases/standstill/room.ts'
import { mail } from '../support/cli-mail.ts'
import type { Ended, Room, Running } from '../support/relaydesk-process.ts'

/** What came of a scene. */
export interface SceneResult {
  /** A sentence for each budget that was not kept, and for what was lost; empty if all is well. */
  problems: string[]
  /** Milliseconds and counts by what they are of. */
  figures: Record<string, number>
}

export interface Scene {
  name: string
  run(): Promise<SceneResult>
}

const MAILS = 50_000
const COMMAND_MS = 100 // 99 of 100
const GREETING_MS = 200
const STOP_MS = 5_000
const EVERY_MS = 50
const LINES = ['note HD-1', 'list', 'show HD-1', 'search ticket']

export function backlogOf(mails: number = MAILS): Scene {
  return { name: `an import of ${mails} mails beside the desk`, run: () => play(mails) }
}

async function play(mails: number): Promise<SceneResult> {
  const { room, ports } = await roomWith({ help: {} }, { floods: { tickets: 0, messages: 0 }, log: 'silent' })
  try {
    await writeMbox(room.path('many.mbox'), mails)
    await room.write('first.eml', mail('The first ticket'))
    await room.run('receive', 'first.eml')
    const desk = await room.start()
    const agent = await openDesk(configOf(room))
    const importing = watched(room.launch('receive', 'many.mbox'))
    const asked = await Promise.all([
      commandsUntil(agent, importing.isOver),
      restartedMeanwhile(room, desk, ports.help ?? 0, importing.isOver),
    ])
    const { stdout, stderr } = await importing.running.ended
    const verified = await room.run('verify')
    await agent.close()
    return judge({ commands: asked[0], ...asked[1], imported: `${stdout}${stderr}`, verified: verified.stdout, mails })
  } finally {
    await room.remove()
  }
}

async function writeMbox(path: string, mails: number): Promise<void> {
  const file = createWriteStream(path)
  for (let n = 0; n < mails; n += 1) {
    const letter = `From x@y Tue Dec  1 00:00:00 2026\n${mail(`Ticket ${n}`)}\n`
    if (!file.write(letter)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'close')
}

function configOf(room: Room) {
  const kinds = Object.fromEntries(Object.entries(adapterKinds).map(([kind, each]) => [kind, each.settings]))
  return loadConfig({ file: room.path('relaydesk.yaml'), kinds }).config
}

function watched(running: Running): { running: Running; isOver(): boolean } {
  let over = false
  void running.ended.then(() => {
    over = true
  })
  return { running, isOver: () => over }
}

/** Gives commands one after the other, as an agent would from another process. Gives how long each took. */
async function commandsUntil({ service }: OpenDesk, isOver: () => boolean): Promise<number[]> {
  const took: number[] = []
  for (let n = 0; !isOver(); n += 1) {
    const line = LINES[n % LINES.length] ?? ''
    const body = line.startsWith('note') ? `Note ${n}.` : ''
    const since = performance.now()
    await service.perform({ actor: { handle: 'bob' }, channel: 'cli', line, body })
    took.push(performance.now() - since)
    await pause(EVERY_MS)
  }
  return took
}

/** Asks for greetings, and once stops the desk and starts it again. */
async function restartedMeanwhile(
  room: Room,
  first: Running,
  port: number,
  isOver: () => boolean,
): Promise<{ greetings: (number | null)[]; stopped: number }> {
  const greetings: (number | null)[] = []
  const ask = async (count: number) => {
    for (let n = 0; n < count && !isOver(); n += 1) {
      greetings.push(await greeting(port))
      await pause(EVERY_MS)
    }
  }
  await ask(50)
  const stopped = await stop(first)
  const second = await room.start()
  await ask(Number.POSITIVE_INFINITY)
  await stop(second)
  return { greetings, stopped }
}

async function stop({ child, ended }: Running): Promise<number> {
  const since = performance.now()
  child.kill('SIGTERM')
  await ended
  return performance.now() - since
}

interface Played {
  mails: number
  commands: number[]
  greetings: (number | null)[]
  stopped: number
  imported: Ended['stdout']
  verified: Ended['stdout']
}

function judge({ mails, commands, greetings, stopped, imported, verified }: Played): SceneResult {
  const greeted = greetings.filter(each => each !== null)
  const figures = {
    commands: commands.length,
    'command, 50 of 100': percentile(commands, 0.5),
    'command, 99 of 100': percentile(commands, 0.99),
    greetings: greetings.length,
    'longest greeting': Math.max(...greeted),
    stopping: stopped,
  }
  const kept: [boolean, string][] = [
    [figures['command, 99 of 100'] <= COMMAND_MS, `One command in a hundred took more than ${COMMAND_MS} ms.`],
    [figures['longest greeting'] <= GREETING_MS, `A greeting took more than ${GREETING_MS} ms.`],
    [greeted.length === greetings.length, 'Somebody was not greeted at all.'],
    [stopped <= STOP_MS, `Stopping took more than ${STOP_MS} ms.`],
    [imported.includes(`${mails} opened`), `Of ${mails} mails not all were taken: ${imported.trim()}`],
    [verified.includes('All is well.'), `The store is not sound: ${verified.trim()}`],
  ]
  return { figures, problems: kept.flatMap(([isKept, sentence]) => (isKept ? [] : [sentence])) }
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
}

if (import.meta.main) console.log(await backlogOf(Number(process.argv[2] ?? MAILS)).run())
