import type { DeliveryFailure } from '../channel.ts'
import { type BounceReason, inWords, isHard, reasonOf } from './bounce-reason.ts'
import { bestStatus } from './status-code.ts'

/** What a message/delivery-status body says of one recipient. */
export interface RecipientStatus {
  address: string
  /** `failed`, `delayed`, `delivered`, `relayed`, `expanded` (RFC 3464 section 2.3.3), lower case, or ''. */
  action: string
  status: string
  /** The receiving server's answer with its type, such as `smtp; 550 5.1.1 User unknown`. */
  diagnostic: string
}

const LONGEST = 256 * 1024
const MOST_RECIPIENTS = 200

/** Recipients of a message/delivery-status body (RFC 3464): blocks of fields, the first about the message. */
export function recipientStatuses(body: string): RecipientStatus[] {
  const recipients: RecipientStatus[] = []
  let block = new Map<string, string>()
  let open = ''
  const close = () => {
    const recipient = recipientOf(block)
    if (recipient && recipients.length < MOST_RECIPIENTS) recipients.push(recipient)
    block = new Map()
    open = ''
  }
  for (const line of body.slice(0, LONGEST).split(/\r\n?|\n/)) {
    if (line.trim() === '') close()
    else if (line[0] === ' ' || line[0] === '\t') {
      if (open) block.set(open, `${block.get(open) ?? ''} ${line.trim()}`.slice(0, 8_000))
    } else {
      const colon = line.indexOf(':')
      open = colon > 0 ? line.slice(0, colon).trim().toLowerCase() : ''
      // Some systems leave out the empty line between recipients.
      if (open === 'final-recipient' && block.has(open)) {
        close()
        open = 'final-recipient'
      }
      if (open && !block.has(open)) block.set(open, line.slice(colon + 1).trim())
    }
  }
  close()
  return recipients
}

function recipientOf(block: ReadonlyMap<string, string>): RecipientStatus | undefined {
  const written = block.get('final-recipient') || block.get('original-recipient') || ''
  if (!written) return undefined
  const address = written
    .replace(/^[^;]*;/, '')
    .replace(/[<>\s]/g, '')
    .toLowerCase()
    .slice(0, 320)
  const status = /(?:^|\D)([245]\.\d{1,3}\.\d{1,3})(?!\d)/.exec((block.get('status') ?? '').slice(0, 200))?.[1] ?? ''
  const action = /^[a-z]*/i.exec(block.get('action') ?? '')?.[0].toLowerCase() ?? ''
  return { address, action, status, diagnostic: block.get('diagnostic-code') ?? '' }
}

/** Whether its delivery failed; delays and successes are no failures (RFC 3464 section 2.3.3). */
export function hasFailed({ action }: RecipientStatus): boolean {
  return action === 'failed' || action === '' || !(SUCCEEDED.has(action) || action === 'delayed')
}

const SUCCEEDED: ReadonlySet<string> = new Set(['delivered', 'relayed', 'expanded', 'deliverable'])

/** Whether a report is of nothing but success. */
export function isOfSuccess(recipients: readonly RecipientStatus[]): boolean {
  return (
    recipients.length > 0 &&
    recipients.every(({ action, status }) => SUCCEEDED.has(action) || (action === '' && status.startsWith('2.')))
  )
}

/**
 * What became of one recipient.
 *
 * @param words what the report says of it in words
 * @param report all that it says, with the dialogue it may show
 */
export function judged(recipient: RecipientStatus, words = '', report = ''): DeliveryFailure {
  const { address, diagnostic } = recipient
  const status = bestStatus(recipient.status, diagnostic)
  const delayed = recipient.action === 'delayed'
  // A code that says nothing else is all there is: permanent is permanent.
  const bare = `${diagnostic}${words}`.trim() === '' && /^5\.(?:0\.0|2\.1)$/.test(status)
  const reason = reasonWith({ diagnostic, words, report }, status)
  const hard = !delayed && (bare || isHard(reason))
  return { address, status, hard, reason: inWords(reason), ...(delayed ? { delayed } : {}) }
}

/** The server's answer first; the report's own words where that tells nothing, or tell of a full mailbox. */
function reasonWith(
  { diagnostic, words, report }: Record<'diagnostic' | 'words' | 'report', string>,
  status: string,
): BounceReason {
  const answered = reasonOf(diagnostic, status, `${diagnostic} ${words}`, report)
  if (!words || (answered !== 'unclear' && !isHard(answered))) return answered
  const worded = reasonOf(words, status)
  return answered === 'unclear' || worded === 'full' ? worded : answered
}

/** Recipients of a message/delivery-status body whose delivery failed. */
export function failedRecipients(body: string): DeliveryFailure[] {
  return recipientStatuses(body)
    .filter(hasFailed)
    .map(recipient => judged(recipient))
}
