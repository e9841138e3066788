// Starts channels and ports, each by itself. What fails is an alarm and is tried again until it is up; the desk runs on.
import { able } from '../../channel/abilities.ts'
import { DeskError } from '../../errors.ts'
import { settleAlarm, standingAlarms } from '../../store/alarms.ts'
import { raise, reasonFor } from '../alarm.ts'
import { type Context, deskFacts } from '../context.ts'
import { Loop } from '../loop.ts'

const FIRST_WAIT_MS = 15_000
const LONGEST_WAIT_MS = 5 * 60_000
const CODE = 'start '

/** What is up as long as the desk runs. */
export interface Startable {
  /** As a sentence begins with it: `The channel support`. */
  name: string
  /** The channel that it is; `desk` if it is none. */
  channel: string
  /** Called again after it rejected. At first a `DeskError` of code `config` ends the start of the desk. */
  start(): Promise<unknown>
}

/** What is not up. */
export interface Failure {
  attempts: number
  /** When it is tried again; milliseconds since 1970. */
  again: number
  sentence: string
}

export class Starter {
  readonly #context: Context
  readonly #all: readonly Startable[]
  readonly #failures = new Map<Startable, Failure>()
  readonly #trying = new Map<Startable, Promise<void>>()
  readonly #loop: Loop
  /** Called after something was queued. */
  onCommit: () => void = () => undefined
  /** Called with a sentence when something is up that was not. */
  onUp: (sentence: string) => void = () => undefined

  constructor(context: Context, all: readonly Startable[]) {
    this.#context = context
    this.#all = all
    const failed = (error: unknown) => context.log.error({ err: error }, 'channels could not be started')
    this.#loop = new Loop(async () => this.#tryDue(), failed)
  }

  /** What is not up at present. */
  get failures(): ReadonlyMap<Startable, Failure> {
    return this.#failures
  }

  /** Tries each once, and goes on with those that failed. Rejects where the configuration is wrong. */
  async start(): Promise<void> {
    const results = await Promise.allSettled(this.#all.map(each => each.start()))
    const errors = results.map(each => (each.status === 'rejected' ? { reason: each.reason as unknown } : undefined))
    const wrong = errors.find(each => each?.reason instanceof DeskError && each.reason.code === 'config')
    if (wrong) throw wrong.reason
    for (const [index, each] of this.#all.entries()) {
      const error = errors[index]
      if (error) await this.#failed(each, error.reason)
    }
    await this.#settle(code => ![...this.#failures.keys()].some(({ name }) => code === CODE + name))
    if (this.#failures.size > 0) this.#loop.start()
  }

  /** Tries no more, and resolves once nothing is being tried. */
  async stop(): Promise<void> {
    await this.#loop.stop()
    await Promise.all(this.#trying.values())
  }

  /** Tries what is due, and resolves when that is known to be up or not. */
  async pass(): Promise<void> {
    this.#tryDue()
    await Promise.all(this.#trying.values())
  }

  /** Begins to try what is due: what takes long holds up no other. Gives how many milliseconds nothing more is due. */
  #tryDue(): number {
    const now = this.#context.clock.now().getTime()
    let wait = LONGEST_WAIT_MS
    for (const [each, { again }] of this.#failures) {
      if (this.#trying.has(each)) continue
      if (again > now) wait = Math.min(wait, again - now)
      else this.#trying.set(each, this.#try(each))
    }
    return wait
  }

  async #try(each: Startable): Promise<void> {
    try {
      await each.start()
      this.#failures.delete(each)
      const sentence = `${each.name} is running.`
      this.#context.log.info(sentence)
      this.onUp(sentence)
      await this.#settle(code => code === CODE + each.name)
    } catch (error) {
      await this.#failed(each, error)
    } finally {
      this.#trying.delete(each)
      this.#loop.wake()
    }
  }

  async #failed(each: Startable, error: unknown): Promise<void> {
    const { clock, log, store } = this.#context
    const attempts = (this.#failures.get(each)?.attempts ?? 0) + 1
    const again = clock.now().getTime() + Math.min(FIRST_WAIT_MS * 2 ** (attempts - 1), LONGEST_WAIT_MS)
    const sentence = `${each.name} is not running: ${reasonFor(error)} The desk will try again within five minutes.`
    this.#failures.set(each, { attempts, again, sentence })
    log.warn(error instanceof DeskError ? {} : { err: error }, sentence)
    try {
      const isNew = await store.transact(async tx => {
        const facts = await deskFacts(this.#reachable(), tx)
        return raise(tx, facts, { channel: each.channel, code: CODE + each.name, sentence })
      })
      if (isNew) this.onCommit()
    } catch (failure) {
      log.error({ err: failure }, `agents could not be told that ${each.name} is not running`)
    }
  }

  /** A chat that is not up tells nobody that it is not: that goes another way, where there is one. */
  #reachable(): Context {
    const down = new Set([...this.#failures.keys()].map(({ channel }) => channel))
    const { channels: all } = this.#context
    const channels = new Map([...all].filter(([name, { adapter }]) => !down.has(name) || !able(adapter, 'reaches')))
    return channels.size > 0 ? { ...this.#context, channels } : this.#context
  }

  /** Ends alarms that stand, of this start or of an earlier one. */
  async #settle(isOver: (code: string) => boolean): Promise<void> {
    const { store, clock, log } = this.#context
    try {
      const standing = await standingAlarms(store.read)
      const over = standing.filter(({ code }) => code.startsWith(CODE) && isOver(code))
      if (over.length === 0) return
      const at = clock.now().toISOString()
      await store.transact(async tx => {
        for (const { channel, code } of over) await settleAlarm(tx, channel, code, at)
      })
    } catch (error) {
      log.error({ err: error }, 'an alarm that is over could not be ended')
    }
  }
}
