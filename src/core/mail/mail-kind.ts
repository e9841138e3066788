// Whether a person wrote a mail, or a machine.
import type { BulkSort, MessageKind } from '../../channel/message.ts'
import { bulkOf } from './bulk.ts'
import {
  beginsAsAutomatic,
  beginsAsReceived,
  introducesProgram,
  isAwayAlone,
  isAwayOfThird,
  isAwayTemplate,
  isAwayToDesk,
  isProgramTemplate,
  isReceipt,
  saysAway,
  saysFailure,
  tellsOfFailure,
  tellsOfQuota,
  tellsOfSuccess,
} from './machine-words.ts'
import { autoSubmitted, type Evidence, first } from './mail-evidence.ts'

export interface Verdict {
  kind: MessageKind
  reasons: string[]
  /** Of bulk: what sort of it. */
  bulk: BulkSort | null
}

/**
 * Whether a person wrote this. What machines say of themselves counts: RFC 3834, RFC 3462 and 6522 reports, and the
 * headers that senders of bulk mail set. Words count only together with another sign, as people use them too.
 * `ownList`: the list that it came through is the desk's own.
 */
export function classify(evidence: Evidence, ownList = false): Verdict {
  const verdict = classifyAsSent(evidence)
  return ownList && verdict.bulk === 'list' ? classifyAsSent(withoutListFields(evidence)) : verdict
}

/** A group that people write to in order to reach the desk marks each of their mails as one of a list. */
function withoutListFields(evidence: Evidence): Evidence {
  const isOfList = (name: string) =>
    name.startsWith('list-') || (name === 'precedence' && first(evidence, name) === 'list')
  return { ...evidence, header: name => (isOfList(name) ? [] : evidence.header(name)) }
}

function classifyAsSent(evidence: Evidence): Verdict {
  const report = reportReasons(evidence)
  if (report.length > 0) return { kind: 'auto-reply', reasons: report, bulk: null }
  const bounce = bounceReasons(evidence)
  if (bounce.length > 0) return { kind: 'bounce', reasons: bounce, bulk: null }
  const reply = autoReplyReasons(evidence)
  if (reply.length > 0) return { kind: 'auto-reply', reasons: reply, bulk: null }
  const bulk = bulkOf(evidence)
  return bulk ? { kind: 'bulk', reasons: bulk.reasons, bulk: bulk.sort } : { kind: 'person', reasons: [], bulk: null }
}

/** Reports on a mail that arrived: none of them tells of a failure. */
function reportReasons(evidence: Evidence): string[] {
  if (evidence.contentType !== 'multipart/report') return []
  if (evidence.reportType === 'feedback-report') return ['feedback report of a mail provider (RFC 5965)']
  if (evidence.reportType === 'disposition-notification') return ['disposition notification (RFC 8098)']
  return evidence.delivered === true ? ['delivery status of a mail that arrived (RFC 3464)'] : []
}

/** Nobody writes by hand as one of these. */
const DAEMON =
  /^(?:mailer-?daemon|mail-?daemon|mdaemon|mmdf|mail-?delivery(?:-?(?:system|subsystem))?|bounce-?daemon|microsoftexchange[0-9a-f]{32})(?:@|$)/
/** A person may be behind these too. */
const SYSTEM =
  /^(?:postmaster|post_master|mail-?admin|mailmaster|mailsystem|mail-?system|mta|mailer|smtp|mail-?gateway)(?:@|$)/
