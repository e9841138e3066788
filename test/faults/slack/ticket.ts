import type { SeededRandom } from '../../support/seeded-random.ts'
import { AGENTS, DIRECT, GUEST_CHANNEL, ROOM, type Step, type Wanted } from './plan.ts'

const MOST_TALK = 5
const MOST_DONE = 3

interface Written {
  label: string
  who: string
  /** The first message of its thread; itself, if it began one. */
  thread: string
  mention: string
  edits: number
}

/** One ticket of a story: what is written and done, and what must come of it. */
export class Ticket {
  readonly steps: Step[] = []
  place = ''
  readonly #number: number
  readonly #random: SeededRandom
  readonly #people: readonly [string, ...string[]]
  readonly #written: Written[] = []
  #wanted: Wanted | undefined
  #isOver = false
  /** Nothing in its first message says that it is for the desk. */
  #isTakenUp = false

  constructor(number: number, random: SeededRandom, people: readonly [string, ...string[]]) {
    this.#number = number
    this.#random = random
    this.#people = people
  }

  get wanted(): Wanted {
    if (!this.#wanted) throw new Error('Nobody asked for anything')
    return this.#wanted
  }

  /** A message that begins a conversation. */
  line(who: string, text: string): void {
    const mention = text.startsWith('@desk ') ? '@desk ' : ''
    this.#opens(who, this.#write({ what: 'say', who, text, ...this.#unread() }), mention)
  }

  /** A message that is not for the desk until somebody else points at it. */
  takenUp(who: string, text: string, point: (below: string) => Pick<Step, 'what' | 'who' | 'text' | 'about'>): void {
    const step = this.#write({ what: 'say', who, text, insists: true, idle: true })
    this.#isTakenUp = true
    this.#add({ ...point(step.label), insists: true, idle: true })
    this.#opens(who, step, '')
  }

  /** A message that mentions the desk only once it was edited. */
  editedIn(who: string, text: string): void {
    const step = this.#write({ what: 'say', who, text, insists: true, idle: true })
    const edited = `@desk ${step.text}`
    this.#add({ what: 'edit', who, text: edited, about: step.label, insists: true, idle: true })
    this.#opens(who, { ...step, text: edited }, '@desk ')
  }

  form(who: string, text: string): void {
    this.place = DIRECT
    const step = this.#write({ what: 'form', who, text })
    this.#opens(who, step, '')
    // What comes then is written below the acknowledgement.
    const [form] = this.#written
    if (form) form.who = ''
  }

  /** Its writer takes it back, and that is that. */
  regret(): void {
    const [first] = this.#written
    if (!first) return
    const said = this.steps.find(step => step.label === first.label)
    if (said) said.insists = true
    this.#remove(first)
    this.#isOver = true
  }

  /** People go on talking, agents work on it, and it ends in one way or another. */
  goOn(): void {
    if (this.#isOver) return
    this.#talk(this.#random.whole(0, MOST_TALK))
    if (this.#random.share() < 0.4) return
    this.#work()
    if (this.#random.share() < 0.3) this.#wait()
    this.#talk(this.#random.whole(0, 2))
    if (this.#random.share() < 0.5) this.#resolve()
  }

  #talk(count: number): void {
    for (let at = 0; at < count; at += 1) {
      const share = this.#random.share()
      if (share < 0.6) this.#answer()
      else if (share < 0.9) this.#edit()
      else this.#takeBack()
    }
  }

  /** Below any message of it, by whoever asked or by somebody else who reads there. */
  #answer(who = this.#random.share() < 0.6 ? this.wanted.requester : this.#somebody()): void {
    const below = this.#random.pick(this.#written as [Written])
    const mentions = this.place === GUEST_CHANNEL && !this.#isTakenUp && this.#random.share() < 0.2
    const mention = mentions ? '@desk ' : ''
    const awaits = this.#isForm ? ({ awaits: 'acknowledged' } as const) : {}
    const text = `${mention}It is about room ${this.#random.whole(1, 99)}`
    const step = this.#write({ what: 'say', who, text, about: below.thread, ...awaits })
    this.#keeps(step, who, below.thread, mention)
    const { wanted } = this
    if (wanted.state === 'resolved') wanted.state = 'open'
    if (wanted.state === 'waiting-on-requester') wanted.state = 'open'
  }

  #edit(): void {
    const mine = this.#written.filter(
      each => each.who !== '' && each.edits < 2 && this.wanted.says[each.label] !== null,
    )
    if (mine.length === 0) return
    const about = this.#random.pick(mine as [Written])
    about.edits += 1
    const text = `${about.mention}I mean room ${this.#random.whole(100, 999)}`
    const step = this.#write({ what: 'edit', who: about.who, text, about: about.label, insists: true, ...this.#read() })
    this.wanted.says[about.label] = step.text
  }

  /** Of what others answered to nothing is taken back: that would be a stone in its place. */
  #takeBack(): void {
    const answers = this.#written.filter(each => each.thread !== each.label && this.wanted.says[each.label] !== null)
    if (answers.length === 0) return
    const taken = this.#random.pick(answers as [Written])
    const said = this.steps.find(step => step.label === taken.label)
    if (said) said.insists = true
    this.#remove(taken)
  }

