import { ManualClock } from '../../src/clock.ts'
import { Exchange } from './exchange.ts'
import { type Cast, gather } from './fixtures.ts'
import { NORTH, SOUTH } from './plans.ts'
import { SimulatedDesk } from './simulated-desk.ts'
import { Timetable } from './timetable.ts'
import type { Surroundings } from './writer.ts'

const HOUR_MS = 60 * 60_000
const START = '2026-03-02T00:00:00Z' // a Monday
const MOST_MOMENTS = 3_000 // within one hour, before its mail counts as going in circles
/** Days at the end on which people rest and machines go on, after one for what is still under way. */
const REST_DAYS = 1

/** Two desks and a world of people and machines, at a time of its own. */
export class Simulation {
  readonly days: number
  readonly exchange: Exchange
  readonly timetable: Timetable
  readonly desks: { north: SimulatedDesk; south: SimulatedDesk }
  /** Hours whose mail did not come to rest. */
  restless = 0
  readonly #cast: Cast

  private constructor(days: number, surroundings: Surroundings, desks: { north: SimulatedDesk; south: SimulatedDesk }) {
    this.days = days
    this.exchange = surroundings.exchange
    this.timetable = surroundings.timetable
    this.desks = desks
    this.#cast = gather(surroundings, desks)
  }

  static async start(seed: number, days: number, mute: boolean): Promise<Simulation> {
    const timetable = new Timetable(new ManualClock(START))
    const exchange = new Exchange(timetable, seed)
    await exchange.start()
    const north = await SimulatedDesk.start(NORTH, timetable.clock, exchange.port)
    const south = await SimulatedDesk.start(SOUTH, timetable.clock, exchange.port)
    for (const desk of [north, south]) exchange.serveDesk(desk.addresses, desk.port)
    return new Simulation(days, { exchange, timetable, seed, mute }, { north, south })
  }

  /** Lives through all days, and then through those on which nobody but machines writes; gives when these began. */
  async run(tell: (day: number) => void = () => undefined): Promise<Date> {
    for (let day = 0; day < this.days; day += 1) {
      for (let hour = 0; hour < 24; hour += 1) {
        await this.#act(day, hour)
        await this.#moveTo(this.timetable.clock.now().getTime())
        await this.#hour()
      }
      tell(day + 1)
    }
    for (const each of [...this.#cast.requesters, ...this.#cast.agents]) each.rest()
    // What people wrote by now is still under way.
    for (let hour = 0; hour < 24; hour += 1) await this.#hour()
    const quietFrom = this.timetable.clock.now()
    for (let hour = 0; hour < 24 * REST_DAYS; hour += 1) await this.#hour()
    return quietFrom
  }

  async #act(day: number, hour: number): Promise<void> {
    const { requesters, agents, vendors, resenders, pretenders, spammer } = this.#cast
    for (const each of [...requesters, ...pretenders]) each.hour(hour)
    for (const agent of agents) await agent.hour(hour)
    spammer.hour(hour)
    if (hour === 9) vendors[day % vendors.length]?.ask(day % 2 === 0 ? NORTH.address : SOUTH.address)
    if (hour === 14) resenders[day % resenders.length]?.ask()
  }

  /** Lets all mail of an hour arrive, and with it what it sets off. */
  async #hour(): Promise<void> {
    const end = this.timetable.clock.now().getTime() + HOUR_MS
    for (let moment = 0; ; moment += 1) {
      const next = await this.#next()
      if (next === undefined || next > end) break
      if (moment >= MOST_MOMENTS) {
        this.restless += 1
        break
      }
      await this.#moveTo(next)
    }
    await this.#moveTo(end)
  }

  async #next(): Promise<number | undefined> {
    const { north, south } = this.desks
    const times = [this.timetable.next, await north.due(), await south.due()].filter(each => each !== undefined)
    return times.length === 0 ? undefined : Math.min(...times)
  }

  async #moveTo(at: number): Promise<void> {
    await this.timetable.moveTo(at)
    for (const desk of [this.desks.north, this.desks.south]) {
      await desk.deliver()
      this.exchange.dispatch()
    }
  }

  async remove(): Promise<void> {
    await this.desks.north.remove()
    await this.desks.south.remove()
    await this.exchange.stop()
  }
}
