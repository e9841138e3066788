// Reads the messages that agents' mails decide on before the transaction, which cannot wait for that.
import type { InboundMessage } from '../../channel/message.ts'
import { isBelieved } from '../../core/intake/sender-trust.ts'
import { findCommandLines } from '../../core/text/mail-command-lines.ts'
import { isAgent } from '../../people/access.ts'
import { personByIdentity } from '../../store/people.ts'
import type { Context } from '../context.ts'
import { contentsOf } from '../intake/inbound-item.ts'
import { decidable, rereadWaiting } from '../intake/waiting-message.ts'
import { ownText } from './own-text.ts'

const DECIDES = /^(?:join|open)\s+m?-?(\d{1,12})\b/gim
const SEEMS_TO_DECIDE = /\b(?:join|open)\s+m?-?\d/i
const MOST = 5 // of one mail

/** Messages that agents' mails in a group decide on, read before the transaction, which cannot wait for that. */
export async function rereadDecided(
  context: Context,
  group: readonly { channel: string; message: object }[],
): Promise<Map<number, InboundMessage>> {
  const reread = new Map<number, InboundMessage>()
  for (const { channel, message } of group) {
    if (!('visible' in message)) continue
    const {
      from,
      authentication,
      visible,
      mail: { forwarded },
    } = message as InboundMessage
    if (!SEEMS_TO_DECIDE.test(visible) && !SEEMS_TO_DECIDE.test(forwarded?.comment ?? '')) continue // as nearly all
    if (!from || !isBelieved(authentication.result)) continue
    const kind = context.channels.get(channel)?.kind ?? 'email'
    if (!isAgent(await personByIdentity(context.store.read, kind, from.address))) continue
    const commandText = findCommandLines(ownText(message as InboundMessage)).lines.join('\n')
    const numbers = [...commandText.matchAll(DECIDES)].slice(0, MOST).map(found => Number(found[1]))
    for (const number of numbers.filter(each => !reread.has(each))) {
      const found = await decidable(context.store.read, number)
        .then(waiting => rereadWaiting(context, waiting))
        .catch(() => undefined) // whatever is wrong is told when the command is carried out
      if (!found) continue
      for (const content of contentsOf(found)) await context.files.keep(content)
      reread.set(number, found)
    }
  }
  return reread
}
