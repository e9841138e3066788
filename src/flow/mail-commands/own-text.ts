// What an agent typed in a mail, in which commands may stand: never what it quotes, forwards or shows of others.
import type { InboundMessage } from '../../channel/message.ts'
import { claimsOf } from '../../core/intake/proof.ts'
import { aboveForward } from '../../core/mail/forward.ts'
import { aboveMarker, isAnswerSubject, isForwardSubject } from '../../core/mail/visible.ts'
import { findCommandLines } from '../../core/text/mail-command-lines.ts'
import type { TokenKey } from '../../core/ticket/token.ts'

/**
 * Characters of an agent's mail in which commands are looked for, and that may leave as an answer: more than anybody
 * types, and so few that looking for what must not leave holds up nobody else.
 */
const LONGEST_TYPED = 50_000

/** Whether an agent's mail is longer than what is looked through, so that nothing of it is done or leaves. */
export function isTooLong({ visible, mail: { forwarded } }: InboundMessage): boolean {
  return (forwarded?.comment ?? visible).length > LONGEST_TYPED
}

/** Says so of one with commands. */
export const TOO_LONG = `Your mail has more than ${LONGEST_TYPED} characters, which is too long for commands: send the commands in a separate mail, or attach the long text as a file.`

const ownTexts = new WeakMap<InboundMessage, string>()

/** The text in which an agent may give commands: never what is quoted or forwarded. It is asked for time and again. */
export function ownText(message: InboundMessage): string {
  const text = ownTexts.get(message) ?? findOwnText(message)
  ownTexts.set(message, text)
  return text
}

function findOwnText({ subject, typed, visible, mail: { forwarded } }: InboundMessage): string {
  if (forwarded) return forwarded.comment.slice(0, LONGEST_TYPED)
  return isForwardSubject(subject) ? '' : aboveForward(aboveMarker((typed ?? visible).slice(0, LONGEST_TYPED)))
}

/** The command lines of an agent's mail as they are written, and the rest of what its writer typed. */
export function commandLinesOf(keys: readonly TokenKey[], message: InboundMessage): { lines: string[]; text: string } {
  return findCommandLines(ownText(message), { atTop: showsOthers(keys, message) })
}

/**
 * It answers somebody's mail that did not come from the desk: what programs quote of it may stand below without any
 * mark, so the bottom may be words of others. Mail of ours begins with a line that tells where it begins.
 */
function showsOthers(keys: readonly TokenKey[], message: InboundMessage): boolean {
  if (message.mail.forwarded || (message.mail.references.length === 0 && !isAnswerSubject(message.subject)))
    return false
  return claimsOf(keys, message).length === 0
}
