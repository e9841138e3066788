import type { ReadEvent } from './event.ts'
import type { Asked } from './recorded-command.ts'

/** What one command leaves behind: on the ticket that it names, and on the second one. */
interface Shape {
  own: RegExp
  other?: RegExp
}

const NOTHING = /^$/

/** One word an event, each with a comma behind it; what an event says more of stands in brackets. */
const SHAPES: Record<string, Shape> = {
  claim: { own: /^claimed,$/ },
  release: { own: /^released,$/ },
  assign: { own: /^assigned\(assign\),$/ },
  handover: { own: /^offered,$/ },
  accept: { own: /^assigned\(handover\),$/ },
  decline: { own: /^offer-ended\((?:declined|withdrawn)\),$/ },
  swarm: { own: /^(?:helping,)+$/ },
  leave: { own: /^left,$/ },
  escalate: { own: /^(?:assigned\(escalate\),|(?:released,)?moved,|(?:escalated,)+)$/ },
  wait: { own: /^(?:claimed,)?waiting,$/ },
  schedule: { own: /^(?:claimed,)?scheduled,$/ },
  resume: { own: /^resumed\(command\),$/ },
  resolve: {
    own: /^(?:(?:claimed,)?(?:classified,)?(?:replied,)?resolved\((?:solution|workaround)\),(?:asked,)?|noted\(unsent\),)$/,
  },
  close: { own: /^closed,$/ },
  reopen: { own: /^reopened\(command\),$/ },
  set: { own: /^(?:classified,(?:filled,)*|(?:filled,)+)$/ },
  tag: { own: /^tagged,$/ },
  untag: { own: /^tagged,$/ },
  expect: { own: /^expected,$/ },
  spent: { own: /^spent,$/ },
  tried: { own: /^noted\(tried\),$/ },
  call: { own: /^noted\(call\),$/ },
  note: { own: /^noted,$/ },
  // An answer whose writer has not seen what happened meanwhile is kept.
  reply: { own: /^(?:replied,(?:claimed,)?|noted\(unsent\),)$/ },
  link: { own: /^linked,$/, other: /^linked,$/ },
  unlink: { own: /^(?:unlinked,)+$/, other: /^(?:unlinked,)+$/ },
  duplicate: { own: /^(?:linked,)?closed\(duplicate\),$/, other: /^(?:linked,)?$/ },
  merge: { own: /^merged,$/, other: /^absorbed,$/ },
  unmerge: { own: /^unmerged,$/, other: /^restored,$/ },
}

/** What of the events does not fit the command that they came from; `own` is the ticket that it was carried out on. */
export function misfits(asked: Asked, events: readonly ReadEvent[], own: string, actorId: string): string[] {
  const shape = SHAPES[asked.word]
  if (!shape) return [`"${asked.line}" is none to be taken`]
  const ofOwn = events.filter(event => event.ticketId === own)
  const elsewhere = events.filter(event => event.ticketId !== own)
  const wrong: string[] = []
  if (!shape.own.test(inWords(ofOwn))) wrong.push(`it left ${inWords(ofOwn) || 'nothing'}`)
  if (!(shape.other ?? NOTHING).test(inWords(elsewhere))) {
    wrong.push(`it left ${inWords(elsewhere) || 'nothing'} on other tickets`)
  }
  if (new Set(elsewhere.map(event => event.ticketId)).size > 1) wrong.push('it changed more than two tickets')
  const others = events.filter(event => event.actorId !== (event.type === 'asked' ? null : actorId))
  if (others.length > 0) wrong.push(`${others[0]?.actorId} and not ${actorId} is said to have done it`)
  for (const ticket of new Set(events.map(event => event.ticketId))) {
    const places = events.filter(event => event.ticketId === ticket).map(event => event.seq)
    if (Math.max(...places) - Math.min(...places) >= places.length) wrong.push('something came in between')
  }
  return wrong
}

/** Whom events are about where a command names somebody: all of them must be about them. */
export function namesAnother(events: readonly ReadEvent[], to: string): boolean {
  const named = events.filter(event => ['assigned', 'offered', 'helping', 'left'].includes(event.type))
  return named.some(({ data }) => (data.owner ?? data.to ?? data.person) !== to)
}

function inWords(events: readonly ReadEvent[]): string {
  return events.map(({ type, data }) => `${type}${detail(data.how ?? data.what ?? data.by)},`).join('')
}

function detail(of: unknown): string {
  return typeof of === 'string' ? `(${of})` : ''
}
