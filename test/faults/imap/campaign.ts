import { setTimeout as pause } from 'node:timers/promises'
import type { GeneratedMail } from '../../support/mail/mail-generator.ts'
import { generateMail } from '../../support/mail/mail-generator.ts'
import { deadlineIn } from '../../support/patience.ts'
import { SeededRandom } from '../../support/seeded-random.ts'
import { DESK_ADDRESS, type DeskPlace } from '../desk-process.ts'
import { checkOutcome, type Found } from './check.ts'
import { drawFaults, type Fault, STRIKES, type Tally } from './faults.ts'
import { standingOf } from './mailbox.ts'
import { ImapScene } from './scene.ts'
import { Progress } from './view.ts'

/** A token given back is found out by the desk's next try, which may be a minute away. */
const CATCH_UP_MS = 120_000
const LAST_CATCH_UP_MS = 240_000
/** What was about to leave when the desk was killed is tried again after a minute. */
const ANSWERS_MS = 180_000
const LARGEST_PILE = 250
const PILE_SHARE = 0.1 // of what is still to come
const SETTLED_MS = 60_000
const SHOWN = 10

export interface ImapCampaign {
  /** Of the desk under fire, and of the one that takes the same mail undisturbed. */
  places: { fire: DeskPlace; calm: DeskPlace }
  deliveries: number
  large: number
  faults: number
  seed: number
  /** Deliveries a second. */
  rate: number
  /** Also waits until every answer has left. */
  answers: boolean
  onFault?(result: FaultResult): void
  onStep?(step: string): void
}

export interface FaultResult {
  fault: Fault
  /** Messages delivered and not stored when it struck. */
  inFlight: number
  /** From its mending until everything was stored that had been delivered by then; undefined if that never came. */
  catchUp: Promise<number | undefined>
}

export interface ImapReport extends Found, Tally {
  faults: (Omit<FaultResult, 'catchUp'> & { catchUpMs: number | undefined })[]
  deliveries: number
  durationMs: number
  /** What is not as it should be, in sentences. */
  failures: string[]
}

/** Delivers, breaks and mends at random moments, and compares what comes out with an undisturbed import. */
export async function runImapCampaign(campaign: ImapCampaign): Promise<ImapReport> {
  const scene = await ImapScene.set(campaign.places.fire)
  const progress = new Progress(scene.view)
  try {
    return await new Run(campaign, scene, progress).toTheEnd()
  } finally {
    await progress.stop()
    scene.keepLog()
    await scene.clear()
  }
}

class Run {
  readonly #campaign: ImapCampaign
  readonly #scene: ImapScene
  readonly #progress: Progress
  readonly #mails: GeneratedMail[]
  readonly #delivered: GeneratedMail[] = []
  readonly #removed = new Set<string>()
  #coming: Fault[] = []
  readonly #tally: Tally = { removedUnmarked: 0, removedTaken: 0, copies: 0, renumbered: 0 }
  readonly #results: FaultResult[] = []
  readonly #failures: string[] = []
  readonly #start = performance.now()

  constructor(campaign: ImapCampaign, scene: ImapScene, progress: Progress) {
    const { seed, deliveries: count, large } = campaign
    this.#campaign = campaign
    this.#scene = scene
    this.#progress = progress
    this.#mails = generateMail({ seed, count, large, now: new Date(), to: DESK_ADDRESS })
  }

  async toTheEnd(): Promise<ImapReport> {
    const { deliveries, onStep, places } = this.#campaign
    await this.#deliverAndStrike()
    onStep?.('everything is delivered and mended; waiting for the desk')
    const lastCatchUp = await this.#caughtUp(LAST_CATCH_UP_MS)
    if (lastCatchUp === undefined) this.#failures.push(`not caught up: ${this.#missing().slice(0, SHOWN).join(' ')}`)
    const faults = await Promise.all(
      this.#results.map(async ({ catchUp, ...result }) => ({ ...result, catchUpMs: await catchUp })),
    )
    await this.#settled()
    const durationMs = performance.now() - this.#start
    onStep?.('comparing with an undisturbed import')
    const found = await checkOutcome({
      places,
      scene: this.#scene,
      mails: this.#mails,
      removed: this.#removed,
      removedUnmarked: this.#tally.removedUnmarked,
      everyAnswer: this.#campaign.answers,
    })
    const failures = [...this.#failures, ...found.failures]
    return { ...found, ...this.#tally, faults, deliveries, durationMs, failures }
  }

  async #deliverAndStrike(): Promise<void> {
    const { seed, faults: count, deliveries, rate } = this.#campaign
    const random = new SeededRandom(`${seed} faults`)
    const faults = drawFaults(random, count, deliveries, this.#scene.mailboxes)
    this.#coming = faults
    let under: Promise<void> = Promise.resolve()
    let broken: { error: unknown } | undefined
    while (this.#delivered.length < deliveries) {
      while (faults[0] && faults[0].position <= this.#delivered.length) {
        const fault = faults.shift() as Fault
        await under
        if (broken) throw broken.error
        under = this.#strike(fault, random).catch(error => {
          broken = { error }
        })
      }
      await this.#deliver()
      await pause(1000 / rate)
    }
    await under
    if (broken) throw broken.error
    for (const fault of faults) await this.#strike(fault, random)
  }

