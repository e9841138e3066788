import type { State } from './reference-model.ts'

/**
 * Which state follows which, by what happens, written down once more from the words of the rules: what is not done may
 * be put off, put off again, resolved and closed; what is put off may be gone on with; what is done may be reopened.
 */
const TABLE = `
  what      | new                    | open                   | waiting-on-requester   | waiting-on-third-party | scheduled              | resolved | closed
  taken     | open                   | open                   | waiting-on-requester   | waiting-on-third-party | scheduled              | -        | -
  answered  | open                   | open                   | waiting-on-requester   | waiting-on-third-party | scheduled              | resolved | closed
  waits     | waiting-on-requester   | waiting-on-requester   | waiting-on-requester   | waiting-on-requester   | waiting-on-requester   | -        | -
  waits-3rd | waiting-on-third-party | waiting-on-third-party | waiting-on-third-party | waiting-on-third-party | waiting-on-third-party | -        | -
  put-off   | scheduled              | scheduled              | scheduled              | scheduled              | scheduled              | -        | -
  goes-on   | -                      | -                      | open                   | open                   | open                   | -        | -
  solved    | resolved               | resolved               | resolved               | resolved               | resolved               | -        | -
  ends      | closed                 | closed                 | closed                 | closed                 | closed                 | closed   | -
  again     | -                      | -                      | -                      | -                      | -                      | open     | open
`

export type Happening =
  | 'taken'
  | 'answered'
  | 'waits'
  | 'waits-3rd'
  | 'put-off'
  | 'goes-on'
  | 'solved'
  | 'ends'
  | 'again'

const [HEAD = [], ...ROWS] = TABLE.trim()
  .split('\n')
  .map(row => row.split('|').map(cell => cell.trim()))

/** Undefined for what may not happen. */
export function nextState(state: State, happening: Happening): State | undefined {
  const cell = ROWS.find(([what]) => what === happening)?.[HEAD.indexOf(state)]
  return cell === '-' ? undefined : (cell as State | undefined)
}

export function isOver(state: State): boolean {
  return state === 'resolved' || state === 'closed'
}

export function isPutOff(state: State): boolean {
  return state === 'scheduled' || state.startsWith('waiting')
}
