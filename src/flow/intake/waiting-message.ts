// A message that waits for somebody's decision: found, and read again from what was stored of it.
import { able } from '../../channel/abilities.ts'
import type { InboundMessage, UnreadableMessage } from '../../channel/message.ts'
import { DeskError } from '../../errors.ts'
import { type Arrival, arrivalByNumber } from '../../store/arrivals.ts'
import { readBlob } from '../../store/blobs.ts'
import type { Sql } from '../../store/engine/sql.ts'
import type { Context } from '../context.ts'

/** A message that an agent may decide on: it is held, or was ignored by a rule. */
export async function decidable(sql: Sql, number: number): Promise<Arrival> {
  const waiting = await arrivalByNumber(sql, number)
  if (waiting && /^(?:held|ignored):(?!gone$|own-)/.test(waiting.outcome)) return waiting
  throw new DeskError(
    'not-found',
    `There is no held or ignored message M-${number}: relaydesk inbox list --all shows all messages.`,
  )
}

/** Reads a message that waits once more. Rejects with a sentence if that cannot be done. */
export async function rereadWaiting(context: Context, waiting: Arrival): Promise<InboundMessage> {
  const { store, files } = context
  const message = await through(context, waiting, 'reread').reread(await readBlob(store.read, files, waiting.raw))
  return readable(waiting, message)
}

function readable(waiting: Arrival, message: InboundMessage | UnreadableMessage): InboundMessage {
  if (!('quarantine' in message)) return message
  throw new DeskError('conflict', `M-${waiting.number} still cannot be read: ${message.detail}`)
}

/** The channel that a message came through, as one that can do this. Throws a `DeskError` if there is none. */
export function through<Ability extends 'layout' | 'reread'>(
  context: Context,
  { channel, number }: Arrival,
  ability: Ability,
) {
  const adapter = context.channels.get(channel)?.adapter
  if (!adapter) {
    throw new DeskError('unavailable', `The channel "${channel}" of M-${number} is not configured: add it again.`)
  }
  const found = able(adapter, ability)
  if (found) return found
  throw new DeskError('unavailable', `Messages from "${channel}" cannot be shown in that way.`)
}
