// Mail for trials: as a requester would write it, and what they were sent.
import { createTransport } from 'nodemailer'
import { splitDetail } from '../../../src/core/text/address.ts'
import { codeOf, DeskError, sentenceOf } from '../../../src/errors.ts'
import type { EmailChannel } from '../adapter.ts'

/** A mail in the Maildir, as its recipient sees it. */
export interface ReadMail {
  deliveredTo: string
  from: { address: string; name: string }
  subject: string
  text: string
  files: string[]
  messageId: string | null
  references: string[]
  replyTo: string | null
}

/** Mail that was delivered to an address, or to all; oldest first. */
export async function readMailbox(channel: EmailChannel, address: string | undefined): Promise<ReadMail[]> {
  const { maildir } = channel
  if (!maildir) throw new DeskError('usage', 'This desk sends through a relay: read the mail with a mail program.')
  const mails: ReadMail[] = []
  for (const bytes of await maildir.read()) {
    const deliveredTo = /^Delivered-To: (.*)$/m.exec(bytes.subarray(0, 1000).toString('latin1'))?.[1] ?? ''
    if (address !== undefined && deliveredTo !== address) continue
    const { message, from } = await channel.reader.parse({ bytes }, null)
    if ('quarantine' in message) continue
    const {
      subject,
      text,
      attachments,
      messageId,
      replyTo,
      mail: { references },
    } = message
    const files = attachments.map(each => each.name)
    mails.push({
      deliveredTo,
      from: from ?? { address: '', name: '' },
      subject,
      text,
      files,
      messageId,
      references,
      replyTo,
    })
  }
  return mails
}

export function showMail(mail: ReadMail): string {
  return [
    `From: ${mail.from.name} <${mail.from.address}>`,
    `To: ${mail.deliveredTo}`,
    `Subject: ${mail.subject}`,
    ...mail.files.map(file => `File: ${file}`),
    '',
    mail.text.trim(),
  ].join('\n')
}

/** What a requester writes, to try the desk. */
export interface TryOut {
  from: string
  text: string
  subject?: string
  to?: string
  /** Answers the newest mail that this person got. */
  answer?: boolean
  attach?: string[]
}

/** Sends mail to the desk's listener like any mail program. Gives a sentence for the person who typed it. */
export async function sendAsRequester(channel: EmailChannel, mail: TryOut): Promise<string> {
  const { listen, address } = channel.settings
  if (listen?.protocol !== 'smtp') {
    throw new DeskError('usage', 'This desk does not take mail by SMTP: write to its address with a mail program.')
  }
  const answered = mail.answer ? await newestFor(channel, mail.from) : undefined
  const transport = createTransport({
    host: listen.host,
    port: listen.port,
    secure: false,
    tls: { rejectUnauthorized: false },
  })
  try {
    const info = await transport.sendMail({
      from: mail.from,
      to: mail.to ?? answered?.replyTo ?? address,
      subject: mail.subject ?? (answered ? `Re: ${answered.subject.replace(/^Re:\s*/i, '')}` : '(no subject)'),
      text: answered ? `${mail.text}\n\n${quote(answered)}` : mail.text,
      ...(answered?.messageId ? { inReplyTo: answered.messageId } : {}),
      ...(answered
        ? { references: [...answered.references.toReversed(), answered.messageId ?? ''].filter(Boolean) }
        : {}),
      attachments: (mail.attach ?? []).map(path => ({ path })),
    })
    return `The desk answered: ${info.response.replace(/^250 (?:2\.0\.0 )?/, '')}`
  } catch (error) {
    throw sendingError(error, listen, splitDetail(address).base)
  } finally {
    transport.close()
  }
}

async function newestFor(channel: EmailChannel, address: string): Promise<ReadMail> {
  const newest = (await readMailbox(channel, address.toLowerCase())).at(-1)
  if (newest) return newest
  throw new DeskError(
    'not-found',
    `${address} has not got any mail yet, so there is nothing to answer: leave --answer out.`,
  )
}

function quote(mail: ReadMail): string {
  const lines = mail.text.trim().split('\n')
  return [`On an earlier day, ${mail.from.name} wrote:`, ...lines.map(line => `> ${line}`)].join('\n')
}

function sendingError(error: unknown, listen: { host: string; port: number }, address: string): DeskError {
  if (['ECONNREFUSED', 'ESOCKET', 'ECONNECTION'].includes(codeOf(error))) {
    return new DeskError(
      'unavailable',
      `Nothing answers on ${listen.host}:${listen.port}: start the desk first (npm start, or relaydesk start).`,
      { cause: error },
    )
  }
  return new DeskError('unavailable', `The desk did not accept the mail for ${address}: ${sentenceOf(error)}.`, {
    cause: error,
  })
}
