import { setTimeout as pause } from 'node:timers/promises'
import { patience } from '../../support/patience.ts'
import { SeededRandom } from '../../support/seeded-random.ts'
import type { DeskPlace } from '../desk-process.ts'
import { Cast } from './cast.ts'
import { checkRun, differences, type Found } from './check.ts'
import { Courier, type CourierFigures } from './courier.ts'
import { drawFaults, type Fault, STRIKES } from './faults.ts'
import { drawPlan, type Plan } from './plan.ts'
import { Play } from './play.ts'
import { SlackScene } from './scene.ts'

const CATCH_UP_MS = 120_000
const STUCK_MS = 20_000
const MOST_MENDED = 4 // times that the desk is started again
/** What was about to leave when the desk was killed is tried again after a minute, and once more after five. */
const ANSWERS_MS = 480_000
const QUICK = 100_000 // a second: as fast as it goes

export interface SlackCampaign {
  /** Of the desk to which everything is told in order and once, and of the one under fire. */
  places: { calm: DeskPlace; fire: DeskPlace }
  events: number
  faults: number
  seed: number
  /** Steps a second under fire. */
  rate: number
  /** Also waits until every answer has left. */
  answers: boolean
  onFault?(result: FaultResult): void
  onStep?(step: string): void
}

export interface FaultResult {
  fault: Fault
  /** Messages written and not stored when it struck. */
  inFlight: number
  /** From its mending until everything was stored that had been written by then; undefined if that took too long. */
  catchUp: Promise<number | undefined>
}

export interface RunReport extends Found {
  durationMs: number
  figures: CourierFigures
  /** Commands that were given once more because nothing came of them. */
  again: number
}

export interface SlackReport {
  events: number
  calm: RunReport
  fire: RunReport
  faults: (Omit<FaultResult, 'catchUp'> & { catchUpMs: number | undefined })[]
  /** What is not as it should be, in sentences. */
  failures: string[]
}

/** Plays the same plan to two desks, and compares what comes of it. */
export async function runSlackCampaign(campaign: SlackCampaign): Promise<SlackReport> {
  const { seed, events, onStep } = campaign
  const plan = drawPlan(seed, events)
  onStep?.(`${plan.events} events in ${plan.stories.length} stories of ${plan.people.length} people`)
  const calm = await inScene(campaign.places.calm, plan, scene => new Run(campaign, plan, scene).calm())
  onStep?.(
    `told in order: ${calm.tickets} tickets in ${(calm.durationMs / 1000).toFixed(0)} s, ${calm.failures.length} failures`,
  )
  const results: FaultResult[] = []
  const fire = await inScene(campaign.places.fire, plan, scene => new Run(campaign, plan, scene).underFire(results))
  const faults = await Promise.all(
    results.map(async ({ catchUp, ...result }) => ({ ...result, catchUpMs: await catchUp })),
  )
  const failures = [
    ...calm.failures.map(each => `told in order: ${each}`),
    ...fire.failures,
    ...differences('of the calm desk', calm.picture.tickets, fire.picture.tickets),
  ]
  return { events: plan.events, calm, fire, faults, failures }
}

async function inScene(
  place: DeskPlace,
  { people }: Plan,
  work: (scene: SlackScene) => Promise<RunReport>,
): Promise<RunReport> {
  const scene = await SlackScene.set(place, people)
  try {
    return await work(scene)
  } finally {
    scene.keepLog()
    await scene.clear()
  }
}

class Run {
  readonly #campaign: SlackCampaign
  readonly #plan: Plan
  readonly #scene: SlackScene
  readonly #start = performance.now()
  readonly #failures: string[] = []
  /** What became of telling the desk of a message. */
  #triesOf: (id: string) => string = () => ''

  constructor(campaign: SlackCampaign, plan: Plan, scene: SlackScene) {
    this.#campaign = campaign
    this.#plan = plan
    this.#scene = scene
  }

  async calm(): Promise<RunReport> {
    const { play, cast, courier } = this.#cast()
    await play.begin(QUICK)
    await this.#toTheEnd(play, courier, async () => undefined)
    return this.#report(play, cast, courier)
  }

