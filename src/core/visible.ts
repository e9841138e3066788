import EmailReplyParser from 'email-reply-parser'

/** The line in our mails above which people are asked to write. Everything from it on is ours. */
export const REPLY_MARKER = '##- Please write your reply above this line -##'

const MARKER_LINE = /^[>\s|]*##- .{0,80}? -##\s*$/m
const LONGEST = 100_000 // beyond this, looking for quotes costs more than it is worth

/** The new text of a message, without what it quotes. A text of which nothing would be left is given whole. */
export function visibleReply(text: string): string {
  const whole = text.trim()
  const above = aboveMarker(whole)
  const short = above.length <= LONGEST ? new EmailReplyParser().parseReply(above).trim() : above
  return short || above || whole
}

/**
 * The same for an answer to one of our mails that goes on to somebody else: what stands below our marker may be what
 * that person must not see, so nothing of it is ever given, even if nothing else is left.
 */
export function aboveMarker(text: string): string {
  const at = MARKER_LINE.exec(text)?.index
  if (at === undefined) return text
  return dropAttribution(text.slice(0, at)).trim()
}

/** The line by which a mail program introduces the quote ("On Monday, Bob wrote:") and the quote marks before it. */
function dropAttribution(text: string): string {
  const lines = text.replace(/[>\s]+$/u, '').split('\n')
  const last = lines.at(-1)?.trim() ?? ''
  if (/[:：]$/u.test(last) && /\d/.test(last)) lines.pop()
  return lines.join('\n')
}