  #remove({ label, who }: Written): void {
    this.#add({ what: 'remove', who, text: '', about: label, insists: true, ...this.#read() })
    this.wanted.says[label] = null
  }

  #work(): void {
    const { wanted } = this
    const agent = this.#random.pick(AGENTS)
    this.#add({ what: this.#random.pick(['claim by button', 'claim by command'] as const), who: agent, text: '' })
    Object.assign(wanted, { owner: agent, state: 'open' })
    for (let left = this.#random.whole(0, MOST_DONE); left > 0; left -= 1) {
      const who = this.#random.pick(AGENTS)
      const what = this.#random.pick(['spend', 'tag', 'note', 'order', 'room note', 'answer'] as const)
      if (what === 'answer') this.#answerAs(agent)
      else if (what === 'room note') {
        const step = this.#write({ what: 'say', who, text: 'She always says that', place: ROOM })
        this.wanted.says[step.label] = step.text
      } else {
        const { label } = this.#add({ what, who, text: '', ...(what === 'order' ? { place: ROOM } : {}) })
        const done = what === 'tag' ? wanted.tags : what === 'note' ? wanted.notes : wanted.spent
        done.push(label)
      }
    }
  }

  /** Where whoever asked reads it; with forms that is among themselves. */
  #answerAs(agent: string): void {
    if (this.place === DIRECT) return
    const { thread } = this.#random.pick(this.#written as [Written])
    const text = 'Have you tried water?'
    const step = this.#write({ what: 'say', who: agent, text, about: thread, awaits: 'acknowledged' })
    this.wanted.says[step.label] = step.text
  }

  #wait(): void {
    this.#add({ what: 'wait', who: this.wanted.owner ?? AGENTS[0], text: '', awaits: 'stored' })
    this.wanted.state = 'waiting-on-requester'
    if (this.#random.share() < 0.5) this.#answer(this.wanted.requester)
  }

  #resolve(): void {
    const { wanted } = this
    this.#add({ what: 'resolve', who: wanted.owner ?? AGENTS[0], text: 'We put it out', awaits: 'acknowledged' })
    Object.assign(wanted, { state: 'resolved', resolved: wanted.resolved + 1 })
    const share = this.#random.share()
    if (share < 0.3) return
    if (share < 0.6) {
      this.#add({ what: 'confirm', who: wanted.requester, text: '', awaits: 'stored' })
      wanted.state = 'closed'
    } else if (share < 0.8) {
      const { label } = this.#add({ what: 'deny', who: wanted.requester, text: '', awaits: 'stored' })
      wanted.notes.push(label)
      wanted.state = 'open'
    } else this.#answer(wanted.requester)
  }

  get #isForm(): boolean {
    return this.steps[0]?.what === 'form'
  }

  #somebody(): string {
    // In their messages with the app, and below what was opened with a form, nobody else can write.
    return this.place === DIRECT ? this.wanted.requester : this.#random.pick(this.#people)
  }

  /** Where the app only is a guest, it does not look for what it missed. */
  #unread(): { insists?: true } {
    return this.place === GUEST_CHANNEL ? { insists: true } : {}
  }

  /** What is changed before the conversation was anybody's is read as it is then. */
  #read(): { awaits?: 'stored' } {
    return this.place === GUEST_CHANNEL ? { awaits: 'stored' } : {}
  }

  #opens(who: string, step: Step, mention: string): void {
    const nothing = { state: 'new', owner: null, spent: [], tags: [], notes: [], resolved: 0 }
    this.#wanted ??= { requester: who, says: {}, ...nothing }
    this.#keeps(step, who, step.label, mention)
  }

  #keeps({ label, text }: Step, who: string, thread: string, mention: string): void {
    this.wanted.says[label] = text
    this.#written.push({ label, who, thread, mention, edits: 0 })
  }

  /** What is written ends with its label. */
  #write(step: Omit<Step, 'label' | 'place'> & { place?: string }): Step {
    const added = this.#add(step)
    added.text = `${step.text} (${added.label})`
    return added
  }

  #add(step: Omit<Step, 'label' | 'place'> & { place?: string }): Step {
    const added: Step = { label: `s${this.#number}-${this.steps.length + 1}`, place: this.place, ...step }
    this.steps.push(added)
    return added
  }
}
