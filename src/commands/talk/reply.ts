// The command reply: an answer to the requester.
import { isDone } from '../../core/ticket/ticket-state.ts'
import { newestHardBounces } from '../../store/bounces.ts'
import { newId } from '../../store/engine/id.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { insertMessage, nameMessage, prepareMessage, threadIds } from '../../store/messages.ts'
import { dropAcknowledgements, type OutboxRecipient, queue } from '../../store/outbox.ts'
import { type Change, currentTicket, recordEvent, type Ticket } from '../../store/tickets.ts'
import type { DeskFacts } from '../command/command.ts'
import { answerForm } from '../command/forms.ts'
import { onTicket } from '../command/on-ticket.ts'
import { type Recipient, readersInWords, readersOf } from '../command/recipients.ts'
import { ANSWER_OPTIONS, answerOptions, type Draft, draftOf, nobodyToAnswer, refuseUnseen } from './unsent.ts'

const THREAD_LENGTH = 20 // Message-IDs in References; mail programs need the first and the last few

export const reply = onTicket({
  word: 'reply',
  aliases: ['answer'],
  summary:
    'Sends the text to the requester, through the channel the question came in on; --only to nobody else, --anyway even if something changed meanwhile.',
  body: 'required',
  merged: true,
  options: ANSWER_OPTIONS,
  answers: () => true,
  button: {
    rank: 20,
    of({ ticket: { ref }, readers, read }) {
      return [{ label: 'Reply', sends: true, line: `reply ${ref} --read ${read}`, form: answerForm(ref, readers) }]
    },
  },
  async writes(tx, call, named, change) {
    const ticket = (await currentTicket(tx, named.id)) ?? named
    const options = answerOptions(call.options)
    const again = (ref: string) => ({ line: `${call.sign ?? ''}reply ${ref} --anyway`, label: 'Send it anyway' })
    const draft = await draftOf(tx, call, { named, ticket }, options, again)
    const refused = await refuseUnseen(tx, call, { named, ticket }, change, draft, options, again)
    if (refused) return refused
    const { recipients, doubtful } = await answerRequester(tx, call, ticket, change, draft)
    const to = recipients.map(each => each.recipient)
    const text = `On its way to ${readersInWords({ recipients, isShared: false })} (${ticket.ref}).`
    return { text: doubtful ? `${text}\n${doubtful}` : text, data: { ref: ticket.ref, to, warning: doubtful } }
  },
})

/** Stores an agent's answer and queues it to the requester and everybody copied. The first to answer becomes owner. */
export async function answerRequester(
  tx: Tx,
  facts: DeskFacts,
  ticket: Ticket,
  change: Change,
  answer: Draft & { unsentId?: string },
): Promise<{ messageId: string; ticket: Ticket; recipients: Recipient[]; doubtful: string | null }> {
  const { recipients } = await readersOf(tx, facts, ticket, { only: answer.only })
  if (recipients.length === 0) throw nobodyToAnswer(ticket)
  const message = {
    id: newId(),
    ticketId: ticket.id,
    direction: 'out' as const,
    authorId: answer.author.id,
    authorName: answer.author.name,
    authorAddress: null,
    channel: ticket.channel,
    externalId: null,
    subject: ticket.subject,
    text: answer.text,
    markdown: answer.markdown ?? null,
    visible: null,
    kind: 'person' as const,
    sentAt: change.at,
    storedAt: change.at,
    raw: answer.raw ?? null,
  }
  const earlier = await threadIds(tx, ticket.id, THREAD_LENGTH)
  const prepared = prepareMessage(message, answer.attachments)
  await insertMessage(tx, prepared)
  await dropAcknowledgements(tx, ticket.id, change.at)
  const draft = {
    kind: 'reply',
    purpose: 'requester',
    ticketId: ticket.id,
    messageId: message.id,
    inReplyTo: earlier[0] ?? null,
    refs: earlier.toReversed(),
  } as const
  // Mail programs thread by the token of a mail, so the one that left by mail names the answer.
  const byChannel = [...Map.groupBy(recipients, each => each.channel)]
  const mailFirst = byChannel.toSorted(([a], [b]) => Number(isMail(facts, b)) - Number(isMail(facts, a)))
  for (const [index, [channel, group]] of mailFirst.entries()) {
    const { token } = await queue(tx, { ...draft, channel }, group, change.at)
    if (index === 0) await nameMessage(tx, message.id, token)
  }
  const answered = await recordEvent(
    tx,
    ticket,
    {
      type: 'replied',
      data: { message: message.id, content: prepared.content, ...(answer.unsentId ? { kept: answer.unsentId } : {}) },
    },
    change,
  )
  const takes = !ticket.ownerId && !isDone(ticket.state)
  const now = takes
    ? await recordEvent(tx, answered, { type: 'claimed', data: { owner: answer.author.id } }, change)
    : answered
  return { messageId: message.id, ticket: now, recipients, doubtful: await doubtsOf(tx, ticket, recipients) }
}

/** Whom it may not reach, because earlier mail to the address came back for good. */
async function doubtsOf(tx: Tx, ticket: Ticket, recipients: readonly OutboxRecipient[]): Promise<string | null> {
  const addresses = recipients.map(each => each.recipient)
  const bounced = await newestHardBounces(tx, ticket.id, addresses)
  const sentences = bounced.map(
    ({ recipient, reason, bouncedAt }) =>
      `It may not reach ${recipient}: mail to it came back on ${bouncedAt.slice(0, 10)}${reason ? `, because ${reason}` : ''}.`,
  )
  return sentences.length > 0 ? sentences.join('\n') : null
}

function isMail(facts: DeskFacts, channel: string): boolean {
  return facts.kindOf(channel) === 'email'
}