  async #deliver(): Promise<void> {
    const position = this.#delivered.length
    const mail = this.#mails[position]
    if (!mail) return
    this.#delivered.push(mail) // first, because others deliver as well
    const mailbox = this.#scene.mailboxes[position % 3 === 2 ? 1 : 0] ?? this.#scene.mailboxes[0]
    await this.#scene.dovecot.deliver(mailbox?.user ?? '', mail.raw)
  }

  /** What is left of the faults is spread over what is left of the mail. */
  async #pileUp(): Promise<void> {
    const { deliveries } = this.#campaign
    const before = this.#delivered.length
    const pile = Math.min(LARGEST_PILE, Math.floor((deliveries - before) * PILE_SHARE))
    for (let n = 0; n < pile; n += 1) await this.#deliver()
    const now = this.#delivered.length
    const share = (deliveries - now) / Math.max(1, deliveries - before)
    for (const fault of this.#coming) fault.position = Math.floor(now + (fault.position - before) * share)
  }

  async #strike(fault: Fault, random: SeededRandom): Promise<void> {
    let inFlight = this.#missing().length
    await STRIKES[fault.kind](fault, {
      scene: this.#scene,
      progress: this.#progress,
      delivered: this.#delivered,
      random,
      hold: async () => {
        await pause(fault.holdMs)
        if (this.#missing().length === 0) await this.#deliver() // so that something waits for the end of it
        inFlight = Math.max(inFlight, this.#missing().length)
      },
      pileUp: () => this.#pileUp(),
      hits: () => {
        inFlight = this.#missing().length
      },
      removed: this.#removed,
      tally: this.#tally,
    })
    const result = { fault, inFlight, catchUp: this.#caughtUp(CATCH_UP_MS) }
    this.#results.push(result)
    void result.catchUp.then(took => {
      if (took === undefined) this.#failures.push(`not caught up in time after fault ${fault.number}`)
      this.#campaign.onFault?.(result)
    })
    if (fault.calm) await result.catchUp
  }

  /** Message-IDs of what was delivered and neither stored nor removed by somebody else. */
  #missing(): string[] {
    const { stored } = this.#progress
    const ids = new Set(this.#delivered.map(mail => mail.messageId))
    return [...ids].filter(id => !stored.has(id) && !this.#removed.has(id))
  }

  /** How long it takes until everything is stored that is delivered now. */
  async #caughtUp(deadline: number): Promise<number | undefined> {
    const { stored } = this.#progress
    const start = performance.now()
    const waiting = new Set(this.#missing())
    const met = () => {
      for (const id of waiting) if (stored.has(id) || this.#removed.has(id)) waiting.delete(id)
      return waiting.size === 0
    }
    return (await this.#progress.until(met, deadline)) ? performance.now() - start : undefined
  }

  /** The desk stands at the end of each folder, has marked everything, and nothing is left to be said. */
  async #settled(): Promise<void> {
    const { dovecot, mailboxes, view } = this.#scene
    for (const mailbox of mailboxes) {
      let seen = ''
      const look = async () => {
        const standing = await standingOf(dovecot, mailbox)
        const cursor = (await this.#scene.cursors())?.find(each => each.user === mailbox.user)
        seen = JSON.stringify({ standing, cursor })
        return { ...standing, cursor }
      }
      const atTheEnd = async () => {
        const { uidValidity, uidNext, cursor } = await look()
        return cursor?.uidValidity === uidValidity && cursor.uid >= uidNext - 1
      }
      const { user } = mailbox
      await this.#expect(`the desk is at the end of the mailbox of ${user}`, SETTLED_MS, atTheEnd, () => seen)
      const marked = async () => (await look()).untouched === 0
      await this.#expect(`everything in the mailbox of ${user} is marked or moved`, SETTLED_MS, marked, () => seen)
    }
    const count = async (sql: string) => Number((await view.rows<{ count: number }>(sql))?.[0]?.count ?? -1)
    await this.#expect('no alarm stands', SETTLED_MS, async () => {
      return (await count('SELECT COUNT(*) AS count FROM alarms WHERE settled_at IS NULL')) === 0
    })
    if (!this.#campaign.answers) return
    this.#campaign.onStep?.('waiting until every answer has left')
    await this.#expect('every answer has left', ANSWERS_MS, async () => {
      return (await count(`SELECT COUNT(*) AS count FROM outbox_recipients WHERE state = 'queued'`)) === 0
    })
  }

  async #expect(what: string, deadline: number, met: () => Promise<boolean>, seen = () => ''): Promise<void> {
    const isOver = deadlineIn(deadline)
    while (!(await met())) {
      if (isOver()) {
        const failure = `this did not come about in time: ${what} ${seen()}`
        this.#failures.push(failure)
        this.#campaign.onStep?.(failure)
        return
      }
      await pause(50)
    }
  }
}
