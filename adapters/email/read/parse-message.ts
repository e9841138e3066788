// Makes a message for the desk of raw mail.
import type { Address, Authentication } from '../../../src/channel/message.ts'
import { UNKNOWN } from '../../../src/core/intake/sender-trust.ts'
import { spamReasons } from '../../../src/core/intake/spam-signs.ts'
import { alertOf } from '../../../src/core/mail/alert.ts'
import { judgeSender, withDoubts } from '../../../src/core/mail/authentication.ts'
import { bouncedRecipients, returnedIds } from '../../../src/core/mail/bounce.ts'
import { isOfSuccess, recipientStatuses } from '../../../src/core/mail/delivery-status.ts'
import { readListMail, throughList } from '../../../src/core/mail/list-mail.ts'
import type { Evidence } from '../../../src/core/mail/mail-evidence.ts'
import { classify } from '../../../src/core/mail/mail-kind.ts'
import { withoutMarks } from '../../../src/core/mail/reply/lines.ts'
import { isAnswerSubject, isForwardSubject } from '../../../src/core/mail/visible.ts'
import { isOurs, oneLine } from '../../../src/core/text/address.ts'
import { tokensIn } from '../../../src/core/ticket/token.ts'
import { codeOf, sentenceOf } from '../../../src/errors.ts'
import { doubtsOf, LONGEST_VALUE } from '../authentication/one-reading.ts'
import { doubtAboutOthersResult } from '../authentication/signature.ts'
import { trustedResults } from '../authentication/trusted-headers.ts'
import { addressesIn, writtenAddresses } from '../mime/address-list.ts'
import { removeCollected } from '../mime/collect.ts'
import { decodeWords } from '../mime/encoded-words.ts'
import { parametersOf, typeOf } from '../mime/parameters.ts'
import type { MailWithin, Parts } from '../mime/part.ts'
import { readParts } from '../mime/parts.ts'
import { type Head, headCharset, type OpenMail, openMail, type RawMessage } from '../mime/raw-head.ts'
import { SYSTEM_ERROR_CODES } from '../mime/system-error-codes.ts'
import { fingerprintOf } from './fingerprint.ts'
import { forwardedIn, textsOf } from './message-texts.ts'
import { type ReadMail, unreadable } from './parsed-mail.ts'

const LONGEST_TEXT = 300_000 // a hundred pages, and no more than is stored and searched in a moment; the rest is in the raw message
const LONGEST_SUBJECT = 1_000
const MOST_REFERENCES = 1_000
const MOST_TOKENS = 10_000

export interface ParseOptions {
  /** Addresses of the desk, lower case. */
  ownAddresses: readonly string[]
  /** Envelope, where the transport told; null where it did not. */
  envelope: { from: string; to: string[] } | null
  /** Folder and prefix for spool files. */
  spool: string
  /** Characters of text kept; 1,000,000 unless told otherwise. */
  longestText?: number
  /** Servers whose Authentication-Results and X-Spam fields count. */
  trusted?: readonly string[]
  /** Whether the layout is wanted, and with it the pictures that lie elsewhere. */
  html?: { remote: boolean }
}

/** Reads a raw message. Never rejects because of what is in it: such a message is unreadable, with the reason. */
export async function readMail(raw: RawMessage, options: ParseOptions): Promise<ReadMail> {
  try {
    const mail = await openMail(raw)
    const { head } = mail
    if (head.fields.length === 0) throw new Error('it has no header')
    const parts = await readParts(mail.raw, head, { spool: options.spool, html: options.html !== undefined })
    const read = assemble(head, parts, options)
    if (read.head && 'authentication' in read.message) {
      const { from, list } = read.head
      const found = await authenticationOf(mail, from, options) // what can be checked is From, whoever wrote it
      read.message.authentication = throughList(list, found, {
        from,
        ownAddresses: options.ownAddresses,
        looked: found !== UNKNOWN,
      })
      read.head.checked = found.reasons.length > 0
    }
    return options.html ? { ...read, html: await layoutOf(parts, options.html) } : read
  } catch (error) {
    await removeCollected(options.spool)
    if (SYSTEM_ERROR_CODES.has(codeOf(error))) throw error // nothing is wrong with the message
    return unreadable('unparsable', `This mail cannot be read: ${sentenceOf(error)}.`)
  }
}

