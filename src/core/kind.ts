import type { MessageKind } from '../channel.ts'

/** What classifying looks at; header names in lower case, every value of a repeated header. */
export interface Evidence {
  header(name: string): string[]
  /** Media type of the whole message, lower case, with its `report-type` if it has one. */
  contentType: string
  reportType: string
  fromAddress: string | null
  /** Envelope sender '' (RFC 5321 section 4.5.5); null where it is not known. */
  envelopeFrom: string | null
}

export interface Verdict {
  kind: MessageKind
  reasons: string[]
}

/**
 * Whether a person wrote this. Only what machines say of themselves counts here: RFC 3834, RFC 3462 and 6522 reports,
 * and the headers that senders of bulk mail set.
 */
export function classify(evidence: Evidence): Verdict {
  const bounce = bounceReasons(evidence)
  if (bounce.length > 0) return { kind: 'bounce', reasons: bounce }
  const reply = autoReplyReasons(evidence)
  if (reply.length > 0) return { kind: 'auto-reply', reasons: reply }
  const bulk = bulkReasons(evidence)
  if (bulk.length > 0) return { kind: 'bulk', reasons: bulk }
  return { kind: 'person', reasons: [] }
}

function first(evidence: Evidence, name: string): string {
  return (evidence.header(name)[0] ?? '').trim().toLowerCase()
}

/** The keyword of RFC 3834 section 5 without comments and parameters, '' if there is none. */
function autoSubmitted(evidence: Evidence): string {
  return first(evidence, 'auto-submitted')
    .replace(/\([^()]*\)/g, ' ')
    .trim()
    .replace(/[\s;(].*$/s, '')
}

function bounceReasons(evidence: Evidence): string[] {
  const reasons: string[] = []
  // RFC 6522: multipart/report; RFC 3464: delivery-status. RFC 8098 disposition notifications are no bounces.
  if (evidence.contentType === 'multipart/report' && evidence.reportType === 'delivery-status') {
    reasons.push('multipart/report of delivery-status (RFC 3464)')
  }
  if (evidence.header('x-failed-recipients').length > 0) reasons.push('X-Failed-Recipients')
  if (/^(mailer-daemon|postmaster)@/.test(evidence.fromAddress ?? '') && evidence.envelopeFrom === '') {
    reasons.push('null envelope sender from a mail system (RFC 5321 section 4.5.5)')
  }
  return reasons
}

function autoReplyReasons(evidence: Evidence): string[] {
  const reasons: string[] = []
  // RFC 3834 section 5: `no` is a person; auto-generated without an answer is a machine writing, not answering.
  const submitted = autoSubmitted(evidence)
  if (submitted === 'auto-replied' || submitted === 'auto-notified') reasons.push(`Auto-Submitted: ${submitted}`)
  if (evidence.contentType === 'multipart/report' && evidence.reportType === 'disposition-notification') {
    reasons.push('disposition notification (RFC 8098)')
  }
  for (const name of ['x-autoreply', 'x-autorespond', 'x-auto-reply-from']) {
    const value = first(evidence, name)
    if (value && value !== 'no') reasons.push(name)
  }
  if (first(evidence, 'precedence') === 'auto_reply') reasons.push('Precedence: auto_reply')
  return reasons
}

function bulkReasons(evidence: Evidence): string[] {
  const reasons: string[] = []
  const submitted = autoSubmitted(evidence)
  if (submitted && submitted !== 'no') reasons.push(`Auto-Submitted: ${submitted.slice(0, 60)}`)
  const precedence = first(evidence, 'precedence')
  if (['bulk', 'list', 'junk'].includes(precedence)) reasons.push(`Precedence: ${precedence}`)
  for (const name of ['list-id', 'list-unsubscribe', 'list-post', 'feedback-id']) {
    if (evidence.header(name).length > 0) reasons.push(name)
  }
  if (evidence.envelopeFrom === '' && reasons.length === 0) reasons.push('null envelope sender')
  return reasons
}
