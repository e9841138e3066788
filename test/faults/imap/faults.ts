import type { GeneratedMail } from '../../support/mail/mail-generator.ts'
import type { SeededRandom } from '../../support/seeded-random.ts'
import { type Renumbering, refill, removeNewest, removeTaken, renumber, type WatchedMailbox } from './mailbox.ts'
import type { ImapScene } from './scene.ts'
import type { Progress } from './view.ts'

const LONGEST_HOLD_MS = 2_500
const MOST_COPIES = 30
const SOON_MS = 5_000

export const FAULT_KINDS = [
  'server killed',
  'network cut',
  'half-open',
  'numbered anew',
  'emptied',
  'refilled',
  'token revoked',
  'desk killed',
] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

/** What goes wrong, when, and for how long. */
export interface Fault {
  number: number
  kind: FaultKind
  /** Which way of several; for the reader. */
  way: string
  /** Strikes when so many messages were delivered. */
  position: number
  holdMs: number
  mailbox: WatchedMailbox
  /** The next fault waits until the desk has caught up with this one. */
  calm: boolean
}

/** What a fault works on. */
export interface FaultContext {
  scene: ImapScene
  progress: Progress
  /** What was delivered up to now. */
  delivered: readonly GeneratedMail[]
  random: SeededRandom
  /** Waits; the deliveries go on meanwhile. */
  hold(): Promise<void>
  /** Many of the next messages come at once. */
  pileUp(): Promise<void>
  /** It breaks now: what is in flight is counted. */
  hits(): void
  /** Message-IDs of what somebody else removed before it was taken. */
  removed: Set<string>
  tally: Tally
}

export interface Tally {
  /** Messages that somebody else removed before the desk had marked them. */
  removedUnmarked: number
  removedTaken: number
  copies: number
  renumbered: number
}

/** Every kind as often as any other, at random moments. */
export function drawFaults(
  random: SeededRandom,
  count: number,
  deliveries: number,
  mailboxes: readonly WatchedMailbox[],
): Fault[] {
  const kinds = Array.from({ length: count }, (_, index) => FAULT_KINDS[index % FAULT_KINDS.length] as FaultKind)
  for (let at = kinds.length - 1; at > 0; at -= 1) {
    const other = random.whole(0, at)
    ;[kinds[at], kinds[other]] = [kinds[other] as FaultKind, kinds[at] as FaultKind]
  }
  const positions = kinds
    .map(() => random.whole(Math.ceil(deliveries * 0.02), Math.floor(deliveries * 0.98)))
    .sort((a, b) => a - b)
  return kinds.map((kind, index) => ({
    number: index + 1,
    kind,
    way: random.pick(WAYS[kind]),
    position: positions[index] as number,
    holdMs: random.whole(0, LONGEST_HOLD_MS),
    mailbox: random.pick(mailboxes as [WatchedMailbox, ...WatchedMailbox[]]),
    calm: kind !== 'token revoked' && random.share() < 0.5,
  }))
}

const IN_A_PILE = 'in a pile'

const WAYS: Record<FaultKind, readonly [string, ...string[]]> = {
  'server killed': ['kill -9'],
  'network cut': ['once', 'refusing', 'refusing', IN_A_PILE],
  'half-open': ['all', 'old ones'],
  'numbered anew': ['stopped', 'running', 'torn-out'],
  emptied: ['taken ones', 'taken ones', 'newest ones'],
  refilled: ['copies'],
  'token revoked': ['access token', 'sign-in'],
  'desk killed': ['alone', 'alone', 'with the server', IN_A_PILE],
}

/** Breaks it, and mends it again. */
export const STRIKES: Record<FaultKind, (fault: Fault, context: FaultContext) => Promise<void>> = {
  async 'server killed'(_fault, { scene, hold }) {
    await scene.killServer()
    await hold()
    await scene.dovecot.start()
  },

  async 'network cut'({ way }, context) {
    const { scene, hold, hits } = context
    if (way === IN_A_PILE) await amidPile(context)
    hits()
    scene.network.refuse(way === 'refusing')
    scene.network.cut()
    await hold()
    scene.network.refuse(false)
  },

  async 'half-open'({ way }, { scene, hold }) {
    scene.network.halfOpen()
    if (way === 'all') await hold()
    scene.network.heal()
  },

  async 'numbered anew'({ way, mailbox }, { scene, tally }) {
    const anew = await renumber(scene.dovecot, mailbox, way as Renumbering, () => scene.killServer())
    if (anew) tally.renumbered += 1
  },

  async emptied({ way, mailbox }, { scene, removed, tally }) {
    if (way !== 'newest ones') {
      tally.removedTaken += await removeTaken(scene.dovecot, mailbox)
      return
    }
    const untaken = await removeNewest(scene.dovecot, mailbox)
    tally.removedUnmarked += untaken.length
    for (const id of untaken) removed.add(id)
  },

  async refilled({ mailbox }, { scene, delivered, progress, random, tally }) {
    const taken = delivered.filter(mail => progress.stored.has(mail.messageId))
    if (taken.length === 0) return
    const some = Array.from({ length: random.whole(1, MOST_COPIES) }, () =>
      random.pick(taken as [GeneratedMail, ...GeneratedMail[]]),
    )
    tally.copies += await refill(
      scene.dovecot,
      mailbox,
      some.map(mail => mail.raw),
    )
  },

  async 'token revoked'({ way }, { scene, hold }) {
    const { provider, dovecot, mailboxes } = scene
    if (way === 'sign-in') provider.revoke()
    else provider.revokeAccess()
    for (const { user, byToken } of mailboxes) if (byToken) await dovecot.doveadm('kick', user).catch(() => undefined)
    await hold()
    if (way === 'sign-in') await scene.login()
  },

  async 'desk killed'({ way }, context) {
    const { scene, hits } = context
    if (way === IN_A_PILE) await amidPile(context)
    else await nextCommit(context)
    hits()
    await scene.killDesk()
    if (way === 'with the server') {
      await scene.killServer()
      await scene.dovecot.start()
    }
    await scene.startDesk()
  },
}

/** Resolves when something was stored just now: the rest of that batch is in hand. */
async function nextCommit({ progress }: FaultContext): Promise<void> {
  const before = progress.stored.size
  await progress.until(() => progress.stored.size > before, SOON_MS)
}

/** The desk was away, finds a pile of mail, and is in the middle of it. */
async function amidPile(context: FaultContext): Promise<void> {
  const { scene, pileUp } = context
  await scene.killDesk()
  await pileUp()
  const taking = nextCommit(context)
  await scene.startDesk()
  await taking
}