function assemble(head: Head, all: Parts, options: ParseOptions): ReadMail {
  const byName = Map.groupBy(head.fields, field => field.name)
  const values = (name: string) => (byName.get(name) ?? []).map(field => shortenValue(field.value))
  const hint = headCharset(head)
  const written = [...values('from').slice(0, 5), ...values('sender').slice(0, 5)].flatMap(value =>
    writtenAddresses(value, hint),
  )
  const sender = addressesIn(values('from'), hint)[0] ?? addressesIn(values('sender'), hint)[0] ?? null
  const mailboxes = (name: string) => addressesIn(values(name), hint)
  const [to, cc, replyTo] = [mailboxes('to'), mailboxes('cc'), mailboxes('reply-to')]
  const { ownAddresses } = options
  const wrapped = wrappedIn(all)
  const within = wrapped?.from ?? null
  const list = readListMail({
    header: values,
    mailboxes,
    from: sender,
    to,
    cc,
    replyTo,
    wrapped: within,
    ownAddresses,
  })
  const { writer: from, lists, rewritten } = list
  const parts = rewritten && wrapped ? { ...all, text: wrapped.text, within: [] } : all
  const subject = oneLine(decodeWords(values('subject')[0] ?? '', hint), LONGEST_SUBJECT)
  const whole = withoutMarks(parts.text)
  const author = from ?? sender
  // Of what came through a list: nobody who reads along, and not ourselves.
  const [answered] =
    lists.length === 0 ? replyTo : replyTo.filter(({ address }) => !isOurs(address, [...lists, ...ownAddresses]))
  const nobodys = [...lists, ...ownAddresses, author?.address ?? '']
  const copied = {
    sender: author?.address ?? '',
    answeredAt: answered?.address ?? null,
    others: [...to, ...cc].map(({ address }) => address).filter(address => !isOurs(address, nobodys)),
  }
  const evidence = evidenceOf(values, author, options)
  const fromName = rewritten ? (from?.name ?? list.name) : nameOf(written, values)
  const verdict = classify({ ...evidence, ...deliveryEvidence(parts, whole), fromName, subject }, list.isOwn)
  const bounced =
    verdict.kind === 'bounce'
      ? bouncedRecipients({
          text: whole,
          deliveryStatus: parts.deliveryStatus,
          failedRecipients: values('x-failed-recipients'),
          to: to.map(each => each.address),
          returnedTo: addressesIn(parts.within.map(each => each.to).slice(0, 1), hint).map(each => each.address),
        }).filter(each => oneLine(each.address) === each.address) // what holds control characters is no address
      : null
  const longest = options.longestText ?? LONGEST_TEXT
  const texts = textsOf(parts, {
    longest,
    forward: isForwardSubject(subject),
    maybeForward: /^\s*vs\s?:/i.test(subject),
    answers: referencesOf(values).length > 0 || isAnswerSubject(subject),
    report: isReport(evidence, verdict.kind),
  })
  const messageId = messageIds(values('message-id').at(-1) ?? '')[0] ?? null
  // Of several Message-IDs the others may be ours, too.
  const marks = [...values('x-relaydesk-id'), ...values('message-id').slice(0, -1)].flatMap(messageIds)
  const envelopeTo = [...(options.envelope?.to ?? []), ...values('delivered-to'), ...values('x-original-to')]
  const sentAt = timeOf(values('date')[0])
  return {
    message: {
      replyTo: answered?.address ?? from?.address ?? null,
      from,
      subject,
      text: texts.text,
      visible: texts.visible,
      ...(texts.typed === texts.visible ? {} : { typed: texts.typed }),
      kind: verdict.kind,
      kindReasons: verdict.reasons.map(reason => oneLine(reason)),
      bulk: verdict.bulk,
      alert: verdict.bulk === 'alert' && author ? alertOf({ from: author.address, subject, text: whole }) : null,
      sentAt,
      reachedAt: timeOf(values('received')[0]?.split(';').at(-1)) ?? sentAt,
      messageId,
      fingerprint: messageId && author ? fingerprintOf({ messageId, ...copied }, whole, parts.attachments) : null,
      attachments: parts.attachments,
      ...(parts.sealed.length > 0 ? { sealed: true } : {}),
      authentication: UNKNOWN,
      spam: spamReasons({ header: values }, options.trusted ?? []),
      mail: {
        to,
        cc,
        addressedTo: [
          ...new Set([
            ...[...to, ...cc].map(each => each.address),
            ...envelopeTo.map(each => each.toLowerCase().trim()),
          ]),
        ].filter(address => isOurs(address, options.ownAddresses)),
        references: [
          ...referencesOf(values),
          ...(rewritten ? messageIds(wrapped?.messageId ?? '') : []),
          ...(verdict.kind === 'bounce' ? [...parts.carried, ...returnedIds(whole)].flatMap(messageIds) : []),
        ],
        ...(marks.length > 0 ? { marks } : {}),
        ...(hasNullSender(head, options) ? { nullSender: true as const } : {}),
        failures: bounced ?? [],
        forwarded: forwardedIn(parts, whole.slice(0, longest + 1), { subject, longest }),
        ...(lists.length > 0 ? { through: { lists, name: list.name } } : {}),
      },
    },
    from: rewritten ? from : (written[0] ?? from),
    head: { from: sender?.address ?? null, list, checked: false, signed: byName.has('dkim-signature') },
    bounced,
    html: null,
  }
}

