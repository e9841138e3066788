import type { Asked } from '../recorded-command.ts'
import type { SlowTicket, Staff } from '../reference-model.ts'
import { isOver, isPutOff } from '../state-table.ts'
import type { Versions } from '../versions.ts'

/** Whether the rules let somebody do that; `to` is the agent who is named. */
type May = (ticket: SlowTicket, actor: string, to: string) => boolean

/** The commands whose refusal follows from what one ticket is, and from who asks. */
const MAY: Record<string, May> = {
  claim: ({ owner, state }) => owner === null && !isOver(state),
  release: ({ owner }, actor) => owner === actor,
  assign: ({ owner, state }, _actor, to) => owner !== to && !isOver(state),
  handover: ({ owner, state }, actor, to) => owner === actor && to !== actor && !isOver(state),
  accept: ({ offer }, actor) => offer?.to === actor,
  decline: ({ offer, owner }, actor) => offer !== null && [offer.to, owner].includes(actor),
  leave: ({ helpers }, actor, to) => helpers.has(to || actor),
  wait: ({ state }) => !isOver(state),
  schedule: ({ state }) => !isOver(state),
  resume: ({ state }) => isPutOff(state),
  resolve: ({ state }) => !isOver(state),
  close: ({ state }) => state !== 'closed',
  reopen: ({ state, mergedInto }) => isOver(state) && mergedInto === null,
  unmerge: ({ mergedInto }) => mergedInto !== null,
  note: () => true,
  tried: () => true,
  call: () => true,
  spent: () => true,
}

/** What may be refused for how it is written, though it makes sense: values and gaps depend on the ticket. */
const MAY_BE_WRONG = ['nonsense', 'set', 'resolve']

/** Why a refusal was none of those that the rules know; undefined if it was one, or may have been. */
export function unfounded(asked: Asked, versions: Versions, { handles }: Staff): string | undefined {
  const { word, outcome, ticket, handle, to, began, ended } = asked
  if (['usage', 'not-found', 'forbidden'].includes(outcome) && !MAY_BE_WRONG.includes(word)) {
    return 'nothing of it is wrong'
  }
  const may = MAY[word]
  if (outcome !== 'conflict' || !may) return undefined
  const then = versions.between(ticket, began, ended)
  const elsewhere = word !== 'unmerge' && then.some(each => each.mergedInto !== null)
  if (then.length === 0 || elsewhere) return undefined
  const actor = handles.get(handle) ?? ''
  const named = to === undefined ? '' : (handles.get(to) ?? '')
  return then.every(each => may(each, actor, named)) ? 'the rules allow it' : undefined
}
