import MarkdownIt from 'markdown-it'
import type { SendMailOptions } from 'nodemailer'
import type { Address, OutboundMessage, RichText } from '../../src/channel.ts'
import { splitDetail } from '../../src/core/address.ts'

/** Bears our id where a relay puts a Message-ID of its own (Amazon SES, some of Microsoft's). */
const MARK = 'X-Relaydesk-Id'

const HELD = /\uE000(\d+)\uE001/g

/** A mail as nodemailer takes it. Its Message-ID carries the token, so that an answer finds its way back. */
export async function composeMail(
  message: OutboundMessage,
  from: { address: string; plusAddress: boolean },
): Promise<SendMailOptions> {
  const sender = { name: message.fromName, address: from.address }
  const tokenAddress = plusAddress(from.address, message.token)
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1)
  const messageId = (id: string) => (id.startsWith('<') ? id : `<${id}@${domain}>`)
  return {
    envelope: { from: from.plusAddress ? tokenAddress : from.address, to: message.recipients },
    from: sender,
    to: message.to.map(mailbox),
    ...(message.cc.length > 0 ? { cc: message.cc.map(mailbox) } : {}),
    ...(from.plusAddress ? { replyTo: { name: message.fromName, address: tokenAddress } } : {}),
    subject: message.subject,
    text: plainText(message.text),
    html: htmlText(message.text),
    messageId: messageId(message.token),
    ...(message.inReplyTo ? { inReplyTo: messageId(message.inReplyTo) } : {}),
    ...(message.references.length > 0 ? { references: message.references.map(messageId) } : {}),
    date: new Date(message.queuedAt),
    headers: { [MARK]: messageId(message.token), ...(message.automatic ? automaticHeaders(message) : {}) },
    attachments: await Promise.all(
      message.attachments.map(async file => ({
        filename: file.name,
        contentType: file.type,
        content: Buffer.from(await file.read()),
      })),
    ),
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

/** RFC 3834 section 5, and what Exchange and Outlook look at. */
function automaticHeaders(message: OutboundMessage): Record<string, string> {
  const kind = message.inReplyTo ? 'auto-replied' : 'auto-generated'
  return { 'Auto-Submitted': kind, 'X-Auto-Response-Suppress': 'All' }
}

/** `help+token@desk` (RFC 5233). */
function plusAddress(address: string, token: string): string {
  const { base } = splitDetail(address)
  const at = base.lastIndexOf('@')
  return `${base.slice(0, at)}+${token}${base.slice(at)}`
}

function mailbox({ name, address }: Address): { name: string; address: string } {
  return { name: name === address ? '' : name, address }
}

/** Markdown reads well as plain text; a quoted value keeps its marks on every line. */
export function plainText({ markdown, verbatim }: RichText): string {
  return markdown
    .split('\n')
    .map(line => {
      const prefix = /^(?:\s*>\s?)+/.exec(line)?.[0] ?? ''
      return line.replace(HELD, (_, index: string) =>
        (verbatim[Number(index)] ?? '').trimEnd().replace(/\r?\n/g, `\n${prefix}`),
      )
    })
    .join('\n')
    .concat('\n')
}

const markdownIt = new MarkdownIt({ html: false, linkify: true, breaks: true })

/** Values stand in the HTML as text, never as markup. */
export function htmlText({ markdown, verbatim }: RichText): string {
  const body = markdownIt.render(markdown).replace(HELD, (_, index: string) => {
    const escaped = markdownIt.utils.escapeHtml((verbatim[Number(index)] ?? '').trimEnd())
    return escaped.replace(/\r?\n/g, '<br>\n')
  })
  return `<!doctype html>\n<html><body style="font-family: sans-serif; line-height: 1.4">\n${body}</body></html>\n`
}
