// A submitted form, kept so that it can be read again.
import { z } from 'zod'
import { inboundMessage } from '../../../src/channel/inbound.ts'
import type { InboundMessage } from '../../../src/channel/message.ts'
import { pack } from '../../../src/content.ts'
import { otherAddresses, type Person } from '../people/workspace-people.ts'

/** A form with which somebody opened a ticket, with all that is needed to read it again without asking Slack. */
const storedForm = z.object({
  kind: z.literal('form'),
  id: z.string().min(1),
  person: z.object({
    address: z.string(),
    userId: z.string(),
    name: z.string(),
    email: z.string().nullable(),
    isBot: z.boolean(),
    isOurs: z.boolean(),
  }),
  subject: z.string(),
  text: z.string(),
  urgency: z.enum(['low', 'medium', 'high']).nullable(),
  /** The conversation in which it is answered; null: one that begins in the person's messages. */
  thread: z.string().nullable(),
  /** ISO 8601 UTC. */
  sentAt: z.string(),
})

export type StoredForm = z.infer<typeof storedForm>

/** What was entered, as a message of the person who did. */
export function submissionOf(
  values: Readonly<Record<string, string>>,
  about: Pick<StoredForm, 'id' | 'thread' | 'sentAt'> & { person: Person },
): InboundMessage {
  const { subject = '', text = '', urgency } = values
  const known = storedForm.shape.urgency.safeParse(urgency)
  const form: StoredForm = {
    kind: 'form',
    ...about,
    subject: subject.replace(/\s+/g, ' ').trim(),
    text: text.replace(/\r\n?/g, '\n').trim(),
    urgency: known.success ? known.data : null,
  }
  return messageOf(form, Buffer.from(JSON.stringify(form)))
}

/** Reads one again as it was stored; undefined for what is none. */
export function rereadSubmission(raw: Uint8Array): InboundMessage | undefined {
  try {
    const read = storedForm.safeParse(JSON.parse(Buffer.from(raw).toString()))
    return read.success ? messageOf(read.data, raw) : undefined
  } catch {
    return undefined
  }
}

function messageOf(form: StoredForm, raw: Uint8Array): InboundMessage {
  const { id, person, subject, text, urgency, thread, sentAt } = form
  return inboundMessage({
    id,
    replyTo: thread ?? person.address,
    from: { address: person.address, name: person.name },
    subject,
    text,
    sentAt,
    reachedAt: sentAt,
    live: true,
    authentication: { result: 'pass', reasons: [`Slack, workspace ${person.address.split('/')[0]}`] },
    alsoKnownAs: otherAddresses(person),
    ...(urgency === null ? {} : { urgency }),
    raw: pack(raw),
    ...(thread === null ? {} : { chat: { thread } }),
  })
}
