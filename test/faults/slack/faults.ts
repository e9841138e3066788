import { setTimeout as pause } from 'node:timers/promises'
import type { SeededRandom } from '../../support/seeded-random.ts'
import type { Fault as ApiFault } from '../../support/slack/faults.ts'
import type { SlackScene } from './scene.ts'

const LONGEST_HOLD_MS = 2_500
/** Longer than Slack tries, as the courier has it. */
const LONG_MS = 11_000
const SLOW_MS = 4_000
const MOST_CALLS = 4
const SOON_MS = 3_000

export const FAULT_KINDS = [
  'desk killed',
  'desk stopped',
  'connection to the desk',
  'Slack slows down',
  'Slack in trouble',
  'answers of Slack lost',
] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

/** What goes wrong, when, and for how long. */
export interface Fault {
  number: number
  kind: FaultKind
  /** Which way of several; for the reader. */
  way: string
  /** Strikes when so many steps were begun. */
  position: number
  holdMs: number
  /** Of the Web API. */
  method: string
  calls: number
  /** The next fault waits until the desk has caught up with this one. */
  calm: boolean
}

/** What a fault works on. */
export interface FaultContext {
  scene: SlackScene
  /** Resolves once something was stored just now, or nothing was for a while. */
  nextCommit(within: number): Promise<void>
  /** It breaks now: what is in flight is counted. */
  hits(): void
}

const WAYS: Record<FaultKind, readonly [string, ...string[]]> = {
  'desk killed': ['at once', 'amid a commit', 'amid a commit', 'twice', 'for long'],
  'desk stopped': ['for a moment', 'for long'],
  'connection to the desk': ['cut', 'cut', 'refused', 'silent', 'announced'],
  'Slack slows down': ['429'],
  'Slack in trouble': ['500', '503', 'internal_error', 'reset', 'slow'],
  'answers of Slack lost': ['500', 'fatal_error', 'reset'],
}

const METHODS = [
  ...['chat.postMessage', 'chat.postMessage', 'chat.postMessage', 'chat.update', 'users.info', 'conversations.open'],
  ...['conversations.replies', 'conversations.history', 'users.conversations', 'views.open'],
] as unknown as [string, ...string[]]

/** Every kind as often as any other, at random moments. */
export function drawFaults(random: SeededRandom, count: number, steps: number): Fault[] {
  const kinds = Array.from({ length: count }, (_, index) => FAULT_KINDS[index % FAULT_KINDS.length] as FaultKind)
  for (let at = kinds.length - 1; at > 0; at -= 1) {
    const other = random.whole(0, at)
    ;[kinds[at], kinds[other]] = [kinds[other] as FaultKind, kinds[at] as FaultKind]
  }
  const positions = kinds
    .map(() => random.whole(Math.ceil(steps * 0.02), Math.floor(steps * 0.95)))
    .sort((a, b) => a - b)
  return kinds.map((kind, index) => ({
    number: index + 1,
    kind,
    way: random.pick(WAYS[kind]),
    position: positions[index] as number,
    holdMs: random.whole(0, LONGEST_HOLD_MS),
    method: random.pick(METHODS),
    calls: random.whole(1, MOST_CALLS),
    calm: random.share() < 0.4,
  }))
}

/** Breaks it, and mends it again. */
export const STRIKES: Record<FaultKind, (fault: Fault, context: FaultContext) => Promise<void>> = {
  async 'desk killed'({ way, holdMs }, { scene, nextCommit, hits }) {
    if (way === 'amid a commit') await nextCommit(SOON_MS)
    hits()
    await scene.killDesk()
    await pause(way === 'for long' ? LONG_MS : holdMs)
    hits() // what was said meanwhile waits for it
    await scene.startDesk()
    if (way !== 'twice') return
    await nextCommit(SOON_MS)
    await scene.killDesk()
    await scene.startDesk()
  },

  async 'desk stopped'({ way }, { scene, nextCommit, hits }) {
    await nextCommit(SOON_MS)
    hits()
    await scene.stopDesk()
    if (way === 'for long') await pause(LONG_MS)
    hits()
    await scene.startDesk()
  },

  async 'connection to the desk'({ way, holdMs }, context) {
    context.hits()
    await (context.scene.way === 'http' ? breakHttp : breakSocket)(way, holdMs, context.scene)
  },

  async 'Slack slows down'({ method, calls }, { scene, hits }) {
    hits()
    scene.stand.fault({ method, times: calls, status: 429, retryAfter: 1 })
  },

  async 'Slack in trouble'({ way, method, calls }, { scene, hits }) {
    hits()
    scene.stand.fault({ method, times: calls, ...(way === 'slow' ? { delay: SLOW_MS } : answerOf(way)) })
  },

  async 'answers of Slack lost'({ way, method, calls }, { scene, hits }) {
    hits()
    scene.stand.fault({ method, times: calls, afterDoing: true, ...answerOf(way) })
  },
}

function answerOf(way: string): Pick<ApiFault, 'status' | 'error'> {
  if (way === 'reset') return {}
  return /^\d/.test(way) ? { status: Number(way) } : { error: way }
}

async function breakHttp(way: string, holdMs: number, { network }: SlackScene): Promise<void> {
  if (way === 'silent') network.halfOpen()
  else network.cut()
  network.refuse(way === 'refused')
  if (way === 'refused' || way === 'silent') await pause(holdMs)
  network.refuse(false)
  network.heal()
}

async function breakSocket(way: string, holdMs: number, { stand }: SlackScene): Promise<void> {
  const { socket } = stand
  if (way === 'announced') {
    socket.sayDisconnect()
    return
  }
  if (way === 'silent') socket.freeze()
  socket.greets = way !== 'refused'
  if (way !== 'silent') socket.cut()
  if (way === 'refused' || way === 'silent') await pause(holdMs)
  socket.greets = true
  if (way === 'silent') socket.cut()
}
