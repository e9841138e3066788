// Reads which recipients a bounce is about.
import type { DeliveryFailure } from '../../channel/message.ts'
import { type BounceReason, derivedStatus, inWords, isHard, reasonOf } from './bounce-reason.ts'
import { failureOf, hasFailed, type RecipientStatus, recipientStatuses } from './delivery-status.ts'
import { bestStatus, replyCode } from './status-code.ts'

/** What a mail that tells of a failed delivery holds. */
export interface BounceContent {
  /** All of its text; what is behind a copy of the returned mail is left out. */
  text: string
  /** Bodies of its message/delivery-status parts. */
  deliveryStatus: readonly string[]
  /** Values of its X-Failed-Recipients fields. */
  failedRecipients: readonly string[]
  /** Whom the bounce itself is addressed to: the sender of what was returned. */
  to: readonly string[]
  /** Whom the returned mail is addressed to, where it is a part of its own. */
  returnedTo?: readonly string[]
}

const LONGEST = 64 * 1024
const LONGEST_SEGMENT = 4_000
const MOST_LINES = 2_000
const MOST_RECIPIENTS = 200

/** Recipients that a bounce is about: those of its delivery status (RFC 3464), else those that its text names. */
export function bouncedRecipients(content: BounceContent): DeliveryFailure[] {
  const text = withoutReturned(content.text.slice(0, LONGEST))
  const enclosed = content.deliveryStatus.flatMap(recipientStatuses)
  const statuses = (enclosed.length > 0 ? enclosed : shownStatus(content.text)).slice(0, MOST_RECIPIENTS)
  const begin = text.search(/did not reach the following/i) // what is above names all of the mail's recipients
  const segments = segmentsOf(begin < 0 ? text : text.slice(begin), content.to)
  const reported = statuses
    .filter(status => hasFailed(status) || status.action === 'delayed')
    .map(status => failureOf(status, segments.get(status.address) ?? (statuses.length === 1 ? text : ''), text))
  if (statuses.length > 0) return distinct(reported)
  const listed = content.failedRecipients.flatMap(value => addressesIn(value.slice(0, LONGEST)))
  const named = listed.length > 0 ? listed : [...segments.keys()]
  const found = named.length > 0 ? named : addressedIn(text, content)
  const once = [...new Set(found)].slice(0, MOST_RECIPIENTS)
  const alone = once.length <= 1
  const delayed = isDelay(text)
  return distinct(once.map(address => recipientFrom(address, segments.get(address) ?? '', alone ? text : '', delayed)))
}

/** A delivery status that lost its place among the parts and stands in the text. */
function shownStatus(text: string): RecipientStatus[] {
  const at = text.slice(0, LONGEST).search(/^(?:final|original)-recipient:/im)
  return at < 0 ? [] : recipientStatuses(text.slice(at, at + LONGEST))
}

function recipientFrom(address: string, segment: string, whole: string, delayed: boolean): DeliveryFailure {
  const bySegment = reasonOfSegment(segment, whole || segment)
  const words = bySegment === 'unclear' && whole ? whole : segment
  const stated = bestStatus('', words) || (whole ? bestStatus('', whole) : '')
  const reason = words === segment ? bySegment : reasonOf(words, stated)
  const status = stated || derivedStatus(reason, replyCode(words))
  return { address, status, hard: !delayed && isHard(reason), reason: inWords(reason), ...(delayed ? { delayed } : {}) }
}

/** The server's own answer outweighs what the report makes of it for its readers. */
function reasonOfSegment(segment: string, context: string): BounceReason {
  const status = bestStatus('', segment)
  const all = reasonOf(segment, status, segment, context)
  if (!isHard(all)) return all
  const answers = [...segment.replace(/\s+/g, ' ').matchAll(/(?<![\d.])[45][0-5]\d[ -].{1,300}/g)].map(
    found => found[0],
  )
  const answered = answers.length > 0 ? reasonOf(answers.join(' '), status, segment) : 'unclear'
  return answered === 'unclear' ? all : answered
}

function distinct(recipients: readonly DeliveryFailure[]): DeliveryFailure[] {
  const known = new Map<string, DeliveryFailure>()
  for (const each of recipients) if (!known.has(each.address)) known.set(each.address, each)
  return [...known.values()].slice(0, MOST_RECIPIENTS)
}

