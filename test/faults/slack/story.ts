import type { SeededRandom } from '../../support/seeded-random.ts'
import { AGENTS, ASKED_CHANNEL, DIRECT, GUEST_CHANNEL, OPEN_CHANNELS, ROOM, type Step, type Story } from './plan.ts'
import { Ticket } from './ticket.ts'

const MOST_FORMS = 8 // of one person: the acknowledgements of an hour are limited
const WORDS = [
  'printer',
  'badge',
  'laptop',
  'invoice',
  'screen',
  'door',
  'phone',
  'parking',
  'router',
  'chair',
] as const
const TROUBLES = [
  'is broken',
  'does not work',
  'is lost',
  'makes a noise',
  'smells',
  'is too slow',
  'is wrong',
] as const

type Kind = 'row' | 'asked' | 'mention' | 'bare mention' | 'mark' | 'edited in' | 'form' | 'regret' | 'idle'

const KINDS: readonly [Kind, ...Kind[]] = [
  ...(['row', 'row', 'row', 'row', 'row', 'row', 'row', 'asked', 'mention', 'mention', 'mention'] as const),
  ...(['bare mention', 'mark', 'edited in', 'form', 'form', 'regret', 'idle', 'idle'] as const),
] as unknown as [Kind, ...Kind[]]

/** Makes up stories: each is one ticket, or nothing. */
export class StoryTeller {
  readonly #random: SeededRandom
  readonly #people: readonly [string, ...string[]]
  /** Who has not yet written where: what one person writes in one place is one ticket. */
  readonly #free: { who: string; place: string }[]
  readonly #forms = new Map<string, number>()

  constructor(random: SeededRandom, people: readonly string[]) {
    this.#random = random
    this.#people = people as unknown as [string, ...string[]]
    const places = [...OPEN_CHANNELS, DIRECT, ASKED_CHANNEL]
    this.#free = people.flatMap(who => places.map(place => ({ who, place })))
  }

  next(number: number): Story {
    const kind = this.#random.pick(KINDS)
    const ticket = new Ticket(number, this.#random, this.#people)
    if (kind === 'idle') return this.#idle(number)
    this.#begin(kind, ticket)
    ticket.goOn()
    return { number, steps: ticket.steps, wanted: ticket.wanted }
  }

  #begin(kind: Exclude<Kind, 'idle'>, ticket: Ticket): void {
    const who = this.#random.pick(this.#people)
    if (kind === 'row' || kind === 'asked' || kind === 'regret') {
      const free = this.#take(place => (kind === 'asked') === (place === ASKED_CHANNEL))
      if (!free) {
        this.#begin('mention', ticket)
        return
      }
      ticket.place = free.place
      const mention = kind === 'asked' ? '@desk ' : ''
      for (let lines = kind === 'regret' ? 1 : this.#random.whole(1, 4); lines > 0; lines -= 1) {
        ticket.line(free.who, `${mention}${this.#trouble()}`)
      }
      if (kind === 'regret') ticket.regret()
      return
    }
    if (kind === 'form' && this.#mayFill(who)) {
      ticket.form(who, this.#trouble())
      return
    }
    ticket.place = GUEST_CHANNEL
    switch (kind) {
      case 'bare mention':
        ticket.takenUp(who, this.#trouble(), below => ({
          ...{ what: 'say', who: this.#random.pick(this.#people), text: '@desk', about: below },
        }))
        break
      case 'mark':
        ticket.takenUp(who, this.#trouble(), below => ({
          ...{ what: 'mark', who: this.#random.pick(AGENTS), text: '', about: below },
        }))
        break
      case 'edited in':
        ticket.editedIn(who, this.#trouble())
        break
      default:
        ticket.line(who, `@desk ${this.#trouble()}`)
    }
  }

  #take(fits: (place: string) => boolean): { who: string; place: string } | undefined {
    const fitting = this.#free.filter(each => fits(each.place))
    if (fitting.length === 0) return undefined
    const taken = this.#random.pick(fitting as [{ who: string; place: string }])
    this.#free.splice(this.#free.indexOf(taken), 1)
    return taken
  }

  #mayFill(who: string): boolean {
    const before = this.#forms.get(who) ?? 0
    this.#forms.set(who, before + 1)
    return before < MOST_FORMS
  }

  /** What is none of the desk's. */
  #idle(number: number): Story {
    const label = (at: number) => `s${number}-${at}`
    const idle = { idle: true } as const
    const talk = (at: number, more: Partial<Step> = {}): Step => ({
      ...{ label: label(at), what: 'say', who: this.#random.pick(this.#people), place: GUEST_CHANNEL },
      text: `The ${this.#random.pick(WORDS)} ${this.#random.pick(TROUBLES)} (${label(at)})`,
      ...{ ...more, ...idle },
    })
    const steps = this.#random.pick<Step[]>([
      [talk(1), talk(2, { about: label(1) }), talk(3, { about: label(1) })],
      [talk(1), talk(2, { what: 'edit', about: label(1) }), talk(3, { what: 'remove', about: label(1) })],
      [talk(1, { who: this.#random.pick(AGENTS), place: ROOM })],
      [talk(1, { place: ASKED_CHANNEL }), talk(2, { about: label(1), place: ASKED_CHANNEL })],
    ])
    const [first] = steps
    for (const step of steps) if (step.what !== 'say' && first) step.who = first.who
    return { number, steps, wanted: null }
  }

  #trouble(): string {
    return `The ${this.#random.pick(WORDS)} ${this.#random.pick(TROUBLES)}`
  }
}
