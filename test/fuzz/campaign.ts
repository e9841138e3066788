import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { patience } from '../support/patience.ts'
import { type Measured, Reader } from './reader.ts'
import { smallerBytes, smallerPlan } from './shrink.ts'
import { carryOutPlan, describePlan, type Plan, planOf, type Shelves } from './spoiled-mail.ts'
import { type Failure, Tally } from './tally.ts'

const MOST_CPU_MS = 2_000 // of a quiet machine: where others use the same processor, it does less in the same time
const MOST_GROWN_MB = 300
const STORE_EVERY = 20 // messages of which one goes into the store
const VERIFY_EVERY = 250 // messages stored
const MOST_SHRUNK = 12 // failures; of one sort the first alone

export interface Campaign {
  seed: number
  runs: number
  /** When to end although there are messages left; milliseconds since 1970. */
  until: number
  readers: number
  shelves: Shelves
  /** Where readers work. */
  folder: string
  /** Where messages that failed are kept. */
  failed: string
  /** Whether failures are made smaller. */
  shrink: boolean
  onFailure(failure: Failure): void
  /** Called after each message. */
  onMessage(tally: Tally): void
}

/** Makes messages and has them read, each exactly as its seed and index say. */
export async function runCampaign(campaign: Campaign): Promise<Tally> {
  const course = new Course(campaign)
  await Promise.all(Array.from({ length: campaign.readers }, () => course.work()))
  return course.tally
}

/** What is wrong with how a message was read, limits included. */
export function problemsOf({ problems, cpuMs, grownMb }: Measured): string[] {
  const time = cpuMs > patience(MOST_CPU_MS) ? [`time: ${cpuMs.toFixed(0)} ms of processor time`] : []
  const memory = grownMb > MOST_GROWN_MB ? [`memory: ${grownMb.toFixed(0)} MB above idle`] : []
  return [...problems, ...time, ...memory]
}

/** Reads one message in a process of its own. */
export async function readAlone(bytes: Uint8Array, store: boolean, folder: string): Promise<Measured> {
  const reader = await Reader.start(folder)
  const measured = await reader.read(bytes, store)
  if (store && !reader.gone) measured.problems.push(...(await reader.verify()))
  await reader.stop()
  return measured
}

class Course {
  readonly tally = new Tally()
  readonly #campaign: Campaign
  readonly #shrunk = new Set<string>()
  #next = 0

  constructor(campaign: Campaign) {
    this.#campaign = campaign
  }

  /** Reads with one process after the other until nothing is left. */
  async work(): Promise<void> {
    const { seed, runs, until, shelves, folder, onMessage } = this.#campaign
    let reader = await Reader.start(folder)
    let stored: { index: number; bytes: Buffer }[] = []
    while (this.#next < runs && Date.now() < until) {
      const index = this.#next++
      const plan = planOf(seed, index)
      const bytes = carryOutPlan(plan, shelves)
      const store = index % STORE_EVERY === 0
      const { measured, tired } = await this.#read(reader, bytes, store)
      this.tally.add(index, bytes.length, measured)
      if (problemsOf(measured).length > 0) await this.#fail(index, plan, bytes, store, measured)
      if (store) stored.push({ index, bytes })
      if (tired || reader.gone || stored.length >= VERIFY_EVERY) {
        await this.#verify(reader, stored)
        stored = []
      }
      if (tired) await reader.stop()
      if (reader.gone) reader = await Reader.start(folder)
      onMessage(this.tally)
    }
    await this.#verify(reader, stored)
    await reader.stop()
  }

  /** What is over a limit counts if it is so in a process that read nothing else; the one that did is tired. */
  async #read(reader: Reader, bytes: Buffer, store: boolean): Promise<{ measured: Measured; tired: boolean }> {
    const measured = await reader.read(bytes, store)
    this.tally.peakOfProcessMb = Math.max(this.tally.peakOfProcessMb, measured.grownMb)
    const over = measured.cpuMs > patience(MOST_CPU_MS) || measured.grownMb > MOST_GROWN_MB
    if (!over && !reader.gone) return { measured, tired: false }
    const alone = await readAlone(bytes, store, this.#campaign.folder)
    if (problemsOf(alone).length > 0) return { measured: alone, tired: true }
    this.tally.notAlone += 1
    return { measured: reader.gone ? measured : { ...alone, problems: measured.problems }, tired: true }
  }

  async #verify(reader: Reader, stored: readonly { index: number; bytes: Buffer }[]): Promise<void> {
    if (stored.length === 0 || reader.gone) return
    this.tally.verified += 1
    const problems = await reader.verify()
    if (problems.length === 0) return
    const name = `${this.#campaign.seed}-verify-${stored[0]?.index}`
    for (const { index, bytes } of stored) await this.#keep(join(name, `${index}.eml`), bytes)
    const how = `${stored.length} messages that were stored`
    this.#note({ index: stored[0]?.index ?? 0, problems, file: join(this.#campaign.failed, name), how })
    await reader.stop()
  }

  async #fail(index: number, plan: Plan, bytes: Buffer, store: boolean, measured: Measured): Promise<void> {
    const problems = problemsOf(measured)
    const name = `${this.#campaign.seed}-${index}`
    const failure: Failure = { index, problems, file: await this.#keep(`${name}.eml`, bytes), how: describePlan(plan) }
    const sort = sortOf(problems[0] ?? '')
    if (this.#campaign.shrink && !this.#shrunk.has(sort) && this.#shrunk.size < MOST_SHRUNK) {
      this.#shrunk.add(sort)
      failure.small = await this.#keep(`${name}-small.eml`, await this.#smaller(plan, store, sort))
    }
    this.#note(failure)
  }

  async #smaller(plan: Plan, store: boolean, sort: string): Promise<Buffer> {
    const { folder, shelves } = this.#campaign
    let reader = await Reader.start(folder)
    const most = carryOutPlan(plan, shelves).length
    const fails = async (bytes: Buffer) => {
      if (bytes.length > most) return false
      if (reader.gone) reader = await Reader.start(folder)
      return problemsOf(await reader.read(bytes, store)).some(problem => sortOf(problem) === sort)
    }
    const small = await smallerPlan(plan, each => fails(carryOutPlan(each, shelves)))
    const bytes = await smallerBytes(carryOutPlan(small, shelves), fails)
    await reader.stop()
    return bytes
  }

  #note(failure: Failure): void {
    this.tally.failures.push(failure)
    this.#campaign.onFailure(failure)
  }

  async #keep(name: string, bytes: Buffer): Promise<string> {
    const path = join(this.#campaign.failed, name)
    await mkdir(join(path, '..'), { recursive: true })
    await writeFile(path, bytes)
    return path
  }
}

/** What failures of one sort have in common. */
function sortOf(problem: string): string {
  return /^(?:time|memory|crash):/.exec(problem)?.[0] ?? problem.replace(/\d+/g, 'N').slice(0, 80)
}
