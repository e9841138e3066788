// Codes of mail servers (RFC 3463).
const CODE = '([245]\\.\\d{1,3}\\.\\d{1,3})(?![\\d.])'
/** A reply line of a server: `550 5.1.1`, `550-5.7.1`, `550-'5.2.2`, `550 #5.1.0`, `554 554 5.7.0`. */
const AFTER_REPLY = new RegExp(`(?<!\\d)[45]\\d\\d[ -]{1,2}(?:[45]\\d\\d )?['"(#<]?${CODE}`, 'g')
const ANYWHERE = new RegExp(`(?<![\\d.])${CODE}`, 'g')
const LONGEST = 8_000

/**
 * The enhanced status code (RFC 3463) that says most: the server's own, unless it or the report's is only general.
 *
 * @param reported the report's own code, or ''
 * @param words what is said of the recipient
 * @returns '' if there is none
 */
export function bestStatus(reported: string, words: string): string {
  const text = words.slice(0, LONGEST)
  const answered = [...text.matchAll(AFTER_REPLY)].map(found => found[1] ?? '')
  const named = [...text.matchAll(ANYWHERE)].map(found => found[1] ?? '').filter(code => !code.startsWith('2.'))
  const codes = [...answered, reported, ...named].filter(code => code !== '')
  return codes.find(isSpecific) ?? codes.find(code => !code.endsWith('.0.0')) ?? codes[0] ?? ''
}

/** `x.0.0` says nothing, `x.y.0` little. */
function isSpecific(code: string): boolean {
  return !code.endsWith('.0')
}

/** The basic code of an SMTP reply in a text (RFC 5321 section 4.2), or ''. */
export function replyCode(words: string): string {
  return /(?:^|[\s>:;'"(])([45][0-5]\d)(?=[ -])/.exec(words.slice(0, LONGEST))?.[1] ?? ''
}
