// The command tried: what did not help.
import { DeskError } from '../../errors.ts'
import { recordEvent } from '../../store/tickets.ts'
import { storeInternalText, type What } from '../command/internal-text.ts'
import { onTicket } from '../command/on-ticket.ts'

/** `tried HD-7 a new cable, no change`: so that nobody tries it again. */
export const tried = createNoteCommand('tried', 'tried', 'Records what was tried without success, for agents only.')

/** `call HD-7 "Ann says it works again"`. */
export const call = createNoteCommand(
  'call',
  'call',
  'Records a phone call, for agents only; log call opens a new ticket for one.',
)

function createNoteCommand(word: string, what: What, summary: string) {
  return onTicket({
    word,
    summary,
    body: 'required',
    async writes(tx, { actor, body, attachments }, ticket, change) {
      if (!body.trim())
        throw new DeskError('usage', `Write what happened: ${word} ${ticket.ref} followed by your text.`)
      const note = await storeInternalText(tx, ticket, change, actor, body, what, attachments)
      const data = { message: note.message ?? '', content: note.content ?? '', what }
      await recordEvent(tx, ticket, { type: 'noted', data }, change)
      return { text: `Recorded on ${ticket.ref}; only agents see it.`, data: { ref: ticket.ref } }
    },
  })
}
