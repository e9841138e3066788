// Reads message/delivery-status (RFC 3464).
import type { DeliveryFailure } from '../../channel/message.ts'
import { type BounceReason, derivedStatus, inWords, isHard, reasonOf } from './bounce-reason.ts'
import { bestStatus, replyCode } from './status-code.ts'

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
  let apart = false // An empty line was there since the last field.
  const close = () => {
    const recipient = recipientOf(block)
    if (recipient && recipients.length < MOST_RECIPIENTS) recipients.push(recipient)
    block = new Map()
  }
  for (const line of body.slice(0, LONGEST).split(/\r\n?|\n/)) {
    if (line.trim() === '') {
      apart = true
      open = ''
    } else if (line[0] === ' ' || line[0] === '\t') {
      if (open) block.set(open, `${block.get(open) ?? ''} ${line.trim()}`.slice(0, 8_000))
    } else {
      const colon = line.indexOf(':')
      open = colon > 0 ? line.slice(0, colon).trim().toLowerCase() : ''
      if (open && beginsBlock(open, block, apart)) close()
      if (open && !block.has(open)) block.set(open, line.slice(colon + 1).trim())
      apart = false
    }
  }
  close()
  return recipients
}

const NAMES_RECIPIENT = /^(?:original|final)-recipient$/

/**
 * Whether a field is the first of the next block (RFC 3464 section 2.1). Some systems leave out the empty line between
 * recipients, and some put one between the fields of one recipient.
 */
function beginsBlock(field: string, block: ReadonlyMap<string, string>, apart: boolean): boolean {
  if (!apart) return field === 'final-recipient' && block.has(field)
  const named = block.has('final-recipient') || block.has('original-recipient')
  return !named || block.has(field) || (NAMES_RECIPIENT.test(field) && block.has('final-recipient'))
}

/** RFC 3464 section 2.3.2: an address of another mail system is of no use to us; what we wrote to is (section 2.3.1). */
function addressOf(block: ReadonlyMap<string, string>): string {
  const [final = '', original = ''] = ['final-recipient', 'original-recipient'].map(name =>
    (block.get(name) ?? '')
      .replace(/^[^;]*;/, '')
      .replace(/[<>\s]/g, '')
      .toLowerCase()
      .slice(0, 320),
  )
  return final === '' || (!MAIL_ADDRESS.test(final) && MAIL_ADDRESS.test(original)) ? original : final
}

const MAIL_ADDRESS = /^[^@|/][^@]{0,127}@[^@/]{1,190}$/

function recipientOf(block: ReadonlyMap<string, string>): RecipientStatus | undefined {
  const address = addressOf(block)
  if (!address) return undefined
  const status = /(?:^|\D)([245]\.\d{1,3}\.\d{1,3})(?!\d)/.exec((block.get('status') ?? '').slice(0, 200))?.[1] ?? ''
  const action = /^[a-z]*/i.exec(block.get('action') ?? '')?.[0].toLowerCase() ?? ''
  // PowerMTA says in a word of its own what an answer means.
  const diagnostic = [block.get('diagnostic-code'), block.get('x-powermta-bouncecategory')].filter(Boolean).join(' ')
  return { address, action, status, diagnostic }
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
export function failureOf(recipient: RecipientStatus, words = '', report = ''): DeliveryFailure {
  const { address, diagnostic } = recipient
  const stated = bestStatus(recipient.status, diagnostic) || bestStatus('', words)
  const delayed = recipient.action === 'delayed'
  // A code that says nothing else is all there is: permanent is permanent.
  const bare = `${diagnostic}${words}`.trim() === '' && /^5\.(?:0\.0|2\.1)$/.test(stated)
  const reason = reasonWith({ diagnostic, words, report }, stated)
  const hard = !delayed && (bare || isHard(reason))
  const status = stated || derivedStatus(reason, replyCode(diagnostic.replace(/^[^;]{0,40};/, ' ')) || replyCode(words))
  return { address, status, hard, reason: inWords(reason), ...(delayed ? { delayed } : {}) }
}

/** The server's answer first; the report's own words where that tells nothing, or tell of a full mailbox. */
function reasonWith(
  { diagnostic, words, report }: Record<'diagnostic' | 'words' | 'report', string>,
  status: string,
): BounceReason {
  const answered = reasonOf(diagnostic, status, `${diagnostic} ${words}`, report)
  if (words && diagnostic.trim() === '') {
    const worded = reasonOf(words, status, words, report)
    return worded === 'unclear' ? answered : worded
  }
  if (!words || (answered !== 'unclear' && !isHard(answered))) return answered
  const worded = reasonOf(words, status)
  return answered === 'unclear' || worded === 'full' ? worded : answered
}

/** Recipients of a message/delivery-status body whose delivery failed. */
export function failedRecipients(body: string): DeliveryFailure[] {
  return recipientStatuses(body)
    .filter(hasFailed)
    .map(recipient => failureOf(recipient))
}
