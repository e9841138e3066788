import { setTimeout as pause } from 'node:timers/promises'
import { KeyedQueue } from '../../../adapters/chat/keyed-queue.ts'
import type { Cast } from './cast.ts'
import type { Plan, Step, Story } from './plan.ts'
import { ROOM } from './plan.ts'
import type { DeskWatch } from './watch.ts'

const SEEN_WITHIN_MS = 4_000
const MOST_TRIES = 40
const SECOND_MS = 1_000

/** Plays a plan: everybody does what they do once they have seen what they wait for, and again what came to nothing. */
export class Play {
  /** What never came about, in sentences. */
  readonly failures: string[] = []
  /** Commands that were given once more because nothing came of them. */
  again = 0
  readonly #plan: Plan
  readonly #cast: Cast
  readonly #watch: DeskWatch
  readonly #turns = new KeyedQueue()
  readonly #done = new Map<Story, Step[]>()
  readonly #running = new Set<Promise<void>>()
  #begun = 0
  #moved = performance.now()
  #over = false

  constructor(plan: Plan, cast: Cast, watch: DeskWatch) {
    this.#plan = plan
    this.#cast = cast
    this.#watch = watch
  }

  /** How many steps were begun. */
  get begun(): number {
    return this.#begun
  }

  /** Milliseconds since anything was done, while something is left to be done; 0 if nothing is. */
  get stuckFor(): number {
    return this.#running.size === 0 ? 0 : performance.now() - this.#moved
  }

  /** Begins one step after the other, so many a second. `before` is called before each. Resolves when all are begun. */
  async begin(rate: number, before: () => Promise<void> = async () => undefined): Promise<void> {
    for (const { story, step } of this.#plan.order) {
      await before()
      this.#begun += 1
      const running = this.#turns
        .take(`${story.number}`, () => this.#take(story, step))
        .catch(error => {
          if (!this.#over) this.failures.push(`${step.what} ${step.label}: ${error}`)
        })
      this.#running.add(running)
      void running.finally(() => this.#running.delete(running))
      await pause(1000 / rate)
    }
  }

  /** Resolves when all is done. */
  async ended(): Promise<void> {
    await Promise.all(this.#running)
  }

  /** What is not done by now is left. */
  giveUp(): void {
    this.#over = true
  }

  /** Ids of what the desk must have by now and has not. */
  missing(): string[] {
    const ids = [...this.#done].flatMap(([story]) => this.#idsOf(story))
    return ids.filter(id => !this.#watch.has(id))
  }

  async #take(story: Story, step: Step): Promise<void> {
    while (!(await this.#isReady(story, step))) {
      if (this.#over) throw new Error('it was never time for it')
      await pause(50)
    }
    if (GIVEN.has(step.what)) await this.#give(story, step)
    else await this.#turns.take('write', () => this.#cast.write(story, step))
    // Within a second the emulator counts what is written by itself, and everything else later than that.
    if (step.what === 'mark') await pause(SECOND_MS - (Date.now() % SECOND_MS))
    this.#moved = performance.now()
    this.#done.set(story, [...(this.#done.get(story) ?? []), step])
  }

  async #isReady(story: Story, step: Step): Promise<boolean> {
    const { awaits, what, place } = step
    const ticket = this.#cast.ticketOf(story)
    const needsCard = GIVEN.has(what) ? what !== 'form' : (what === 'say' && place === ROOM) || what === 'order'
    if (needsCard && story.wanted && !ticket?.place) return false
    if (awaits && !this.#idsOf(story).every(id => this.#watch.has(id))) return false
    if (awaits === 'acknowledged' && !ticket?.acknowledged) return false
    if (awaits === 'acknowledged' && !(await this.#cast.knowsForm(story))) return false
    return (what !== 'confirm' && what !== 'deny') || (await this.#cast.sent(story, 'ask-solved')) !== undefined
  }

  /** Whoever gives a command looks whether it was done, and gives it again if it was not. */
  async #give(story: Story, step: Step): Promise<void> {
    let wrong: unknown = 'nobody was told why'
    for (let tries = 0; !this.#over; tries += 1) {
      if (tries > MOST_TRIES) throw new Error(`it came to nothing ${tries} times; last: ${wrong}`)
      if (tries > 0) this.again += 1
      // A form may open late and in the place of another: whoever sees that closes it and presses again.
      await this.#turns
        .take('command', () => this.#cast.give(story, step))
        .catch(error => {
          wrong = error
        })
      if (await this.#watch.until(() => this.#isDone(story, step), SEEN_WITHIN_MS)) return
    }
    throw new Error('it came to nothing')
  }

  async #isDone(story: Story, { what, who, label }: Step): Promise<boolean> {
    if (what === 'form') return this.#watch.has(this.#cast.ids.get(label) ?? '')
    const ticket = this.#cast.ticketOf(story)
    if (!ticket) return false
    if (what === 'claim by button' || what === 'claim by command') return ticket.owner === who
    if (what === 'wait') return ticket.state === 'waiting-on-requester'
    if (what === 'confirm') return ticket.state === 'closed'
    const where =
      what === 'tag'
        ? `SELECT 1 FROM tickets WHERE id = '${ticket.id}' AND ' ' || tags || ' ' LIKE '% ${label} %'`
        : `SELECT 1 FROM messages WHERE ticket_id = '${ticket.id}' AND (text = '${label}' OR text LIKE '%(${label})%')`
    return ((await this.#watch.view.rows(where)) ?? []).length > 0
  }

  /** Of what somebody else must point at first, once they have. */
  #idsOf(story: Story): string[] {
    const done = this.#done.get(story) ?? []
    const counts = ({ idle, label }: Step) => !idle || (done.length > 1 && story.wanted?.says[label] !== undefined)
    return done.filter(counts).flatMap(({ label }) => this.#cast.ids.get(label) ?? [])
  }
}

/** What is done by those who wait for an answer. */
const GIVEN: ReadonlySet<Step['what']> = new Set([
  ...(['form', 'claim by button', 'claim by command', 'spend', 'tag', 'note', 'wait', 'resolve'] as const),
  ...(['confirm', 'deny'] as const),
])
