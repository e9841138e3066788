// The command solved: a requester says whether it is.
import type { Action } from '../../channel/surface.ts'
import type { SolvedAnswer } from '../../core/ticket/solved-answer.ts'
import { isDone } from '../../core/ticket/ticket-state.ts'
import { DeskError } from '../../errors.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { type Change, recordEvent, type Ticket } from '../../store/tickets.ts'
import type { DeskFacts } from '../command/command.ts'
import { storeInternalText } from '../command/internal-text.ts'
import { agentsToNotify, notifyAgents } from '../command/notify-agents.ts'
import { onTicketWith } from '../command/on-ticket.ts'

const ANSWERS = new Map([
  ['yes', true],
  ['no', false],
])

/** `solved HD-7 yes 5`: the requester's answer to the question whether it is. */
export const solved = onTicketWith<{ solved: boolean; score: number | null }>({
  word: 'solved',
  usage: 'yes|no [1-5] [TEXT]',
  summary: 'Says whether your ticket is solved, and how we did.',
  anyone: true,
  body: 'optional',
  ownOnly: ref => `Only the requester can say whether ${ref} is solved.`,
  parse([answer = '', ...rest]) {
    const isSolved = ANSWERS.get(answer.toLowerCase())
    const [score = ''] = rest
    if (isSolved === undefined || (score !== '' && !/^[1-5]$/.test(score))) {
      throw new DeskError('usage', 'Write: solved TICKET yes|no [1-5]')
    }
    return { solved: isSolved, score: isSolved && score !== '' ? Number(score) : null }
  },
  async writes(tx, call, ticket, change, { solved: isSolved, score }) {
    if (!isDone(ticket.state)) {
      throw new DeskError('conflict', `We are still working on ${ticket.ref}; we will ask you once it is resolved.`)
    }
    if (!isSolved && ticket.closedAt !== null && isTooLate(ticket.closedAt, call)) {
      throw new DeskError(
        'conflict',
        `${ticket.ref} was closed some time ago: write to us what is wrong, and we will open a new ticket.`,
      )
    }
    const comment = await storeInternalText(tx, ticket, change, call.actor, call.body, 'comment')
    await settleAnswer(tx, call, ticket, change, { solved: isSolved, score }, { by: 'button', comment })
    // Others may read it there: the mark is for the desk alone.
    const text = isSolved
      ? `Thank you. ${ticket.ref} is closed.`
      : `Thank you for telling us. ${ticket.ref} is open again, and ${ticket.ownerName ?? 'the desk'} has been told.`
    return { text, data: { ref: ticket.ref, solved: isSolved, score } }
  },
})

function isTooLate(closedAt: string, { at, policy }: DeskFacts): boolean {
  return Date.parse(at) - Date.parse(closedAt) > policy.reopenWithin
}

const SCORES = [
  { value: '5', label: '5: very good' },
  { value: '4', label: '4' },
  { value: '3', label: '3' },
  { value: '2', label: '2' },
  { value: '1', label: '1: bad' },
]

/** What goes below the question whether it is solved. */
export function solvedActions(ref: string): Action[] {
  return [
    {
      label: 'Yes, it is solved',
      style: 'primary',
      line: `solved ${ref} yes {score}`,
      form: {
        title: 'Solved',
        submit: 'Send',
        fields: [
          { name: 'score', label: 'How did we do?', kind: 'choice', choices: SCORES, required: false },
          { name: 'text', label: 'Anything you would like to tell us?', kind: 'text', required: false },
        ],
      },
    },
    {
      label: 'Not yet',
      line: `solved ${ref} no`,
      form: {
        title: 'Not solved yet',
        submit: 'Send',
        fields: [{ name: 'text', label: 'What is still wrong?', kind: 'text', required: true }],
      },
    },
  ]
}

/** Yes closes it, no opens it again; both are kept with the mark, and told to whoever worked on it. */
export async function settleAnswer(
  tx: Tx,
  facts: DeskFacts,
  ticket: Ticket,
  change: Change,
  { solved: isSolved, score }: Pick<SolvedAnswer, 'solved' | 'score'>,
  {
    by,
    comment,
    who = ticket.requesterName,
  }: { by: 'reply' | 'page' | 'button'; comment: { message?: string; content?: string }; who?: string },
): Promise<Ticket> {
  let now = await recordEvent(tx, ticket, { type: 'rated', data: { solved: isSolved, score, by, ...comment } }, change)
  if (isSolved && now.state === 'resolved')
    now = await recordEvent(tx, now, { type: 'closed', data: { by: 'requester' } }, change)
  if (!isSolved && (now.state === 'resolved' || now.state === 'closed')) {
    now = await recordEvent(tx, now, { type: 'reopened', data: { by: 'requester' } }, change)
  }
  const mark = score === null ? '' : `, ${score} of 5`
  const note = isSolved
    ? `${who} says that ${ticket.ref} is solved${mark}.`
    : `${who} says that ${ticket.ref} is not solved; it is open again.`
  await notifyAgents(tx, facts, agentsToNotify(facts, ticket.ownerId, change.actorId), {
    kind: 'notify-change',
    purpose: isSolved ? 'internal' : 'answer',
    channel: ticket.channel,
    ticketId: ticket.id,
    note,
    ...(comment.message ? { messageId: comment.message } : {}),
  })
  return now
}