  async underFire(results: FaultResult[]): Promise<RunReport> {
    const { seed, faults: count, rate } = this.#campaign
    const random = new SeededRandom(`${seed} faults`)
    const { play, cast, courier } = this.#cast(new SeededRandom(`${seed} courier`))
    const steps = this.#plan.order.length
    const coming = drawFaults(random, count, steps)
    let under: Promise<void> = Promise.resolve()
    const broken: unknown[] = []
    const then = (work: () => Promise<void>) => {
      under = under.then(work).catch(error => void broken.push(error))
    }
    let isSocket = false
    await play.begin(rate, async () => {
      // Half of it goes another way.
      if (!isSocket && play.begun > steps / 2) {
        isSocket = true
        then(() => this.#changeWay())
      }
      while (coming[0] && coming[0].position <= play.begun) {
        const fault = coming.shift() as Fault
        then(() => this.#strike(fault, play, results))
      }
      if (broken.length > 0) throw broken[0]
    })
    await under
    if (broken.length > 0) throw broken[0]
    this.#scene.stand.clearFaults()
    await this.#toTheEnd(play, courier, () => this.#startAgain())
    this.#campaign.onStep?.('everything is told; the desk starts once more')
    await this.#startAgain()
    return this.#report(play, cast, courier)
  }

  #cast(random?: SeededRandom) {
    const scene = this.#scene
    const courier = new Courier(() => scene.route(), random)
    scene.stand.route = courier
    const cast = new Cast(scene, courier)
    this.#triesOf = id => courier.triesOf(id.split('/').at(-1) ?? '')
    return { courier, cast, play: new Play(this.#plan, cast, scene.watch) }
  }

  async #changeWay(): Promise<void> {
    this.#campaign.onStep?.('from now on by Socket Mode')
    await this.#scene.stopDesk()
    this.#scene.configure('socket')
    await this.#scene.startDesk()
  }

  /** As sooner or later every desk is: what Slack gave up is read then. */
  async #startAgain(): Promise<void> {
    await this.#scene.stopDesk()
    await this.#scene.startDesk()
  }

  async #strike(fault: Fault, play: Play, results: FaultResult[]): Promise<void> {
    const { watch } = this.#scene
    let inFlight = 0
    await STRIKES[fault.kind](fault, {
      scene: this.#scene,
      nextCommit: async within => {
        const before = new Set(play.missing())
        await watch.until(() => [...before].some(id => watch.has(id)), within)
      },
      hits: () => {
        inFlight = Math.max(inFlight, play.missing().length)
      },
    })
    const result = { fault, inFlight, catchUp: this.#caughtUp(play) }
    results.push(result)
    this.#campaign.onFault?.(result)
    if (fault.calm) await result.catchUp
  }

  /** How long it takes until everything is stored that is written now. */
  async #caughtUp(play: Play): Promise<number | undefined> {
    const start = performance.now()
    const waiting = new Set(play.missing())
    const met = () => [...waiting].every(id => this.#scene.watch.has(id))
    const ok = await this.#scene.watch.until(met, CATCH_UP_MS)
    const missing = ok ? [] : [...waiting].filter(id => !this.#scene.watch.has(id)).slice(0, 8)
    for (const id of missing) this.#campaign.onStep?.(`missing ${id}: ${this.#triesOf(id)}`)
    return ok ? performance.now() - start : undefined
  }

  /** Everybody has done what they wanted to do, and all is told. `mend` is for when nothing goes on. */
  async #toTheEnd(play: Play, courier: Courier, mend: () => Promise<void>): Promise<void> {
    let isOver = false
    const ended = play.ended().then(() => {
      isOver = true
    })
    for (let mended = 0; !isOver; ) {
      await Promise.race([ended, pause(1_000)])
      // To start the desk again harms nothing; to give up does, where the machine is merely slow.
      const stuck = mended < MOST_MENDED ? STUCK_MS : patience(STUCK_MS)
      if (isOver || play.stuckFor < stuck * (mended + 1)) continue
      mended += 1
      this.#scene.keepLog()
      this.#campaign.onStep?.(`nothing goes on, with ${courier.pending} on their way`)
      if (mended > MOST_MENDED) play.giveUp()
      else await mend()
    }
    await courier.settled()
    this.#failures.push(...play.failures)
  }

  async #report(play: Play, cast: Cast, courier: Courier): Promise<RunReport> {
    const { answers, onStep } = this.#campaign
    const { watch, stand } = this.#scene
    await watch.until(() => play.missing().length === 0, CATCH_UP_MS)
    const missing = play.missing()
    for (const id of missing) this.#failures.push(`${id} is not stored: ${this.#triesOf(id)}`)
    if (answers) {
      onStep?.('waiting until every answer has left')
      const all = await watch.until(() => this.#allLeft(), ANSWERS_MS)
      if (!all) this.#failures.push('not everything left that was to leave')
    }
    await stand.settled()
    await courier.settled()
    const durationMs = performance.now() - this.#start
    const found = await checkRun(this.#scene, this.#plan, cast, answers)
    const failures = [...this.#failures, ...found.failures]
    courier.giveUp()
    return { ...found, failures, durationMs, figures: courier.figures, again: play.again }
  }

  async #allLeft(): Promise<boolean> {
    const [row] =
      (await this.#scene.watch.view.rows<{ left: number | string }>(
        `SELECT (SELECT count(*) FROM outbox_recipients WHERE state = 'queued')
              + (SELECT count(*) FROM cards WHERE due_at IS NOT NULL) AS left`,
      )) ?? []
    return row !== undefined && Number(row.left) === 0
  }
}
