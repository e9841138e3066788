import type { SendMailOptions } from 'nodemailer'
import type { Letter } from './exchange.ts'

let count = 0

/** A report that a mail did not arrive (RFC 3464), with the head of that mail, from nobody. */
export function deliveryFailure(letter: Letter, status: string, reason: string, now: Date): SendMailOptions {
  count += 1
  const host = letter.recipient.slice(letter.recipient.lastIndexOf('@') + 1)
  const boundary = `report-${count}`
  const head = letter.raw.split('\r\n\r\n', 1)[0] ?? ''
  const raw = [
    `From: Mail Delivery System <MAILER-DAEMON@${host}>`,
    `To: ${letter.sender}`,
    'Subject: Undelivered Mail Returned to Sender',
    `Date: ${now.toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <robot.bounce.${count}@${host}>`,
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=delivery-status; boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset=us-ascii',
    '',
    `This is the mail system at host ${host}.`,
    '',
    `<${letter.recipient}>: ${reason}`,
    '',
    `--${boundary}`,
    'Content-Type: message/delivery-status',
    '',
    `Reporting-MTA: dns; ${host}`,
    '',
    `Final-Recipient: rfc822; ${letter.recipient}`,
    'Action: failed',
    `Status: ${status}`,
    `Diagnostic-Code: smtp; 550 ${status} ${reason}`,
    '',
    `--${boundary}`,
    'Content-Type: text/rfc822-headers',
    '',
    head,
    '',
    `--${boundary}--`,
    '',
  ].join('\r\n')
  return { envelope: { from: '', to: [letter.sender] }, raw }
}
