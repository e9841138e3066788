import { DeskError } from '../../src/errors.ts'
import { answerTo, type WorldMail } from '../support/smtp-world.ts'
import { AwayResponder, type Manner } from './away.ts'
import type { Receiver } from './exchange.ts'
import type { SimulatedDesk } from './simulated-desk.ts'
import { type Surroundings, Writer } from './writer.ts'

const OFFICE = { from: 8, to: 17 }
const DAY_MS = 24 * 60 * 60_000
const MOST_REPLIES = 2 // of one agent to one ticket
const BY_MAIL = 0.1 // of the notifications that are answered

interface Listed {
  ref: string
  state: string
  subject: string
}

/** When somebody is away, in days from the start, and what answers meanwhile. */
export interface Absence {
  from: number
  to: number
  manner: Manner
}

/** An agent who works on tickets, at the command line and by mail. */
export class Agent implements Receiver {
  readonly writer: Writer
  readonly #desk: SimulatedDesk
  readonly #handle: string
  readonly #absence: Absence | undefined
  readonly #responder: AwayResponder | undefined
  readonly #replies = new Map<string, number>()
  readonly #start: number
  /** Addresses that are let into a ticket now and then. */
  readonly #invites: readonly string[]
  #resting = false

  constructor(
    surroundings: Surroundings,
    desk: SimulatedDesk,
    handle: string,
    more: { absence?: Absence; invites: readonly string[] },
  ) {
    const known = desk.plan.agents.find(agent => agent.handle === handle)
    if (!known) throw new Error(`${desk.plan.name} has no agent ${handle}.`)
    this.writer = new Writer(surroundings, known.name, known.email)
    this.#desk = desk
    this.#handle = handle
    this.#absence = more.absence
    this.#invites = more.invites
    this.#responder = more.absence && new AwayResponder(this.writer, more.absence.manner)
    this.#start = surroundings.timetable.clock.now().getTime()
    surroundings.exchange.serve(known.email, this)
  }

  rest(): void {
    this.#resting = true
  }

  async hour(hour: number): Promise<void> {
    const { random } = this.writer
    if (hour < OFFICE.from || hour >= OFFICE.to || this.#isAway()) return
    await this.#claim()
    if (random.share() < 0.8) await this.#work()
    if (random.share() < 0.1) await this.#tidy()
  }

  async #claim(): Promise<void> {
    const unowned = (await this.#list('unowned')).filter(each => each.state !== 'closed')
    if (unowned.length > 0 && this.writer.random.share() < 0.7) await this.#do(`claim ${this.#pick(unowned).ref}`)
  }

  /** Answers, closes, notes or lets somebody in. */
  async #work(): Promise<void> {
    const mine = (await this.#list('mine')).filter(each => each.state !== 'closed')
    if (mine.length === 0) return
    const { random } = this.writer
    const { ref } = this.#pick(mine)
    const chance = random.share()
    const replied = this.#replies.get(ref) ?? 0
    if (chance < 0.6 && replied < MOST_REPLIES) {
      this.#replies.set(ref, replied + 1)
      await this.#do(`reply ${ref}`, random.pick(['Please try again now.', 'We are on it.', 'That is mended.']))
      if (random.share() < 0.5) await this.#do(`close ${ref}`)
    } else if (chance < 0.75) await this.#do(`note ${ref}`, 'Looked at it, nothing yet.')
    else if (chance < 0.8) await this.#do(`invite ${ref} ${random.pick([...this.#invites] as [string, ...string[]])}`)
    else await this.#do(`close ${ref}`)
  }

  /** Decides what waits: mostly that it is spam. */
  async #tidy(): Promise<void> {
    const { read } = this.#desk.open.context.store
    const [held] = await read<{ number: number }>`
      SELECT number FROM arrivals WHERE outcome = 'held' ORDER BY number DESC LIMIT 1`
    if (held) await this.#do(`${this.writer.random.pick(['spam', 'discard', 'open', 'join'])} M-${held.number}`)
  }

  async receive(mail: WorldMail): Promise<void> {
    if (this.#isAway()) return this.#responder?.receive(mail)
    const { random, name, address } = this.writer
    if (this.#resting || !mail.subject?.includes('] New:') || random.share() >= BY_MAIL) return
    const text = random.pick(['Thank you, we look into it.', 'Have you tried turning it off and on again?'])
    this.writer.write(answerTo(mail, `${name} <${address}>`, text), 'person', random.whole(60_000, 3 * 60 * 60_000))
  }

  #isAway(): boolean {
    const day = (this.writer.surroundings.timetable.clock.now().getTime() - this.#start) / DAY_MS
    return this.#absence !== undefined && day >= this.#absence.from && day < this.#absence.to
  }

  async #list(view: string): Promise<Listed[]> {
    return (await this.#desk.as(this.#handle, `list ${view}`)).data as Listed[]
  }

  #pick(tickets: Listed[]): Listed {
    return this.writer.random.pick(tickets as [Listed, ...Listed[]])
  }

  /** What the desk refuses, e.g. an answer to a ticket without an address, an agent lets be. */
  async #do(line: string, body = ''): Promise<void> {
    await this.#desk.as(this.#handle, line, body).catch(error => {
      if (!(error instanceof DeskError)) throw error
    })
  }
}
