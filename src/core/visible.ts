/** The line in our mails above which people are asked to write. Everything from it on is ours. */
export const REPLY_MARKER = '##- Please write your reply above this line -##'

const MARKER_LINE = /^[>\s|*]*##-\s/
const QUOTED = /^\s*>/
const SIGNATURE = /^-- ?$/ // RFC 3676 section 4.3; many programs lose the blank
const ORIGINAL =
  /^\s*-{2,}\s*(?:Original Message|Ursprüngliche Nachricht|Message d'origine|Mensaje original)\s*-{2,}\s*$/i
const RULE = /^[>\s]*_{5,}\s*$/
const HEAD_FIELD =
  /^[>\s*]*(?:From|Sent|To|Cc|Date|Subject|Importance|Von|Gesendet|An|Datum|Betreff|De|Envoyé|À|Objet|Enviado|Para|Asunto|Da|Inviato|A|Oggetto)\s?\*?:/i
const LONGEST_ATTRIBUTION = 3 // lines; mail programs wrap it
const OPENS_ATTRIBUTION = /^[>\s*]*(?:on|am|le|el|il|op|em|den|på)\s|\d[-./:]\d|\b\d{4}\b/i

/**
 * The new text of a message, without what it quotes below and without its signature. A text of which nothing would be
 * left is given whole. Linear in the length of the text, whatever stands in it.
 */
export function visibleReply(text: string): string {
  const whole = text.trim()
  const above = aboveMarker(whole)
  return withoutTail(above.split('\n')).join('\n').trim() || above || whole
}

/**
 * The text above our marker line; the whole text where there is none. What stands below may be what the reader must not
 * see, so nothing of it is ever given, even if nothing else is left.
 */
export function aboveMarker(text: string): string {
  const lines = text.split('\n')
  const at = lines.findIndex(line => MARKER_LINE.test(line))
  if (at < 0) return text
  const above = withoutQuotes(lines.slice(0, at))
  return withoutAttribution(withoutHeaderBlock(above)).join('\n').trim()
}

/** Outlook introduces a quote by the head of the mail it quotes, without any mark. */
function withoutHeaderBlock(lines: string[]): string[] {
  let end = lines.length
  let fields = 0
  for (; end > 0; end -= 1) {
    const line = lines[end - 1] ?? ''
    if (HEAD_FIELD.test(line)) fields += 1
    else if (line.trim() !== '' && !RULE.test(line) && !ORIGINAL.test(line)) break
  }
  return fields >= 2 ? lines.slice(0, end) : lines
}

/** Takes off the signature, the quote at the end and what introduces it, from the end upwards. */
function withoutTail(lines: string[]): string[] {
  const original = lines.findIndex(line => ORIGINAL.test(line))
  const kept = original > 0 ? lines.slice(0, original) : lines
  const quoteFree = withoutQuotes(kept)
  const answered = quoteFree.length < withoutBlank(kept).length ? withoutAttribution(quoteFree) : quoteFree
  const signature = answered.findLastIndex(line => SIGNATURE.test(line))
  if (signature <= 0) return answered
  const signed = answered.slice(0, signature)
  const inner = withoutQuotes(signed)
  return inner.length < withoutBlank(signed).length ? withoutAttribution(inner) : signed
}

function withoutBlank(lines: string[]): string[] {
  const end = lines.findLastIndex(line => line.trim() !== '')
  return lines.slice(0, end + 1)
}

function withoutQuotes(lines: string[]): string[] {
  const end = lines.findLastIndex(line => line.trim() !== '' && !QUOTED.test(line))
  return lines.slice(0, end + 1)
}

/**
 * "On Monday, Bob wrote:", possibly over several lines: ends with a colon, and tells a time or an address. Where it was
 * wrapped, its last line alone may look like all of it, so the line that opens it is looked for first.
 */
function withoutAttribution(lines: string[]): string[] {
  const kept = withoutBlank(lines)
  if (!/[:：]\s*$/u.test(kept.at(-1) ?? '')) return kept
  const introductions: string[][] = []
  for (let length = 1; length <= Math.min(LONGEST_ATTRIBUTION, kept.length); length += 1) {
    const candidate = kept.slice(-length)
    if (candidate.some(line => line.trim() === '')) break
    if (introduces(candidate.join(' '))) introductions.push(candidate)
  }
  const found = introductions.find(([line = '']) => OPENS_ATTRIBUTION.test(line.replace(/<[^<>]*>/g, '')))
  const introduction = found ?? introductions[0]
  return introduction ? withoutBlank(kept.slice(0, -introduction.length)) : kept
}

function introduces(said: string): boolean {
  return said.length < 300 && (/\d{1,4}[-./: ]/.test(said) || /@/.test(said) || /wrote:$/.test(said.trim()))
}
