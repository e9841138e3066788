import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Address, Content, InboundMessage, UnreadableMessage } from '../../src/channel/message.ts'
import { unpack } from '../../src/content.ts'
import { normaliseAddress } from '../../src/core/text/address.ts'

const LONGEST_TEXT = 300_100 // what is kept, and the words that it was cut
const LONGEST_SUBJECT = 1_000
const LONGEST_NAME = 255
const MOST_ADDRESSES = 200
const MOST_ATTACHMENTS = 10_000
/** Set by what reads HTML, for what reads texts; nobody else is to see it. */
const MARK = /[\uFDD0-\uFDD3]/
const MEDIA_TYPE = /^[^\s\p{Cc}\p{Lu}]{1,200}$/u

/** What no sender is to blame for: a sentence with this in it says that our own code went wrong. */
const OUR_FAULT =
  /Maximum call stack|Cannot (?:read|set|access|convert|create)|is not (?:a function|iterable|defined|an object)|Invalid (?:string|array|typed array) length|undefined|\[object |crashed the reader|out of (?:range|memory)|RangeError|TypeError|could not be stored/i

/** What a message was read as breaks of what is promised to the desk; one sentence each. */
export async function brokenPromises(message: InboundMessage | UnreadableMessage): Promise<string[]> {
  const sizes = await sizeProblems('raw', message.raw)
  if ('quarantine' in message) return [...sizes, ...reasonProblems(message)]
  const problems = [
    ...sizes,
    ...textsOf(message).flatMap(([what, text, longest]) => textProblems(what, text, longest)),
    ...textsOf(message).flatMap(([what, text]) => (MARK.test(text) ? [`${what}: holds a mark of ours`] : [])),
    ...linesOf(message).flatMap(([what, text, longest]) => lineProblems(what, text, longest)),
    ...addressesOf(message).flatMap(addressProblems),
    ...idProblems(message),
  ]
  if (message.mail.to.length > MOST_ADDRESSES || message.mail.cc.length > MOST_ADDRESSES)
    problems.push('recipients: too many')
  if (message.attachments.length > MOST_ATTACHMENTS) problems.push('attachments: too many')
  for (const { name, type, content } of message.attachments) {
    if (!MEDIA_TYPE.test(type)) problems.push('attachment type: no media type')
    if (/[\\/]/.test(name) || name === '') problems.push('attachment name: no name of a file')
    problems.push(...(await sizeProblems('attachment', content)))
  }
  return [...new Set(problems)]
}

/** A reason is a sentence that tells a person something, and does not tell of a mistake of ours. */
function reasonProblems({ quarantine, detail }: UnreadableMessage): string[] {
  if (!/^[A-Z].{10,400}\.$/.test(detail)) return [`reason: no sentence (${quarantine}: ${detail.slice(0, 200)})`]
  return OUR_FAULT.test(detail) || quarantine === 'too-slow' ? [`reason: ours (${detail.slice(0, 200)})`] : []
}

type Named = [what: string, text: string, longest: number]

function textsOf({ text, visible, mail: { forwarded } }: InboundMessage): Named[] {
  const brought: Named[] = forwarded
    ? [
        ['forwarded text', forwarded.text, LONGEST_TEXT],
        ['forwarded comment', forwarded.comment, LONGEST_TEXT],
      ]
    : []
  return [['text', text, LONGEST_TEXT], ['visible', visible, LONGEST_TEXT], ...brought]
}

function linesOf(message: InboundMessage): Named[] {
  const {
    subject,
    attachments,
    kindReasons,
    alert,
    authentication,
    spam,
    mail: { failures, forwarded },
  } = message
  return [
    ['subject', subject, LONGEST_SUBJECT],
    ...(forwarded ? [['forwarded subject', forwarded.subject, LONGEST_SUBJECT] as Named] : []),
    ...(alert ? [['alert key', alert.key, LONGEST_SUBJECT] as Named] : []),
    ...addressesOf(message).map(({ name }): Named => ['name', name, LONGEST_NAME]),
    ...attachments.map(({ name }): Named => ['attachment name', name, LONGEST_NAME]),
    ...attachments.map(({ contentId }): Named => ['content id', contentId ?? '', LONGEST_NAME]),
    ...kindReasons.map((reason): Named => ['kind reason', reason, LONGEST_SUBJECT]),
    ...authentication.reasons.map((reason): Named => ['authentication reason', reason, LONGEST_SUBJECT]),
    ...spam.map((reason): Named => ['spam reason', reason, LONGEST_SUBJECT]),
    ...failures.flatMap((each): Named[] => [
      ['failure reason', each.reason, LONGEST_NAME],
      ['failure status', each.status, 20],
      ['failure address', each.address, LONGEST_SUBJECT],
    ]),
  ]
}

function addressesOf({ from, mail: { to, cc, forwarded } }: InboundMessage): Address[] {
  return [...(from ? [from] : []), ...to, ...cc, ...(forwarded ? [forwarded.from] : [])]
}

/** A NUL may be in a text: binary stuff is shown as it came, and the store makes U+FFFD of it. */
function textProblems(what: string, text: string, longest: number): string[] {
  const problems: string[] = []
  if (!text.isWellFormed()) problems.push(`${what}: not well-formed`)
  if (text.length > longest) problems.push(`${what}: too long`)
  return problems
}

function lineProblems(what: string, text: string, longest: number): string[] {
  const controls = /[\p{Cc}\u2028\u2029]/u.test(text) ? [`${what}: holds a control character`] : []
  return [...textProblems(what, text, longest), ...controls]
}

function addressProblems({ address }: Address): string[] {
  return normaliseAddress(address) === address && address.isWellFormed() ? [] : ['address: none that can be written to']
}

function idProblems({
  messageId,
  fingerprint,
  sentAt,
  reachedAt,
  replyTo,
  mail: { references },
}: InboundMessage): string[] {
  const ids = [...references, ...(messageId === null ? [] : [messageId])]
  const times = [sentAt, reachedAt].filter(each => each !== null)
  const problems: string[] = []
  if (ids.some(id => !/^<[^<>\s]{1,990}>$/.test(id) || id.includes('\0'))) problems.push('message id: none')
  if (fingerprint !== null && !/^[0-9a-f]{64}$/.test(fingerprint)) problems.push('fingerprint: none')
  if (times.some(time => Number.isNaN(Date.parse(time)))) problems.push('time: none')
  if (replyTo !== null && normaliseAddress(replyTo) !== replyTo) problems.push('reply to: no address')
  return problems
}

async function sizeProblems(what: string, content: Content): Promise<string[]> {
  const packed = 'path' in content ? await readFile(content.path) : content.bytes
  const bytes = unpack(content.encoding, packed)
  const digest = createHash('sha256').update(bytes).digest('hex')
  return bytes.length === content.size && digest === content.sha256 ? [] : [`${what}: size or digest do not fit`]
}