/** How far the sender is confirmed by what a trusted server found, and by how the message can be read. */
async function authenticationOf(
  mail: OpenMail,
  from: string | null,
  { trusted = [], ownAddresses }: ParseOptions,
): Promise<Authentication> {
  const trustedVerdict = trustedResults(mail.head, trusted)
  if (trustedVerdict === null) return UNKNOWN
  const judged = judgeSender(from, trustedVerdict.results)
  const doubts = [...(trustedVerdict.doubt ? [trustedVerdict.doubt] : []), ...doubtsOf(mail.head, from)]
  const weak =
    judged.signed && from && doubts.length === 0 ? await doubtAboutOthersResult(mail, { from, ownAddresses }) : null
  if (weak === null) return withDoubts(judged, doubts)
  return { ...withDoubts(judged, [weak.reason]), ...(weak.partly ? { partly: true as const } : {}) }
}

/** The mail that a list put into one of its own, to leave it as it is; undefined where there is more than that. */
function wrappedIn({ text, calendars, within }: Parts): MailWithin | undefined {
  return text.trim() === '' && calendars.length === 0 && within.length === 1 ? within[0] : undefined
}

/** Loaded where it is asked for: mail that only comes in needs none of it. */
async function layoutOf(parts: Parts, { remote }: { remote: boolean }): Promise<ReadMail['html']> {
  if (!parts.html.trim()) return null
  const [{ safeHtml }, { picturesOf }] = await Promise.all([
    import('../../../src/core/mail/safe-html.ts'),
    import('./pictures.ts'),
  ])
  return safeHtml(parts.html, { remote, pictures: picturesOf(parts.attachments) })
}

/** What the sender calls itself; all of the field where it is no mailbox. */
function nameOf(written: readonly Address[], values: (name: string) => string[]): string {
  return written[0]?.name || (written[0]?.address ? '' : (values('from')[0] ?? ''))
}

/** A report about a mail brings that mail along, which says nothing of its own. */
function isReport({ contentType }: Evidence, kind: string): boolean {
  return contentType === 'multipart/report' || kind === 'bounce'
}

function deliveryEvidence({ deliveryStatus }: Parts, text: string): Pick<Evidence, 'text' | 'delivered'> {
  const statuses = deliveryStatus.flatMap(recipientStatuses)
  return { text, delivered: deliveryStatus.length > 0 ? isOfSuccess(statuses) : null }
}

function evidenceOf(values: (name: string) => string[], from: Address | null, options: ParseOptions): Evidence {
  const returnPath = values('return-path')[0]
  const contentType = values('content-type')[0] ?? ''
  return {
    header: values,
    contentType: typeOf(contentType),
    reportType: (parametersOf(contentType).get('report-type') ?? '').toLowerCase(),
    fromAddress: from?.address ?? null,
    envelopeFrom: options.envelope?.from ?? (returnPath === undefined ? null : returnPath.replace(/[<>\s]/g, '')),
  }
}

/**
 * Where no envelope is told, the mailbox's server keeps its sender in Return-Path, on top of what it was handed (RFC 5321
 * section 4.4). What stands below the first hop to it anybody may have written.
 */
function hasNullSender({ fields }: Head, { envelope }: ParseOptions): boolean {
  if (envelope) return envelope.from === ''
  const hop = fields.findIndex(({ name, value }) => name === 'received' && /^\s*from\b/i.test(value))
  const path = fields.findIndex(({ name }) => name === 'return-path')
  return path >= 0 && (hop < 0 || path < hop) && /^\s*<\s*>\s*$/.test(fields[path]?.value ?? '')
}

/** Of a value that is too long its start and its end; such a message confirms nobody. */
function shortenValue(value: string): string {
  if (value.length <= LONGEST_VALUE) return value
  return `${value.slice(0, LONGEST_VALUE / 2)} ${value.slice(-LONGEST_VALUE / 2)}`
}

/** RFC 5322 section 3.6.4: In-Reply-To says what is answered; References lists the conversation, the newest last. */
function referencesOf(values: (name: string) => string[]): string[] {
  const answered = values('in-reply-to').flatMap(messageIds)
  const conversation = values('references').flatMap(messageIds)
  const all = [...new Set([...answered, ...conversation.toReversed()])]
  const ours = all.slice(MOST_REFERENCES).filter(id => tokensIn(id).length > 0) // wherever they stand
  return [...all.slice(0, MOST_REFERENCES), ...ours.slice(0, MOST_TOKENS)]
}

function messageIds(written: string): string[] {
  const value = written.replace(/[\0-\x08\x0e-\x1f\x7f-\x9f]+/g, '') // blanks and line ends stay: no id goes over them
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