const SYSTEM_NAME =
  /^["'\s]*(?:mailer[ -]?daemon|mail ?delivery (?:sub)?system|mail ?delivery|delivery subsystem|mail system|postmaster|mail administrator|system administrator|internet mail delivery|mail router|mail server|e-?mail delivery|microsoft outlook|microsoft exchange)/i

/** Names that only programs bear. */
const PROGRAM_NAME = /^["'\s]*(?:mailer[ -]?daemon|mail ?delivery|delivery subsystem|internet mail delivery)/i

function bounceReasons(evidence: Evidence): string[] {
  const reasons: string[] = []
  // RFC 6522: multipart/report; RFC 3464: delivery-status.
  if (evidence.contentType === 'multipart/report' && evidence.reportType === 'delivery-status') {
    reasons.push('multipart/report of delivery-status (RFC 3464)')
  } else if (evidence.contentType === 'multipart/report' && evidence.delivered === false) {
    reasons.push('delivery status in a report (RFC 3464)')
  }
  if (evidence.header('x-failed-recipients').length > 0) reasons.push('X-Failed-Recipients')
  if (evidence.header('x-ms-exchange-message-is-ndr').length > 0) reasons.push('X-MS-Exchange-Message-Is-Ndr')
  const address = evidence.fromAddress ?? ''
  const daemon = DAEMON.test(address) || (!address && SYSTEM_NAME.test(evidence.fromName ?? ''))
  const system = daemon || SYSTEM.test(address) || SYSTEM_NAME.test(evidence.fromName ?? '')
  // Some mail systems write their own address on the envelope instead of none.
  const nobody = evidence.envelopeFrom === '' || DAEMON.test((evidence.envelopeFrom ?? '').toLowerCase())
  const named = DAEMON.test(address) || SYSTEM.test(address)
  const failing = saysFailure(evidence.subject ?? '')
  const hasSign = reasons.length > 0 || daemon || failing || (named && nobody)
  if (!hasSign || (reasons.length === 0 && failsNothing(evidence))) return []
  if (named && nobody) {
    reasons.push('null envelope sender from a mail system (RFC 5321 section 4.5.5)')
  }
  if (reasons.length > 0) return reasons
  return wordedBounceReasons(evidence, { daemon, system, nobody, failing })
}

/** Mail systems also tell owners of their own mailbox, and senders that a mail arrived (RFC 3464 section 2.3.3). */
function failsNothing({ subject, text }: Evidence): boolean {
  return tellsOfQuota(subject ?? '', text ?? '') || tellsOfSuccess(text ?? '')
}

/** Bounces that follow no RFC: known by two signs that agree, one of which may be their words. */
function wordedBounceReasons(
  evidence: Evidence,
  { daemon, system, nobody, failing }: { daemon: boolean; system: boolean; nobody: boolean; failing: boolean },
): string[] {
  const signs: string[] = []
  if (daemon) signs.push('a sender that is a mail system')
  else if (system) signs.push('a sender that is called a mail system')
  if (nobody) signs.push('null envelope sender (RFC 5321 section 4.5.5)')
  const submitted = autoSubmitted(evidence)
  if (submitted && submitted !== 'no') signs.push(`Auto-Submitted: ${submitted.slice(0, 60)}`)
  if (failing) signs.push('a subject of failed delivery')
  const telling = tellsOfFailure(evidence.text ?? '')
  if (telling) signs.push('words of a mail system that could not deliver')
  // A person may choose such a subject and quote such words, but does not begin as a program introduces itself.
  const introduced = failing && introducesProgram(evidence.text ?? '')
  // Whoever is called so and writes of failed delivery may be a person, and an alert or a web form says that a machine
  // wrote it: what is ignored as a bounce by mistake is lost, so these need subject, text and another sign.
  const sure = nobody || SYSTEM.test(evidence.fromAddress ?? '') || PROGRAM_NAME.test(evidence.fromName ?? '')
  const called = system && failing && telling && sure
  return introduced || called || (daemon && (failing || telling || !submitted)) || (nobody && failing) ? signs : []
}

/** Set by programs that answer by themselves, and by nothing else. */
const ANSWERING = [
  'x-autoreply',
  'x-autorespond',
  'x-auto-reply-from',
  'x-autoreply-from',
  'x-auto-reply',
  'x-autoresponder',
  'x-auto-respond',
  'x-mail-autoreply',
  'x-vacation',
  'x-mdautoresponse',
  'x-away',
  'x-autoresponse',
  'x-fc-machinegenerated',
  'x-mdautoresponder',
]

function autoReplyReasons(evidence: Evidence): string[] {
  const reasons: string[] = []
  // RFC 3834 section 5: `no` is a person; auto-generated without an answer is a machine writing, not answering.
  const submitted = autoSubmitted(evidence)
  if (submitted === 'auto-replied' || submitted === 'auto-notified') reasons.push(`Auto-Submitted: ${submitted}`)
  for (const name of ANSWERING) {
    const value = first(evidence, name)
    if (value && !/^(?:no|none|false|0)$/.test(value)) reasons.push(name)
  }
  for (const name of ['precedence', 'x-precedence']) {
    const value = first(evidence, name)
    if (/^auto[-_]?reply$/.test(value)) reasons.push(`${name === 'precedence' ? 'Precedence' : name}: ${value}`)
  }
  if (/^reply\b/.test(first(evidence, 'x-autogenerated'))) reasons.push('X-Autogenerated: reply')
  if (first(evidence, 'x-post-messageclass').includes('autoresponder')) reasons.push('x-post-messageclass')
  if (reasons.length > 0 || submitted === 'no') return reasons
  return unsaidReasons(evidence, submitted)
}

/** Of an answer that does not say that a program wrote it: signs that agree. */
function unsaidReasons(evidence: Evidence, submitted: string): string[] {
  const subject = evidence.subject ?? ''
  const text = evidence.text ?? ''
  const answers = ['in-reply-to', 'references'].some(name => evidence.header(name).length > 0)
  const listed = evidence.header('list-id').length > 0
  const precedence = first(evidence, 'precedence')
  const unwanted = precedence === 'bulk' || precedence === 'junk'
  const suppressing = /\ball\b/.test(first(evidence, 'x-auto-response-suppress'))
  if (saysAway(subject)) {
    const sign = certainSign(evidence, submitted)
    if (sign && !(subject.includes('?') && submitted === '')) return ['a subject of an automatic answer', sign]
  }
  if (isAwayToDesk(subject)) return ['a subject as programs answer', 'the reference of a desk']
  if (isAwayAlone(subject) && !listed) {
    if (unwanted) return ['a subject as programs answer', `Precedence: ${precedence}`]
    if (answers && beginsAsAutomatic(text)) return ['a subject as programs answer', 'a text as programs answer']
  }
  if (isAwayOfThird(subject) && beginsAsAutomatic(text) && !listed) {
    return ['a subject as programs answer', 'a text as programs answer']
  }
  // Whoever answers an automatic answer does so with a mark of answers in front of its subject.
  if (isProgramTemplate(subject) && answers && !listed && !text.slice(0, 2_000).includes('?')) {
    return ['a subject as programs answer', 'an answer']
  }
  if (isAwayTemplate(subject) && !listed) {
    if (unwanted) return ['a subject as programs answer', `Precedence: ${precedence}`]
    if (suppressing && answers) return ['a subject as programs answer', 'X-Auto-Response-Suppress: All']
    for (const name of ['x-ms-exchange-inbox-rules-loop', 'x-autogenerated', 'x-loop']) {
      if (evidence.header(name).length > 0) return ['a subject as programs answer', name]
    }
  }
  // MS-OXCMAIL section 2.2.3.2.14: Exchange asks so of what its mailboxes answer by themselves.
  if (submitted === 'auto-generated' && suppressing && answers && !listed) {
    return ['Auto-Submitted: auto-generated', 'an answer', 'X-Auto-Response-Suppress: All']
  }
  if (unwanted && answers && evidence.header('x-loop').length > 0 && !listed)
    return [`Precedence: ${precedence}`, 'an answer', 'x-loop']
  if (isReceipt(subject, text)) return ['a receipt in words']
  const isDeclared = Boolean(submitted) || unwanted || suppressing
  if (
    !listed &&
    (((answers || isDeclared) && beginsAsAutomatic(text)) || (answers && isDeclared && beginsAsReceived(text)))
  ) {
    return ['a text as programs answer']
  }
  // RFC 3834 section 3.3: responders answer with a null envelope sender.
  if (evidence.envelopeFrom === '' && evidence.header('in-reply-to').length > 0 && !listed) {
    return ['an answer with a null envelope sender']
  }
  return []
}

/** What makes words of absence those of a machine; a person's mail has none of these. */
function certainSign(evidence: Evidence, submitted: string): string | undefined {
  if (evidence.envelopeFrom === '') return 'null envelope sender (RFC 5321 section 4.5.5)'
  return submitted ? `Auto-Submitted: ${submitted.slice(0, 60)}` : undefined
}
