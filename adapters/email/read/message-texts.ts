// All that a message says, and the new part of it.
import type { MailDetails } from '../../../src/channel/message.ts'
import { forwardedMail } from '../../../src/core/mail/forward.ts'
import { withoutMarks } from '../../../src/core/mail/reply/lines.ts'
import { isForwardSubject, typedPart, visibleReply } from '../../../src/core/mail/visible.ts'
import { normaliseAddress, oneLine } from '../../../src/core/text/address.ts'
import type { MailWithin, Parts } from '../mime/part.ts'

interface TextOptions {
  /** Characters of text that are kept. */
  longest: number
  /** The subject says that it was forwarded. */
  forward: boolean
  /** The subject may say so, by the language. */
  maybeForward: boolean
  /** It answers something. */
  answers: boolean
  /** It tells of a mail that it brings along, which is none of its text. */
  report: boolean
}

/**
 * All that a message says, and the new part of it: its own text, then invitations, what is sealed, and mails within.
 * `typed` is what of that its writer surely typed: nothing of a file, or of a mail about an appointment.
 */
export function textsOf(
  parts: Parts,
  { longest, forward, maybeForward, answers, report }: TextOptions,
): { text: string; visible: string; typed: string } {
  const ownText = parts.text.length > longest ? cut(parts.text, longest) : parts.text
  const plain = withoutMarks(ownText)
  const beside = [...parts.calendars.filter(text => !plain.includes(text)), ...sealedNotes(parts, plain)]
  const within = report ? [] : parts.within.map(sectionOf)
  const visible = visibleReply(ownText, { forward, answers, maybeForward })
  const shown = forward || !(visible || beside.length > 0) ? within : []
  return {
    text: cut(joined([plain, ...beside, ...within]), longest),
    visible: cut(joined([visible, ...beside, ...shown]), longest),
    typed: parts.calendars.length > 0 || parts.isFile ? '' : storable(typedPart(ownText, visible)),
  }
}

function joined(texts: readonly string[]): string {
  const [first = '', ...more] = texts.filter(text => text.trim())
  return more.length === 0 ? first : [first, ...more].map(text => text.trim()).join('\n\n')
}

function cut(text: string, longest: number): string {
  if (text.length <= longest) return storable(text)
  return `${storable(text.slice(0, longest))}\n\n(cut here: the whole text is in the raw message)`
}

/** Half a character is in no text that a store takes; marks of ours may be left of a mail within. */
function storable(text: string): string {
  return withoutMarks(text).toWellFormed()
}

/** A mail within the mail, as programs show one that was forwarded. */
function sectionOf({ from, to, date, subject, text }: MailWithin): string {
  const sender = from ? (from.address ? `${from.name} <${from.address}>`.trim() : from.name) : ''
  const fields = [
    ['From', sender],
    ['Date', date],
    ['Subject', subject],
    ['To', to],
  ].flatMap(([name, value]) => (value ? [`${name}: ${value}`] : []))
  return ['---------- Forwarded message ----------', ...fields, '', text.trim()].join('\n')
}

/** What stands for a text that cannot be shown, so that no mail looks empty. */
function sealedNotes({ sealed, attachments }: Parts, text: string): string[] {
  const [first] = sealed
  if (!first || text.trim()) return []
  const files = attachments.map(({ name }) => name).join(', ')
  return [`(${SEALED[first]} It is kept as it arrived${files && ` (${files})`}.)`]
}

const SEALED: Readonly<Record<Parts['sealed'][number], string>> = {
  pgp: 'This mail is encrypted with PGP; only its recipient can open it.',
  smime: 'This mail is encrypted with S/MIME; only its recipient can open it.',
  rights: 'This mail is encrypted by Microsoft 365; only its recipient can open it.',
  unreadable: 'This mail is protected with S/MIME in a way that cannot be read here; it may be damaged.',
}

/** The mail that this one forwards, in its text or as its only message within; null if it forwards none. */
export function forwardedIn(
  parts: Parts,
  text: string,
  { subject, longest }: { subject: string; longest: number },
): MailDetails['forwarded'] {
  if (!isForwardSubject(subject)) return null
  const [within, ...more] = parts.within
  const attached = more.length === 0 && within?.from?.address ? { ...within, from: within.from, comment: text } : null
  const found = forwardedMail(text) ?? attached
  const address = found && normaliseAddress(found.from.address)
  if (!found || !address) return null
  return {
    from: { address, name: oneLine(found.from.name) },
    subject: oneLine(found.subject, 1_000),
    text: cut(found.text.trim(), longest),
    visible: cut(visibleReply(found.text), longest),
    comment: cut(visibleReply(found.comment).trim(), longest),
    messageId: attached && found === attached ? (within?.messageId ?? null) : null,
  }
}
