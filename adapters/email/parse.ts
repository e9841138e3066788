import type { AddressObject, EmailAddress } from 'mailparser'
import type { Address } from '../../src/channel.ts'
import { isOurs, normaliseAddress, oneLine } from '../../src/core/address.ts'
import { bouncedRecipients, returnedIds } from '../../src/core/bounce.ts'
import { isOfSuccess, recipientStatuses } from '../../src/core/delivery-status.ts'
import { classify, type Evidence } from '../../src/core/kind.ts'
import { withoutMarks } from '../../src/core/reply/lines.ts'
import { isForwardSubject, visibleReply } from '../../src/core/visible.ts'
import { codeOf, sentenceOf } from '../../src/errors.ts'
import { removeCollected } from './collect.ts'
import { FAULTS } from './faults.ts'
import { fingerprintOf } from './fingerprint.ts'
import { type Head, type RawMessage, readHead } from './head.ts'
import { type ReadMail, unreadable } from './parsed.ts'
import { type Parts, readParts } from './parts.ts'

const LONGEST_TEXT = 1_000_000 // the rest of a longer text is in the raw message
const LONGEST_SUBJECT = 1_000
const MOST_ADDRESSES = 200

export interface ParseOptions {
  /** Addresses of the desk, lower case. */
  own: readonly string[]
  /** Envelope, where the transport told; null where it did not. */
  envelope: { from: string; to: string[] } | null
  /** Folder and prefix for spool files. */
  spool: string
  /** Characters of text kept; 1,000,000 unless told otherwise. */
  longestText?: number
}

/** Reads a raw message. Never rejects because of what is in it: such a message is unreadable, with the reason. */
export async function readMail(raw: RawMessage, options: ParseOptions): Promise<ReadMail> {
  try {
    const head = await readHead(raw)
    if (head.fields.length === 0) throw new Error('it has no header')
    const parts = await readParts(raw, head, options.spool)
    return assemble(head, parts, options)
  } catch (error) {
    await removeCollected(options.spool)
    if (FAULTS.has(codeOf(error))) throw error // nothing is wrong with the message
    return unreadable('unparsable', `This is no mail we can read: ${sentenceOf(error)}.`)
  }
}

function assemble(head: Head, parts: Parts, options: ParseOptions): ReadMail {
  const { headers } = parts
  const values = (name: string) => head.fields.filter(field => field.name === name).map(field => field.value)
  const from = addressesOf(headers.get('from'))[0] ?? addressesOf(headers.get('sender'))[0] ?? null
  const to = addressesOf(headers.get('to'))
  const cc = addressesOf(headers.get('cc'))
  const contentType = contentTypeOf(headers.get('content-type'))
  const subject = oneLine(String(headers.get('subject') ?? ''), LONGEST_SUBJECT)
  const whole = withoutMarks(parts.text)
  const verdict = classify({ ...evidenceOf(values, contentType, from, options), ...saidIn(parts, whole), subject })
  const bounced =
    verdict.kind === 'bounce'
      ? bouncedRecipients({
          text: whole,
          deliveryStatus: parts.deliveryStatus,
          failedRecipients: values('x-failed-recipients'),
          to: to.map(each => each.address),
        })
      : null
  const longest = options.longestText ?? LONGEST_TEXT
  const marked =
    parts.text.length > longest
      ? `${parts.text.slice(0, longest).toWellFormed()}\n\n(cut here: the whole text is in the raw message)`
      : parts.text
  const text = withoutMarks(marked)
  const messageId = messageIds(values('message-id').at(-1) ?? '')[0] ?? null
  const envelopeTo = [...(options.envelope?.to ?? []), ...values('delivered-to'), ...values('x-original-to')]
  const sentAt = timeOf(values('date')[0])
  return {
    message: {
      replyTo: addressesOf(headers.get('reply-to'))[0]?.address ?? from?.address ?? null,
      from,
      to,
      cc,
      addressedTo: [
        ...new Set([...[...to, ...cc].map(each => each.address), ...envelopeTo.map(each => each.toLowerCase().trim())]),
      ].filter(address => isOurs(address, options.own)),
      subject,
      text,
      visible: visibleReply(marked, { forward: isForwardSubject(subject) }),
      kind: verdict.kind,
      kindReasons: verdict.reasons,
      sentAt,
      reachedAt: timeOf(values('received')[0]?.split(';').at(-1)) ?? sentAt,
      messageId,
      references: [
        ...referencesOf(values),
        ...(verdict.kind === 'bounce' ? [...parts.carried, ...returnedIds(whole)] : []),
      ],
      fingerprint:
        messageId === null || from === null ? null : fingerprintOf(messageId, from.address, whole, parts.attachments),
      attachments: parts.attachments,
    },
    from: from && { ...from, address: writtenAddress(headers.get('from')) ?? from.address },
    bounced,
  }
}

