// Writes the mail that leaves.
import MarkdownIt, { type Token } from 'markdown-it'
import type { SendMailOptions } from 'nodemailer'
import type { Address } from '../../../src/channel/message.ts'
import type { OutboundMessage } from '../../../src/channel/outbound.ts'
import { splitDetail } from '../../../src/core/text/address.ts'
import { HELD, plainFromRichText, type RichText, valueAt } from '../../../src/core/text/rich-text.ts'

/** Bears our id where a relay puts a Message-ID of its own (Amazon SES, some of Microsoft's). */
const MARK = 'X-Relaydesk-Id'

/** What stands for `verbatim[n]`, as markdown-it escapes it in an address. */
const HELD_IN_ADDRESS = /%EE%80%80(\d+)%EE%80%81/g

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
    text: protectLines(plainFromRichText(message.text)),
    html: protectLines(htmlText(message.text)),
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

/** In such a form that no server on the way changes a line: some quote "From " (RFC 4155), some cut blanks off (RFC 2045). */
function protectLines(content: string): SendMailOptions['text'] {
  if (/^From /m.test(content)) return { content, contentTransferEncoding: 'base64' }
  return /[ \t]$/m.test(content) ? { content, contentTransferEncoding: 'quoted-printable' } : content
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

const markdownIt = new MarkdownIt({ html: false, linkify: true, breaks: true })
// A link shows what was typed: nothing is guessed to be one, and no address is shown in another way.
markdownIt.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false }).add('//', null)
markdownIt.normalizeLinkText = address => address
markdownIt.renderer.rules.text = renderText
markdownIt.renderer.rules.code_inline = (tokens, at, options, env) =>
  `<code>${renderText(tokens, at, options, env)}</code>`

const { escapeHtml } = markdownIt.utils

/** Values stand in the HTML as text, never as markup. */
export function htmlText(text: RichText): string {
  const { markdown, verbatim } = text
  const body = markdownIt
    .render(markdown, { ...text })
    // In addresses of links and texts of pictures.
    .replace(HELD_IN_ADDRESS, (_, index: string) => escapeHtml(encodeURI(valueAt(verbatim, index))))
    .replace(HELD, (_, index: string) => escapeHtml(valueAt(verbatim, index)))
  return `<!doctype html>\n<html><body style="font-family: sans-serif; line-height: 1.4">\n${body}</body></html>\n`
}

function renderText(tokens: readonly Token[], at: number, _options: unknown, env: object = {}): string {
  const { verbatim, linked = [] } = env as RichText
  const parts = (tokens[at]?.content ?? '').split(HELD)
  return parts
    .map((part, index) => {
      if (index % 2 > 0) return typedHtml(valueAt(verbatim, part), linked.includes(Number(part)))
      const ends = { first: index === 0 && isBreak(tokens[at - 1]), last: !parts[index + 1] && isBreak(tokens[at + 1]) }
      return escaped(withBlanks(part, ends))
    })
    .join('')
}

/** Whether a line ends here; so it does where nothing is. */
function isBreak(token: Token | undefined): boolean {
  return token === undefined || token.type.endsWith('break')
}

/** A text as HTML that shows the same; with links where it holds addresses of pages, if it may. */
function typedHtml(text: string, isLinked: boolean): string {
  const shown = withBlanks(text, { first: true, last: true })
  let from = 0
  const links = ((isLinked && markdownIt.linkify.match(text)) || []).map(({ index, lastIndex, url }) => {
    const before = shown.slice(from, index)
    from = lastIndex
    return `${escaped(before)}<a href="${escapeHtml(url)}">${escaped(shown.slice(index, lastIndex))}</a>`
  })
  return `${links.join('')}${escaped(shown.slice(from))}`
}

/**
 * The blanks that HTML leaves out as such that it keeps, which programs copy as blanks: Outlook does not know
 * `white-space: pre-wrap`.
 */
function withBlanks(text: string, { first, last }: { first: boolean; last: boolean }): string {
  const within = text.replace(/ (?=[ \t\n])|(?<=[\t\n]) /g, '\u00A0')
  const padded = first ? within.replace(/^ /, '\u00A0') : within
  return last ? padded.replace(/ $/, '\u00A0') : padded
}

/** What a tab is in browsers, and in Outlook, which reads mail as Word does. */
const TAB = '<span style="white-space: pre; mso-tab-count: 1">\t</span>'

function escaped(text: string): string {
  return escapeHtml(text).replace(/\t/g, TAB).replace(/\n/g, '<br>\n')
}
