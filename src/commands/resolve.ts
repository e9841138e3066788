import { quoteArgument } from '../core/command-line.ts'
import { categoryOf, fieldsOf } from '../core/policy.ts'
import { parseShown } from '../core/shown.ts'
import { mayMove } from '../core/ticket.ts'
import { DeskError } from '../errors.ts'
import { answeredSinceAsked } from '../store/messages.ts'
import type { Sql } from '../store/sql.ts'
import { currentTicket, recordEvent, type Ticket } from '../store/tickets.ts'
import { askWhetherSolved } from './ask.ts'
import { type Call, onTicket } from './command.ts'
import { answerRequester } from './reply.ts'
import { keepSaid, ownedBy } from './said.ts'
import { type AnswerOptions, draftOf, refuseUnseen } from './unsent.ts'

interface Options extends AnswerOptions {
  category: string | null
  workaround: boolean
  /** Sends the text to the requester. */
  tell: boolean
  /** The requester knows by another way. */
  told: boolean
}

const OPTION = /^--(category|read|workaround|tell|told|anyway|only)(?:[= ]("[^"]*"|\S+))?(?=\s|$)\s*/

/** Options stand before the text. */
function optionsIn(body: string): Options {
  const plain = { read: null, anyway: false, only: false, text: body.trim() }
  const options: Options = { category: null, workaround: false, tell: false, told: false, ...plain }
  for (;;) {
    const found = OPTION.exec(options.text)
    if (!found) return options
    const [all, name, value = ''] = found
    const takesValue = name === 'category' || name === 'read'
    if (name === 'category') options.category = value.replaceAll('"', '')
    else if (name === 'read') options.read = parseShown(value)
    else options[name as 'workaround' | 'tell' | 'told' | 'anyway' | 'only'] = true
    options.text = options.text
      .slice(takesValue || !/[= ]/.test(all.trim()) ? all.length : `--${name}`.length)
      .trimStart()
  }
}

/** `resolve HD-7 --category printer --tell The toner is new.` */
export const resolve = onTicket({
  word: 'resolve',
  aliases: ['solve', 'fixed'],
  summary:
    'Says what solved it, and asks the requester whether it is; --category PATH, --tell sends them the text, --told if they know, --workaround.',
  body: 'required',
  merged: true,
  textIn: body => optionsIn(body).text,
  async writes(tx, call, named, change) {
    const ticket = (await currentTicket(tx, named.id)) ?? named
    mayMove(ticket, 'resolve')
    const written = optionsIn(call.body)
    const draft = written.tell ? await draftOf(tx, call, ticket, written) : undefined
    const options = { ...written, text: draft?.text ?? written.text }
    const category = options.category === null ? ticket.category : categoryOf(call.policy, options.category).path
    await refuseGaps(tx, call, ticket, category, options)
    const refused =
      draft && (await refuseUnseen(tx, call, { named, ticket }, change, draft, options, again(ticket, options)))
    if (refused) return refused
    let now = await ownedBy(tx, ticket, change)
    if (category !== ticket.category && category !== null) {
      now = await recordEvent(tx, now, { type: 'classified', data: { category } }, change)
    }
    if (draft) now = (await answerRequester(tx, call, now, change, draft)).ticket
    const how = options.workaround ? ('workaround' as const) : ('solution' as const)
    const said = await keepSaid(tx, now, change, call.actor, options.text, how)
    const told = options.told ? ('told' as const) : ('answered' as const)
    now = await recordEvent(tx, now, { type: 'resolved', data: { how, told, ...said } }, change)
    const asked = await askWhetherSolved(tx, call, now, change)
    return {
      text: `${ticket.ref} is resolved; ${asked ? 'the requester is asked whether it is' : 'there is no address to ask the requester at'}.`,
      data: { ref: ticket.ref, state: 'resolved', category, asked },
    }
  },
})

/** What resolves it with the text that was kept. */
function again({ ref }: Ticket, { category, workaround, told }: Options): { line: string; label: string } {
  const options = [
    ...(category === null ? [] : [`--category ${quoteArgument(category)}`]),
    ...(workaround ? ['--workaround'] : []),
    ...(told ? ['--told'] : []),
  ]
  return { line: ['resolve', ref, '--anyway', '--tell', ...options].join(' '), label: 'Resolve it anyway' }
}

/** Asks for all that is missing at once, each with how to give it. */
async function refuseGaps(
  sql: Sql,
  call: Call,
  ticket: Ticket,
  category: string | null,
  options: Options,
): Promise<void> {
  const filled = JSON.parse(ticket.fields) as Record<string, string>
  const missing = fieldsOf(call.policy, ticket.kind, category).filter(each => each.required && !filled[each.name])
  const reachable = ticket.replyTo !== null && !call.isOurs(ticket.replyTo)
  const knows = options.tell || options.told || !reachable || (await answeredSinceAsked(sql, ticket.id))
  const gaps = [
    ...(options.text ? [] : ['what solved it, or got around it (text behind the options)']),
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