function saidIn({ headers, deliveryStatus }: Parts, text: string): Pick<Evidence, 'text' | 'fromName' | 'delivered'> {
  const statuses = deliveryStatus.flatMap(recipientStatuses)
  const written = headers.get('from') as AddressObject | undefined
  return {
    text,
    fromName: String(written?.value?.[0]?.name || written?.text || ''),
    delivered: deliveryStatus.length > 0 ? isOfSuccess(statuses) : null,
  }
}

function evidenceOf(
  values: (name: string) => string[],
  contentType: { value: string; params: Record<string, string> },
  from: Address | null,
  options: ParseOptions,
): Evidence {
  const returnPath = values('return-path')[0]
  return {
    header: values,
    contentType: contentType.value,
    reportType: (contentType.params['report-type'] ?? '').toLowerCase(),
    fromAddress: from?.address ?? null,
    envelopeFrom: options.envelope?.from ?? (returnPath === undefined ? null : returnPath.replace(/[<>\s]/g, '')),
  }
}

function contentTypeOf(header: unknown): { value: string; params: Record<string, string> } {
  const { value = '', params = {} } = (header ?? {}) as { value?: string; params?: Record<string, string> }
  return { value: String(value).toLowerCase(), params }
}

/** Addresses of a header in order, groups taken apart, what is no address left out. */
function addressesOf(header: unknown): Address[] {
  const objects = (Array.isArray(header) ? header : header ? [header] : []) as AddressObject[]
  const flat = (list: EmailAddress[]): EmailAddress[] => list.flatMap(each => (each.group ? flat(each.group) : [each]))
  const addresses: Address[] = []
  for (const each of objects.flatMap(object => flat(object.value ?? []))) {
    const address = normaliseAddress(each.address ?? '')
    if (address && !addresses.some(known => known.address === address)) {
      addresses.push({ address, name: oneLine(each.name ?? '') })
    }
    if (addresses.length >= MOST_ADDRESSES) break
  }
  return addresses
}

function writtenAddress(header: unknown): string | undefined {
  const objects = (Array.isArray(header) ? header : header ? [header] : []) as AddressObject[]
  return objects[0]?.value?.[0]?.address
}

/** RFC 5322 section 3.6.4: In-Reply-To says what is answered; References lists the conversation, the newest last. */
function referencesOf(values: (name: string) => string[]): string[] {
  const answered = values('in-reply-to').flatMap(messageIds)
  const conversation = values('references').flatMap(messageIds)
  return [...new Set([...answered, ...conversation.toReversed()])]
}

function messageIds(value: string): string[] {
  const bracketed = value.match(/<[^<>\s]{1,990}>/g)
  if (bracketed) return bracketed
  const bare = value.trim()
  return /^[^<>\s@]{1,500}@[^<>\s@]{1,400}$/.test(bare) ? [`<${bare}>`] : []
}

/** RFC 5322 section 3.3, as machines write it; null for what is no date or cannot be true. */
function timeOf(value: string | undefined): string | null {
  if (!value) return null
  const time = Date.parse(value.replace(/\([^()]*\)/g, ' ').trim())
  if (Number.isNaN(time) || time < 0 || time > 4_102_444_800_000) return null
  return new Date(time).toISOString()
}
