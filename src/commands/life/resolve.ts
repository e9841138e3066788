// The command resolve: what solved a ticket.
import type { Form } from '../../channel/surface.ts'
import type { Options } from '../../core/text/options.ts'
import { categoryOf, fieldsOf } from '../../core/ticket/policy.ts'
import { mayMove } from '../../core/ticket/ticket.ts'
import { isDone } from '../../core/ticket/ticket-state.ts'
import { DeskError } from '../../errors.ts'
import type { Sql } from '../../store/engine/sql.ts'
import { wasAnsweredSinceQuestion } from '../../store/messages.ts'
import { currentTicket, recordEvent, type Ticket } from '../../store/tickets.ts'
import type { Call, TicketOnScreen } from '../command/command.ts'
import { MOST_TEXT } from '../command/forms.ts'
import { claimIfUnowned, storeInternalText } from '../command/internal-text.ts'
import { onTicket } from '../command/on-ticket.ts'
import { answerRequester } from '../talk/reply.ts'
import { ANSWER_OPTIONS, answerOptions, draftOf, refuseUnseen } from '../talk/unsent.ts'
import { askWhetherSolved } from './ask-solved.ts'

const MOST_CHOICES = 100

/** `resolve HD-7 --category printer --tell The toner is new.` */
export const resolve = onTicket({
  word: 'resolve',
  aliases: ['solve', 'fixed'],
  summary:
    'Records what solved it and asks the requester to confirm; --category PATH, --tell sends them the text, --told if they already know, --workaround.',
  body: 'required',
  merged: true,
  options: { category: 'text', tell: 'flag', told: 'flag', workaround: 'flag', ...ANSWER_OPTIONS },
  answers: options => options.has('tell'),
  button: {
    rank: 40,
    of: shown => {
      const { ref, state } = shown.ticket
      const line = `resolve ${ref} --read ${shown.read} --tell --category {category}`
      return isDone(state) ? [] : [{ label: 'Resolve', line, form: resolveForm(shown) }]
    },
  },
  async writes(tx, call, named, change) {
    const ticket = (await currentTicket(tx, named.id)) ?? named
    mayMove(ticket, 'resolve')
    const { options } = call
    const answerWith = answerOptions(options)
    const again = (ref: string) => ({
      line: `${call.sign ?? ''}${lineAgain(ref, options)}`,
      label: 'Resolve it anyway',
    })
    const draft = options.has('tell') ? await draftOf(tx, call, { named, ticket }, answerWith, again) : undefined
    const text = (draft?.text ?? call.body).trim()
    const categoryText = options.text('category')
    const category = categoryText === undefined ? ticket.category : categoryOf(call.policy, categoryText).path
    await refuseGaps(tx, call, ticket, category, text)
    const refused = draft && (await refuseUnseen(tx, call, { named, ticket }, change, draft, answerWith, again))
    if (refused) return refused
    let now = await claimIfUnowned(tx, ticket, change)
    if (category !== ticket.category && category !== null) {
      now = await recordEvent(tx, now, { type: 'classified', data: { category } }, change)
    }
    if (draft) now = (await answerRequester(tx, call, now, change, draft)).ticket
    const how = options.has('workaround') ? ('workaround' as const) : ('solution' as const)
    const note = await storeInternalText(tx, now, change, call.actor, text, how)
    const notified = options.has('told') ? ('told' as const) : ('answered' as const)
    now = await recordEvent(tx, now, { type: 'resolved', data: { how, told: notified, ...note } }, change)
    const isAsked = await askWhetherSolved(tx, call, now, change)
    return {
      text: `${ticket.ref} is resolved; ${isAsked ? 'the requester will be asked to confirm' : 'there is no address to ask the requester at'}.`,
      data: { ref: ticket.ref, state: 'resolved', category, asked: isAsked },
    }
  },
})

/** What resolves it with the text that was kept. */
function lineAgain(ref: string, options: Options): string {
  const others = options.of({ category: 'text', told: 'flag', workaround: 'flag' })
  return ['resolve', ref, '--anyway', '--tell', others.toString()].filter(Boolean).join(' ')
}

/** Asks for all that is missing at once, each with how to give it. */
async function refuseGaps(sql: Sql, call: Call, ticket: Ticket, category: string | null, text: string): Promise<void> {
  const { options } = call
  const filled = JSON.parse(ticket.fields) as Record<string, string>
  const missing = fieldsOf(call.policy, ticket.kind, category).filter(each => each.required && !filled[each.name])
  const reachable = ticket.replyTo !== null && !call.isOurs(ticket.replyTo)
  const knows =
    options.has('tell') || options.has('told') || !reachable || (await wasAnsweredSinceQuestion(sql, ticket.id))
  const gaps = [
    ...(text ? [] : ['what solved it or worked around it (your text)']),
    ...(category ? [] : ['the category (--category hardware/printer)']),
    ...missing.map(each => `the field ${each.name} (set ${ticket.ref} ${each.name}=${each.choices[0] ?? '...'})`),
    ...(knows
      ? []
      : [
          'that the requester knows: nobody has answered since they last wrote (--tell sends them your text, --told says that they already know)',
        ]),
  ]
  if (gaps.length > 0) throw new DeskError('usage', `Before ${ticket.ref} can be resolved, say ${gaps.join('; ')}.`)
}

/** The text goes to the requester, so that nobody has to be told afterwards. */
function resolveForm({ ticket, readers, policy }: TicketOnScreen): Form {
  const { ref, category, requesterName } = ticket
  const choices = policy.categories.slice(0, MOST_CHOICES).map(({ path }) => ({ value: path, label: path }))
  const known = choices.some(each => each.value === category)
  return {
    title: `Resolve ${ref}`,
    submit: 'Resolve',
    intro: `Your text will be sent to ${readers}; ${requesterName} will be asked whether it is solved.`,
    fields: [
      {
        name: 'category',
        label: 'Category',
        kind: 'choice',
        choices,
        required: true,
        ...(known && category !== null ? { value: category } : {}),
      },
      { name: 'text', label: 'What solved it?', kind: 'text', required: true, most: MOST_TEXT },
    ],
  }
}
