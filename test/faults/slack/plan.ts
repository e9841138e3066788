import { SeededRandom } from '../../support/seeded-random.ts'
import { StoryTeller } from './story.ts'

/** Who is in the workspace: everybody in every channel but the room, where only agents are. */
export const AGENTS = ['bob', 'eve'] as const
export const ROOM = 'triage'
/** Where every message is for the desk, where only those are that mention it, and where it is a guest. */
export const OPEN_CHANNELS = ['help', 'it', 'office', 'travel', 'payroll', 'access'] as const
export const ASKED_CHANNEL = 'people'
export const GUEST_CHANNEL = 'random'
/** The conversation of somebody with the app. */
export const DIRECT = 'dm'

/** What somebody does. */
export interface Step {
  /** Unique, a word; it stands in whatever is written. */
  label: string
  what:
    | 'say'
    | 'edit'
    | 'remove'
    /** With the emoji that makes a message a ticket. */
    | 'mark'
    | 'form'
    /** Agents, by button, slash command, form, and a line below the card. */
    | 'claim by button'
    | 'claim by command'
    | 'spend'
    | 'tag'
    | 'note'
    | 'order'
    | 'wait'
    | 'resolve'
    /** Whoever asked says whether it is solved. */
    | 'confirm'
    | 'deny'
  who: string
  place: string
  text: string
  /** Label of what it is written below, or about. */
  about?: string
  /** What must be so before somebody would do that. Commands also wait until the ticket has a card. */
  awaits?: 'stored' | 'acknowledged'
  /** It tells nothing that the desk must keep. */
  idle?: true
  /** Somebody takes it back, or nobody finds it again by reading: Slack tells of it until it is heard. */
  insists?: true
}

/** What must have come of a story in the end. */
export interface Wanted {
  requester: string
  /** Labels of what was written, with what each says in the end; null: it was taken back. */
  says: Record<string, string | null>
  state: string
  owner: string | null
  /** Labels of what agents did, each once. */
  spent: string[]
  tags: string[]
  notes: string[]
  resolved: number
}

export interface Story {
  number: number
  steps: Step[]
  /** Null: nothing. */
  wanted: Wanted | null
}

export interface Plan {
  people: string[]
  stories: Story[]
  /** All steps in the order of their writing, each with its story. */
  order: { story: Story; step: Step }[]
  /** Events, commands and the like that this makes, repeats not counted. */
  events: number
}

const EVENTS_OF_ONE = 70
const FEWEST_PEOPLE = 6
/** How many stories go on at once. */
const AT_ONCE = 40

/**
 * Draws what people and agents do. What it comes to in the end does not depend on the order in which Slack tells of it,
 * because that is what people could expect; left out is what depends on the order by its nature:
 * - where an answer goes after several lines in a row, and which of them the acknowledgement stands below;
 * - a greeting before a question, which is a line of it or nothing;
 * - what is written after a row is over, which is asked about: a row lasts as long as the run does;
 * - what is said below a message before somebody else makes that one a ticket, and an answer below it that asks for the
 *   desk itself; and what is changed before it is one: where the app is a guest, people change what was taken;
 * - an agent's command beside a message that wakes the ticket: who gives one has seen all that was written before, as
 *   people do who read before they press, and an answer comes to what was acknowledged.
 */
export function drawPlan(seed: number, events: number): Plan {
  const random = new SeededRandom(`${seed} plan`)
  const count = Math.max(FEWEST_PEOPLE, Math.ceil(events / EVENTS_OF_ONE))
  const people = Array.from({ length: count }, (_, at) => `p${at + 1}`)
  const teller = new StoryTeller(random, people)
  const stories: Story[] = []
  for (let drawn = 0; drawn < events; ) {
    const story = teller.next(stories.length + 1)
    stories.push(story)
    drawn += eventsIn(story)
  }
  const order = interleaved(random, stories)
  return { people, stories, order, events: stories.reduce((sum, story) => sum + eventsIn(story), 0) }
}

/** Of a message that mentions the app Slack sends two events; a form is a command and what is sent with it. */
function eventsIn({ steps }: Story): number {
  return steps.reduce((sum, { what, place, text }) => {
    const twice = (text.includes('@desk') && place !== DIRECT) || ['form', 'note', 'confirm', 'deny'].includes(what)
    return sum + (twice ? 2 : 1)
  }, 0)
}

function interleaved(random: SeededRandom, stories: readonly Story[]): Plan['order'] {
  const coming = [...stories]
  const running: { story: Story; next: number }[] = []
  const order: Plan['order'] = []
  while (running.length > 0 || coming.length > 0) {
    while (running.length < AT_ONCE && coming.length > 0) running.push({ story: coming.shift() as Story, next: 0 })
    const at = random.whole(0, running.length - 1)
    const chosen = running[at] as { story: Story; next: number }
    const step = chosen.story.steps[chosen.next]
    chosen.next += 1
    if (step) order.push({ story: chosen.story, step })
    if (chosen.next >= chosen.story.steps.length) running.splice(at, 1)
  }
  return order
}
