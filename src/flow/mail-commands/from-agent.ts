// An agent's mail as an answer to the requester, or as a note.
import type { DeskFacts } from '../../commands/command/command.ts'
import { agentsToNotify, notifyAgents } from '../../commands/command/notify-agents.ts'
import { readersOf } from '../../commands/command/recipients.ts'
import { addNote } from '../../commands/talk/note.ts'
import { answerRequester } from '../../commands/talk/reply.ts'
import { unseenChanges } from '../../commands/talk/unseen.ts'
import { type Draft, keepUnsent, unsentReply } from '../../commands/talk/unsent.ts'
import { countedAs } from '../../core/intake/sender-trust.ts'
import { showsMail } from '../../core/mail/forward.ts'
import { aboveMarker, isForwardSubject, writtenIn } from '../../core/mail/visible.ts'
import { holdsMail } from '../../core/text/file-danger.ts'
import { mentionsCommand } from '../../core/text/mail-command-lines.ts'
import { withoutBlankEnds } from '../../core/text/plain-text.ts'
import { keepDoubt } from '../../store/doubts.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { answeredAlike, insertMessage, prepareMessage } from '../../store/messages.ts'
import { dropAcknowledgements } from '../../store/outbox.ts'
import type { Person } from '../../store/people.ts'
import { countRate } from '../../store/rates.ts'
import { recordEvent, type Ticket, ticketById } from '../../store/tickets.ts'
import { type Append, type IncomingMessage, messageRow } from '../intake/incoming-message.ts'
import { recordBounce } from '../intake/record-bounce.ts'
import { seenByAnswer } from '../intake/seen.ts'
import { otherNamed } from '../read-command.ts'
import { changeReaders } from './change-readers.ts'
import { forWhich, knownCommands } from './leak.ts'
import { isTooLong } from './own-text.ts'

const TOLD_MS = 60 * 60 * 1000
const MOST_TOLD = 5 // times, that a mail on one ticket was not sent on

const DAY_MS = 24 * 60 * 60 * 1000

/** An agent's mail: an answer to the requester, or a note. What it quotes of our notification never leaves. */
export async function appendFromAgent(
  tx: Tx,
  entry: IncomingMessage,
  ticket: Ticket,
  decision: Append,
): Promise<string> {
  const { message, sender: author, change } = entry
  const { facts } = entry.intake
  // Files go with the command that takes them.
  const attachments = takesFiles(entry.commands) ? [] : message.attachments
  const raw = message.raw.sha256
  const written = isTooLong(message)
    ? ''
    : (entry.commands?.text ?? withoutBlankEnds(writtenIn(aboveMarker(message.visible))))
  const isOnlyCommands = entry.commands && !entry.commands.text && entry.commands.mistakes.length === 0
  if (isOnlyCommands && !message.sealed) return storeCommands(tx, entry, ticket)
  let refusal = await whyNotSent(tx, entry, ticket, decision, written)
  if (decision.direction === 'out' && refusal === null) {
    const draft = {
      author,
      text: written,
      attachments,
      only: entry.commands?.options.has('only') ?? false,
      raw,
      externalId: message.messageId,
    }
    const isForced = entry.commands?.options.has('anyway') ?? false
    const unseen = isForced ? [] : await unseenBy(tx, entry, ticket, draft)
    refusal = entry.commands ? await changeReaders(tx, entry.intake, entry.origin, entry.commands, author) : null
    if (refusal === null) {
      const now = (await ticketById(tx, ticket.id)) ?? ticket
      if (unseen.length > 0) return keepAndTell(tx, entry, now, draft, unseen)
      const { messageId, doubtful } = await answerRequester(tx, facts, now, change, draft)
      // The answer is on its way to an address that did not take the one before.
      if (doubtful) await tellAuthor(tx, facts, ticket, author, { kind: 'notify-doubtful', messageId, note: doubtful })
      return messageId
    }
  }
  const note = {
    author,
    text: isTooLong(message)
      ? message.visible
      : (entry.commands ? withoutBlankEnds(aboveMarker(message.visible)) : written) || message.text,
    attachments,
    kind: message.kind,
    raw,
    externalId: message.messageId,
    doubt: entry.doubt,
  }
  const messageId = await addNote(tx, facts, ticket, change, note)
  if (message.kind === 'bounce') {
    const now = await ticketById(tx, ticket.id)
    if (now) await recordBounce(tx, entry, now, messageId)
  }
  if (refusal !== null && (await mayNotify(tx, entry, ticket))) {
    const way = `To answer the requester, reply to the notification about their message, or use: relaydesk reply ${ticket.ref}`
    await tellAuthor(tx, facts, ticket, author, { kind: 'notify-refused', messageId, note: `${refusal}\n\n${way}` })
  }
  return messageId
}

