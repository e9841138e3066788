// A message of Slack as a message for the desk.
import { inboundMessage } from '../../../src/channel/inbound.ts'
import type { Content, InboundMessage, UnreadableMessage } from '../../../src/channel/message.ts'
import { sha256 } from '../../../src/content.ts'
import { sentenceOf } from '../../../src/errors.ts'
import { isoOf } from '../api/slack-time.ts'
import { otherAddresses } from '../people/workspace-people.ts'
import { listOf, textOf } from '../text/text-fields.ts'
import { placeOf } from '../workspace.ts'
import { subjectOf, textOfMessage } from './message-text.ts'
import { readStored, type StoredMessage } from './stored-message.ts'

/** `contents` are those of its files, in their order. */
export function messageOf(stored: StoredMessage, raw: Content, contents: readonly Content[]): InboundMessage {
  const { team, channel, ts, person, left: omittedFiles, internal, shared, within } = stored
  const written = textOfMessage(stored.event, stored)
  const at = isoOf(ts)
  const thread = placeOf({ team, channel, ts: stored.thread })
  return inboundMessage({
    id: placeOf({ team, channel, ts }),
    replyTo: thread,
    from: { address: person.address, name: person.name },
    subject: subjectOf(
      written,
      listOf(stored.event.files).map(file => textOf(file.name) || textOf(file.title)),
    ),
    text: [written, omittedFiles.join('\n')].filter(each => each !== '').join('\n\n'),
    sentAt: at,
    reachedAt: at,
    raw,
    authentication: { result: 'pass', reasons: [`Slack, workspace ${person.address.split('/')[0]}`] },
    alsoKnownAs: otherAddresses(person),
    attachments: stored.files.flatMap(({ name, type }, at) => {
      const content = contents[at]
      return content ? [{ name, type, contentId: null, content }] : []
    }),
    chat: {
      thread,
      ...(internal ? { internal: true } : {}),
      ...(shared ? { shared: true } : {}),
      ...(within === null ? {} : { row: { key: `${team}/${channel}/${person.userId}`, within } }),
    },
  })
}

/** Reads a message as it was stored, without asking anybody. */
export function rereadMessage(raw: Uint8Array): InboundMessage | UnreadableMessage {
  const content: Content = { sha256: sha256(raw), size: raw.length, encoding: 'identity', bytes: raw }
  const found = readStored(raw)
  if (!found) return unreadable(content.sha256, content, 'It is no message of Slack that was stored whole.')
  try {
    return messageOf(found.stored, content, found.contents)
  } catch (error) {
    const { team, channel, ts } = found.stored
    return unreadable(placeOf({ team, channel, ts }), content, sentenceOf(error))
  }
}

export function unreadable(id: string, raw: Content, detail: string): UnreadableMessage {
  return { id, raw, quarantine: 'unparsable', detail }
}
