import { categoryOf, fieldsOf } from '../core/policy.ts'
import { mayMove } from '../core/ticket.ts'
import { DeskError } from '../errors.ts'
import { answeredSinceAsked } from '../store/messages.ts'
import type { Sql } from '../store/sql.ts'
import { recordEvent, type Ticket } from '../store/tickets.ts'
import { askWhetherSolved } from './ask.ts'
import { type Call, onTicket } from './command.ts'
import { answerRequester } from './reply.ts'
import { keepSaid, ownedBy } from './said.ts'

/** `resolve HD-7 --category printer --tell The toner is new.` */
export const resolve = onTicket({
  word: 'resolve',
  aliases: ['solve', 'fixed'],
  summary:
    'Says what solved it, and asks the requester whether it is; --category PATH, --tell sends them the text, --told if they know, --workaround.',
  body: 'required',
  options: { category: 'text', tell: 'flag', told: 'flag', workaround: 'flag' },
  async writes(tx, call, ticket, change) {
    mayMove(ticket, 'resolve')
    const { options } = call
    const text = call.body.trim()
    const named = options.text('category')
    const category = named === undefined ? ticket.category : categoryOf(call.policy, named).path
    await refuseGaps(tx, call, ticket, category)
    let now = await ownedBy(tx, ticket, change)
    if (category !== ticket.category && category !== null) {
      now = await recordEvent(tx, now, { type: 'classified', data: { category } }, change)
    }
    if (options.has('tell')) {
      const answer = { author: call.actor, text, attachments: call.attachments }
      now = (await answerRequester(tx, call, now, change, answer)).ticket
    }
    const how = options.has('workaround') ? ('workaround' as const) : ('solution' as const)
    const said = await keepSaid(tx, now, change, call.actor, text, how)
    const told = options.has('told') ? ('told' as const) : ('answered' as const)
    now = await recordEvent(tx, now, { type: 'resolved', data: { how, told, ...said } }, change)
    const asked = await askWhetherSolved(tx, call, now, change)
    return {
      text: `${ticket.ref} is resolved; ${asked ? 'the requester is asked whether it is' : 'there is no address to ask the requester at'}.`,
      data: { ref: ticket.ref, state: 'resolved', category, asked },
    }
  },
})

/** Asks for all that is missing at once, each with how to give it. */
async function refuseGaps(sql: Sql, call: Call, ticket: Ticket, category: string | null): Promise<void> {
  const { options } = call
  const filled = JSON.parse(ticket.fields) as Record<string, string>
  const missing = fieldsOf(call.policy, ticket.kind, category).filter(each => each.required && !filled[each.name])
  const reachable = ticket.replyTo !== null && !call.isOurs(ticket.replyTo)
  const knows = options.has('tell') || options.has('told') || !reachable || (await answeredSinceAsked(sql, ticket.id))
  const gaps = [
    ...(call.body.trim() ? [] : ['what solved it, or got around it (your text)']),
    ...(category ? [] : ['the category (--category hardware/printer)']),
    ...missing.map(each => `the field ${each.name} (set ${ticket.ref} ${each.name}=${each.choices[0] ?? '...'})`),
    ...(knows
      ? []
      : [
          'that the requester knows: nobody answered since they last wrote (--tell sends them your text, --told says that they know)',
        ]),
  ]
  if (gaps.length > 0) throw new DeskError('usage', `Before ${ticket.ref} is resolved, say ${gaps.join('; ')}.`)
}