/** What answers for an agent would answer this, too, and be told of that: no machine hears it, and nobody without end. */
async function mayNotify(
  tx: Tx,
  { message, sender, change, doubt }: IncomingMessage,
  ticket: Ticket,
): Promise<boolean> {
  if (message.kind !== 'person') return false
  const who = countedAs(sender.id, doubt === null ? 'confirmed' : 'unconfirmed')
  return (await countRate(tx, `told ${who} of ${ticket.id}`, change.at, TOLD_MS)) <= MOST_TOLD
}

/** Tells whoever wrote a mail what became of it. */
async function tellAuthor(
  tx: Tx,
  facts: DeskFacts,
  ticket: Ticket,
  author: Person,
  notice: { kind: 'notify-refused' | 'notify-doubtful'; messageId: string; note: string },
): Promise<void> {
  const self = facts.agents.filter(agent => agent.id === author.id)
  await notifyAgents(tx, facts, self, { ...notice, purpose: 'internal', channel: ticket.channel, ticketId: ticket.id })
}

/** It left already, without us: it counts as an answer, and whoever works on the ticket must know. */
export async function appendSentByHand(tx: Tx, entry: IncomingMessage, ticket: Ticket): Promise<string> {
  const { message, change, intake, origin, sender } = entry
  const prepared = prepareMessage(
    {
      ...messageRow(entry, ticket.id),
      direction: 'out',
      text: withoutBlankEnds(aboveMarker(message.visible)) || message.text,
      visible: null,
    },
    message.attachments,
  )
  const { id } = prepared.message
  await insertMessage(tx, prepared)
  await dropAcknowledgements(tx, ticket.id, change.at)
  await recordEvent(tx, ticket, { type: 'replied', data: { message: id, content: prepared.content } }, change)
  await notifyAgents(tx, intake.facts, agentsToNotify(intake.facts, ticket.ownerId, sender.id), {
    kind: 'notify-sent',
    purpose: 'internal',
    channel: origin.channel,
    ticketId: ticket.id,
    messageId: id,
  })
  return id
}

/** What happened since the notification that it answers, and that others would read it than that one named. */
async function unseenBy(
  tx: Tx,
  { intake, answered }: IncomingMessage,
  ticket: Ticket,
  draft: Draft,
): Promise<string[]> {
  const seen = await seenByAnswer(tx, answered.find(each => each.purpose === 'answer')?.sent)
  if (!seen) return []
  const shown = draft.only ? { ...seen.shown, readers: null } : seen.shown
  return unseenChanges(tx, seen.named, draft.author, shown, await readersOf(tx, intake.facts, ticket, draft))
}

/** Keeps an answer back, and tells its writer why. Gives the message that holds it. */
async function keepAndTell(
  tx: Tx,
  { change, intake }: IncomingMessage,
  ticket: Ticket,
  draft: Draft,
  unseen: readonly string[],
): Promise<string> {
  const { facts } = intake
  const readers = await readersOf(tx, facts, ticket, draft)
  const { messageId, seq } = await keepUnsent(tx, ticket, change, draft, readers)
  const { text: note } = unsentReply(ticket, unseen, draft, readers, {
    line: '!anyway (just that line, as a reply to this mail)',
    label: 'Send it anyway',
    seq,
  })
  await tellAuthor(tx, facts, ticket, draft.author, { kind: 'notify-refused', messageId, note })
  return messageId
}

const KEPT: Record<string, string> = {
  'tokens-disagree': 'Your mail answers messages of different kinds',
  'token-of-another': 'Your mail answers a notification that went to another agent',
  'token-seen':
    'Your mail answers a notification whose reply address is now known to others (somebody answered it with others on To or Cc), and it could not be confirmed that you wrote it',
  references: 'Your mail is not a reply to one of our notifications',
  subject: 'Your mail is not a reply to one of our notifications',
}

