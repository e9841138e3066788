// A message of Slack as a message for the desk.
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
export function inboundMessage(stored: StoredMessage, raw: Content, contents: readonly Content[]): InboundMessage {
  const { team, channel, ts, person, left } = stored
  const said = textOfMessage(stored.event, stored)
  const text = [said, left.join('\n')].filter(each => each !== '').join('\n\n')
  const at = isoOf(ts)
  const thread = placeOf({ team, channel, ts: stored.thread })
  return {
    ...factsOfMail(),
    id: placeOf({ team, channel, ts }),
    thread,
    replyTo: thread,
    from: { address: person.address, name: person.name },
    subject: subjectOf(
      said,
      listOf(stored.event.files).map(file => textOf(file.name) || textOf(file.title)),
    ),
    text,
    visible: text,
    sentAt: at,
    reachedAt: at,
    raw,
    authentication: { result: 'pass', reasons: [`Slack, workspace ${person.address.split('/')[0]}`] },
    alsoKnownAs: otherAddresses(person),
    ...(stored.internal ? { internal: true } : {}),
    ...(stored.shared ? { shared: true } : {}),
    ...(stored.within === null ? {} : { row: { key: `${team}/${channel}/${person.userId}`, within: stored.within } }),
    attachments: stored.files.flatMap(({ name, type }, at) => {
      const content = contents[at]
      return content ? [{ name, type, contentId: null, content }] : []
    }),
  }
}

type OfMail = 'to' | 'cc' | 'addressedTo' | 'references' | 'failures' | 'forwarded' | 'bulk' | 'alert'

/** What a chat knows nothing of. */
function factsOfMail(): Pick<InboundMessage, OfMail | 'kind' | 'kindReasons' | 'spam' | 'messageId' | 'fingerprint'> {
  return {
    to: [],
    cc: [],
    addressedTo: [],
    references: [],
    failures: [],
    kindReasons: [],
    spam: [],
    kind: 'person',
    bulk: null,
    alert: null,
    forwarded: null,
    messageId: null,
    fingerprint: null,
  }
}

/** Reads a message as it was stored, without asking anybody. */
export function rereadMessage(raw: Uint8Array): InboundMessage | UnreadableMessage {
  const content: Content = { sha256: sha256(raw), size: raw.length, encoding: 'identity', bytes: raw }
  const found = readStored(raw)
  if (!found) return unreadable(content.sha256, content, 'It is no message of Slack that was stored whole.')
  try {
    return inboundMessage(found.stored, content, found.contents)
  } catch (error) {
    const { team, channel, ts } = found.stored
    return unreadable(placeOf({ team, channel, ts }), content, sentenceOf(error))
  }
}

export function unreadable(id: string, raw: Content, detail: string): UnreadableMessage {
  return { id, raw, quarantine: 'unparsable', detail }
}
