/**
 * `new`: nobody has taken it yet. `open`: somebody works or worked on it. `waiting-on-requester` and
 * `waiting-on-third-party`: the next word is theirs. `scheduled`: put off until a time. `resolved`: done, and the
 * requester may still say no. `closed`: done.
 */
export const TICKET_STATES = [
  'new',
  'open',
  'waiting-on-requester',
  'waiting-on-third-party',
  'scheduled',
  'resolved',
  'closed',
] as const

export type TicketState = (typeof TICKET_STATES)[number]

/** What moves a ticket from one state to another. */
export type Move =
  | 'take'
  | 'answer'
  | 'wait-on-requester'
  | 'wait-on-third-party'
  | 'schedule'
  | 'resume'
  | 'resolve'
  | 'close'
  | 'reopen'
  | 'merge'

type Targets = Partial<Record<TicketState, TicketState>>

const UNFINISHED = ['new', 'open', 'waiting-on-requester', 'waiting-on-third-party', 'scheduled'] as const
const PUT_OFF = ['waiting-on-requester', 'waiting-on-third-party', 'scheduled'] as const

function all(from: readonly TicketState[], to: TicketState): Targets {
  return Object.fromEntries(from.map(state => [state, to]))
}

/** Where each move leads from each state. What is not here is refused. */
export const MOVES: Record<Move, Targets> = {
  take: { ...same(UNFINISHED), new: 'open' },
  answer: { ...same(TICKET_STATES), new: 'open' },
  'wait-on-requester': all(UNFINISHED, 'waiting-on-requester'),
  'wait-on-third-party': all(UNFINISHED, 'waiting-on-third-party'),
  schedule: all(UNFINISHED, 'scheduled'),
  resume: all(PUT_OFF, 'open'),
  resolve: all(UNFINISHED, 'resolved'),
  close: all([...UNFINISHED, 'resolved'], 'closed'),
  reopen: { resolved: 'open', closed: 'open' },
  merge: all(TICKET_STATES, 'closed'),
}

function same(states: readonly TicketState[]): Targets {
  return Object.fromEntries(states.map(state => [state, state]))
}

/** Whether nobody has to do anything about it any more. */
export function isDone(state: TicketState): boolean {
  return state === 'resolved' || state === 'closed'
}

/** As people read it: `waiting on requester`. */
export function stateInWords(state: TicketState): string {
  return state.replaceAll('-', ' ')
}

const REFUSED: Record<Move, string> = {
  take: 'taken',
  answer: 'answered',
  'wait-on-requester': 'left waiting',
  'wait-on-third-party': 'left waiting',
  schedule: 'scheduled',
  resume: 'resumed',
  resolve: 'resolved',
  close: 'closed',
  reopen: 'reopened',
  merge: 'merged',
}

/** Why a move is refused, and what to do instead; null if it is allowed. */
export function refusalOf(ref: string, state: TicketState, move: Move): string | null {
  if (MOVES[move][state]) return null
  const is = `${ref} is ${stateInWords(state)}`
  if (move === 'close') return `${is} already.`
  if (move === 'resolve' && state === 'resolved') return `${is} already.`
  if (move === 'resume')
    return isDone(state) ? `${is}: reopen it first (reopen ${ref}).` : `${is}, so there is nothing to resume.`
  if (move === 'reopen') return `${is}, so it cannot be reopened.`
  return isDone(state) ? `${is}: reopen it first (reopen ${ref}).` : `${is} and cannot be ${REFUSED[move]}.`
}
