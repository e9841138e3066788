export interface BouncedRecipient {
  address: string
  /** Enhanced status code such as `5.1.1` (RFC 3463), or ''. */
  status: string
  /** The address will not work later either. */
  hard: boolean
}

/**
 * Recipients of a message/delivery-status body whose delivery failed (RFC 3464 section 2.3): blocks of fields, the
 * first about the message, each further one about a recipient. Delays and successes are no failures.
 */
export function failedRecipients(body: string): BouncedRecipient[] {
  const blocks = body
    .replace(/\r\n?/g, '\n')
    .replace(/\n[ \t]+(?=\S)/g, ' ')
    .split(/\n\s*\n/)
  const recipients: BouncedRecipient[] = []
  for (const block of blocks) {
    const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'im').exec(block)?.[1]?.trim() ?? ''
    const recipient = field('Final-Recipient') || field('Original-Recipient')
    const action = field('Action').toLowerCase()
    if (!recipient || (action && action !== 'failed')) continue
    const status = /\b([245]\.\d{1,3}\.\d{1,3})\b/.exec(field('Status'))?.[1] ?? ''
    const address = recipient
      .replace(/^[^;]*;/, '')
      .replace(/[<>\s]/g, '')
      .toLowerCase()
    recipients.push({ address, status, hard: isHard(status) })
  }
  return recipients
}

/** RFC 3463: class 5 is permanent; a full mailbox (x.2.2) and a message refused for itself are not the address's fault. */
function isHard(status: string): boolean {
  return status.startsWith('5.') && !/^5\.(2\.2|2\.3|3\.\d+|6\.\d+|7\.\d+)$/.test(status)
}
