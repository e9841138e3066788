// Answers somebody who asks how their tickets are.
import type { InboundMessage } from '../../channel/message.ts'
import { countedAs, trustOf } from '../../core/intake/sender-trust.ts'
import { plainName } from '../../core/text/address.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { queue } from '../../store/outbox.ts'
import { countRate } from '../../store/rates.ts'
import type { Intake, Origin } from '../context.ts'

const HOUR_MS = 60 * 60 * 1000
const MOST_TOLD = 5 // to one address, so that two machines fall silent

/** Tells somebody who asks how the tickets are that they take part in; only ever at the address that asks. */
export async function sendStatus(tx: Tx, intake: Intake, origin: Origin, message: InboundMessage): Promise<void> {
  const { from, messageId, authentication } = message
  const { facts } = intake
  if (!from || facts.isOurs(from.address)) return
  const cause = trustOf(authentication.result, message.chat?.thread !== undefined)
  if ((await countRate(tx, `status for ${countedAs(from.address, cause)}`, facts.at, HOUR_MS)) > MOST_TOLD) return
  const draft = {
    kind: 'status',
    purpose: 'requester',
    channel: origin.channel,
    inReplyTo: messageId,
    refs: messageId ? [messageId] : [],
    cause,
  } as const
  await queue(tx, draft, [{ recipient: from.address, name: plainName(from.name), shown: 'to' }], facts.at)
}