const ADDRESS = /[^\s<>()[\]",;:'=\u3000-\u30ff\uff00-\uffef]{1,128}@[a-z0-9][a-z0-9.-]{0,253}[a-z0-9]/gi

function addressesIn(text: string): string[] {
  return [...text.matchAll(ADDRESS)].map(found => found[0].toLowerCase())
}

/** A line that names a recipient and may go on with why: `<a@b>:`, `a@b`, `To: a@b`, `a@b: 550 ...`, `a@b on 1/2/2026`. */
const RECIPIENT_LINE =
  /^[\s>*\-•・]{0,16}(?:(?:[a-z][a-z -]{0,24}|宛先|收件人)[:：]\s{0,8})?["'<([]{0,3}(?:(?:mailto|rfc822|smtp)[:;]\s?)?([^\s<>()[\]",;:'=]{1,128}@[a-z0-9][a-z0-9.-]{0,253}[a-z0-9])["'>)\]]{0,3}(?=$|\.\.\.|[\s:,;<(]|[-–](?![\p{L}\p{N}]))/iu

/** Lines that name others than the recipient. */
const OTHER_LINE =
  /^[\s>*-]{0,16}(?:from|sender|reply-to|return-path|message-id|received|x-[a-z-]{1,30}|mail from|subject|generating server|reporting-mta|cc)\s?:/i

/** Whom reports tell to ask. */
const HELPER = /^(?:mailer-daemon|postmaster|abuse)@/

/** What the text says of each recipient: from the line that names it to the next such line. */
function segmentsOf(text: string, to: readonly string[]): Map<string, string> {
  const segments = new Map<string, string>()
  let current = ''
  for (const line of text.split('\n').slice(0, MOST_LINES)) {
    const short = line.slice(0, 1_000)
    const found = OTHER_LINE.test(short) ? undefined : RECIPIENT_LINE.exec(short)?.[1]?.toLowerCase()
    if (found && !to.includes(found) && !HELPER.test(found) && (segments.has(found) || segments.size < MOST_RECIPIENTS))
      current = found
    if (current) segments.set(current, `${segments.get(current) ?? ''}${short}\n`.slice(0, LONGEST_SEGMENT))
  }
  return segments.size > 0 ? segments : answeredLines(text, to)
}

/** Answers that name the recipient within, as `550 <a@b>... User unknown`. */
function answeredLines(text: string, to: readonly string[]): Map<string, string> {
  const lines = new Map<string, string>()
  for (const line of text.split('\n').slice(0, MOST_RECIPIENTS)) {
    const short = line.slice(0, 1_000)
    if (OTHER_LINE.test(short) || !replyCode(short)) continue
    const address = addressesIn(short).find(each => !to.includes(each))
    if (address && !lines.has(address)) lines.set(address, short)
  }
  return lines
}

/** Ways to name a recipient within a sentence or a dialogue, the surest first. */
const NAMED =
  /(?:rcpt to:|recipients?[:\s]|delivered to|delivery to|deliver (?:it |your message |the message )?to|deliver mail to|reach|account|address|user|mailbox|message to|mail to|email to|unknown|宛先|for)\s{0,4}[:"'<([]{0,3}\s{0,4}([^\s<>()[\]",;:'=]{1,128}@[a-z0-9][a-z0-9.-]{0,253}[a-z0-9])/gi

/** Addresses that a text without lines for recipients names, or else the returned mail does. */
function addressedIn(text: string, { to, text: whole, returnedTo = [] }: BounceContent): string[] {
  const others = (address: string) => !to.includes(address) && !HELPER.test(address)
  const named = [...text.matchAll(NAMED)].map(found => (found[1] ?? '').toLowerCase()).filter(others)
  if (named.length > 0) return [...new Set(named)].slice(0, 1)
  const any = addressesIn(text).filter(others)
  if (any.length > 0) return any.slice(0, 1)
  const returned = whole.slice(text.length, LONGEST)
  const header = /^[ >\t]{0,8}(?:x-original-to|delivered-to|to):[ \t]*(.{1,1000})$/im.exec(returned)?.[1] ?? ''
  const addresses = header ? addressesIn(header) : returnedTo.map(each => each.toLowerCase())
  return addresses.filter(others).slice(0, MOST_RECIPIENTS)
}

/** Lines after which a bounce shows the mail that it returns. */
const RETURNED =
  /^[ \t]{0,8}(?:-{2,}[ -]{0,8}(?:start of returned|this is a copy of|below this line is a copy|below the next line is a copy|original message|original mail|the header of the original|returned message|returned mail|message header|message headers|unsent message|forwarded message|transcript of original|included is a copy|enclosed is|the body of|original message follows|copy of|below is)|below is a copy of the original|here is a copy of|the original message follows|original message headers:|original message follows|a copy of the original|-+ ?message header|the following is a copy|your original message|undelivered message|the rejected message|received: (?:from|by)|return-path: ?<?|message-id: ?<|mime-version: 1|dkim-signature:|-----begin)|^from: [^\n]{1,300}\n(?:to: [^\n]{1,1000}\n)?date: /im

/** The fields by which a report says what mail it is about, before it says what became of it (PMDF, Oracle). */
const REFERRED = /(?<=with the following header fields: {0,8}\n[ \t]{0,8}\n)(?:[ \t][^\n]{1,1000}\n){1,20}/i

function withoutReturned(text: string): string {
  // Blanks in their place: what follows stays where it is.
  const unified = text.replace(/\r\n?/g, '\n').replace(REFERRED, fields => fields.replace(/[^\n]/g, ' '))
  const at = unified.search(RETURNED)
  return at > 20 ? unified.slice(0, at) : unified
}

const DELAY =
  /delivery (?:status )?notification[ :(]{1,3}delay|has been delayed|is delayed|was delayed|been delayed|not yet been delivered|only a temporary failure|this is a warning message only|you do not need to re-?send|delivery is delayed|delivery delayed|will (?:continue to|keep) (?:try|retry|be retried)|no action is required on your part|still being retried|warning: could not send message|this is a warning only|will be retried|wird weiter versucht|verzögert|delivery attempts will continue/

/** Whether a text tells of a mail that is tried further. */
function isDelay(text: string): boolean {
  return DELAY.test(text.slice(0, 4_000).toLowerCase().replace(/\s+/g, ' '))
}

/** Message-IDs in the heads of returned mails that a text shows, in angle brackets. */
export function returnedIds(text: string): string[] {
  const found = text
    .slice(0, LONGEST)
    .matchAll(/^[ \t>]{0,8}(?:message-id|x-relaydesk-id):\s{0,4}(<[^<>\s]{1,990}>)/gim)
  return [...new Set([...found].slice(0, 10).map(each => each[1] ?? ''))]
}
