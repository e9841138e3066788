// An agent's forward opens a ticket for whoever wrote what is forwarded.
import type { InboundMessage } from '../../channel/message.ts'
import { addNote } from '../../commands/talk/note.ts'
import { quoted } from '../../commands/talk/unseen.ts'
import { isShown } from '../../core/intake/proof.ts'
import { nothingConfirms, UNKNOWN } from '../../core/intake/sender-trust.ts'
import { withoutForwardMark } from '../../core/mail/visible.ts'
import { DeskError } from '../../errors.ts'
import { isAgent } from '../../people/access.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { type Ticket, ticketById } from '../../store/tickets.ts'
import { type Intake, meet } from '../context.ts'
import type { PlacedMessage } from '../intake/append-message.ts'
import { rememberThread } from '../intake/clues.ts'
import type { IntakeSituation } from '../intake/gather.ts'
import { openWith } from '../intake/open-ticket.ts'
import type { MailCommands } from './mail-command.ts'
import { readConfirmedCommands } from './read-mail-commands.ts'

/**
 * An agent forwarded a mail that came to them: the ticket is its writer's, and they are told of it. What the agent
 * wrote above it stays among agents.
 */
export async function openForwarded(
  tx: Tx,
  intake: Intake,
  situation: IntakeSituation,
  hasCommands: boolean,
): Promise<PlacedMessage> {
  const { origin, message } = situation
  const {
    from,
    mail: { forwarded },
  } = message
  if (!forwarded || !from) throw new DeskError('unsound', 'A message that forwards nothing was taken for a forward.')
  const agent = await meet(tx, intake, { kind: origin.kind, ...from })
  const original: InboundMessage = {
    ...message,
    from: forwarded.from,
    replyTo: forwarded.from.address,
    mail: { ...message.mail, to: [], cc: [] },
    subject: forwarded.subject || withoutForwardMark(message.subject),
    text: forwarded.text,
    visible: forwarded.visible,
    messageId: forwarded.messageId,
    authentication: UNKNOWN,
  }
  const shown = isShown(situation.proof, isAgent(agent))
  const doubt = shown ? null : nothingConfirms(agent.name, 'this forward')
  let commands: MailCommands | null = null
  const keepNote = async (ticket: Ticket): Promise<string | undefined> => {
    await rememberThread(tx, origin.channel, message, ticket.id)
    if (hasCommands) commands = await readConfirmedCommands(tx, intake, situation, ticket)
    const text = commands && commands.mistakes.length === 0 ? commands.text : forwarded.comment
    if (!text) return undefined
    const change = { at: intake.facts.at, actorId: agent.id, channel: origin.channel }
    const note = { author: agent, text, attachments: [], kind: 'person' } as const
    await addNote(tx, intake.facts, ticket, change, { ...note, doubt: shown ? null : nothingConfirms(agent.name) })
    return `${agent.name} forwarded it, with this note for agents:\n\n${quoted(text)}`
  }
  const forward = { recordedBy: agent, doubt, beforeTelling: keepNote }
  const result = await openWith(tx, intake, { ...situation, message: original }, forward)
  const ticket = result.ticketId === null ? undefined : await ticketById(tx, result.ticketId)
  return { result, pending: commands && { origin, commands, actor: agent, ticket, files: [] } }
}