const TOO_LONG =
  'Your mail is too long to be checked for things that the requester must not see, so it was not sent. It was kept as an internal note. Write a short answer and attach the long text as a file.'

const SEALED =
  'Your mail, or a part of it, is encrypted or cannot be opened, so it was not sent. It was kept as an internal note. Write it again without encryption; a signature is fine.'

/** Why an agent's mail that may have been meant for the requester stays a note; null if there is nothing to tell. */
async function whyNotSent(
  tx: Tx,
  { message, commands, intake, sender }: IncomingMessage,
  ticket: Ticket,
  decision: Append,
  written: string,
): Promise<string | null> {
  const { attachments } = message
  const reason = KEPT[decision.rule]
  if (decision.direction !== 'out' && commands?.options.has('anyway') && written) {
    return 'Your mail says !anyway but also contains other text, so it was not sent. It was kept as an internal note. To send the saved answer, reply with just the line !anyway.'
  }
  if (decision.direction !== 'out' && reason) return `${reason}, so it was not sent. It was kept as an internal note.`
  if (decision.direction !== 'out' && !message.sealed) return null
  if (commands && commands.mistakes.length > 0) {
    return 'Your mail has command lines that could not be understood, so nothing was done. It was kept as an internal note.\n'.concat(
      commands.mistakes.join('\n'),
    )
  }
  if (message.sealed) return SEALED
  if (isTooLong(message)) return TOO_LONG
  if (mentionsCommand(written, knownCommands(intake.context.commands))) {
    return 'Your mail has a line that looks like a command in the middle of the text, so it was not sent. It was kept as an internal note. Put commands at the top or the bottom, each on its own line.'
  }
  if (message.mail.forwarded || isForwardSubject(message.subject)) {
    return 'Your mail forwards another one, so it was not sent. It was kept as an internal note.'
  }
  if (showsMail(written)) {
    return 'Your mail includes another mail below its text, which may contain things that the requester must not see, so it was not sent. It was kept as an internal note. Write it again without that part.'
  }
  const other = await otherNamed(tx, intake.facts, { text: written, subject: message.subject }, ticket)
  if (other !== null) return forWhich(ticket, other)
  if (!written && attachments.length === 0) {
    return 'Your mail had no text of its own, so nothing was sent. It was kept as an internal note.'
  }
  if (attachments.some(holdsMail)) {
    return 'Your mail has another mail attached, which may contain things that the requester must not see, so it was not sent. It was kept as an internal note. Write it again without that file.'
  }
  // A program that answers for the agent, and says nothing of itself, says the same each time.
  const since = new Date(Date.parse(intake.facts.at) - DAY_MS).toISOString()
  if (written && (await answeredAlike(tx, { ticketId: ticket.id, authorId: sender.id, text: written, since }))) {
    return 'You have already sent exactly this answer, so it was not sent again. It was kept as an internal note. If a program wrote it, please stop it; otherwise, use other words.'
  }
  if ((await readersOf(tx, intake.facts, ticket)).recipients.length > 0) return null
  return `The ticket has no address to send an answer to, so your mail was kept as an internal note. To add one: invite ${ticket.ref} ADDRESS.`
}

/** A mail of nothing but commands: they stay with the ticket as they were written, and nobody is told of them. */
export async function storeCommands(tx: Tx, entry: IncomingMessage, ticket: Ticket): Promise<string> {
  const { message, change, commands } = entry
  const text = (commands?.lines ?? []).map(line => `!${line}`).join('\n')
  const row = { ...messageRow(entry, ticket.id), direction: 'internal' as const, text, visible: null }
  const prepared = prepareMessage(row, takesFiles(commands) ? [] : message.attachments)
  await insertMessage(tx, prepared)
  await keepDoubt(tx, prepared.message.id, entry.doubt)
  const data = { message: prepared.message.id, content: prepared.content }
  await recordEvent(tx, ticket, { type: 'noted', data }, change)
  return prepared.message.id
}

/** A command of a mail keeps its files. */
function takesFiles(commands: IncomingMessage['commands']): boolean {
  return commands?.steps.some(({ command }) => command.body === 'required') ?? false
}
