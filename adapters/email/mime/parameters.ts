// Reads parameters of fields (RFC 2045, RFC 2231).
import { decodeText } from './charset.ts'
import { decodeWords } from './encoded-words.ts'

const LONGEST = 64 * 1024
const MOST = 200

/** Media type or disposition of a field, lower case, without what follows it; '' if there is none. */
export function typeOf(value: string): string {
  const found = /^\s*["']?([^\s;,"'()]{1,200})/.exec(value.replace(/^(?:\s*\([^()]{0,200}\)){1,5}/, ''))
  return (found?.[1] ?? '').toLowerCase()
}

/** A value up to the next parameter: quoted with escapes, or bare; a bare one may hold blanks if that is all there is. */
const PARAMETER =
  /[;\s,)]\s{0,100}([a-z0-9_.!#$&^-]{1,60}(?:\*\d{1,3})?\*?)\s{0,20}=\s{0,20}(?:"((?:[^"\\]|\\.){0,8000})(?:"|$)|([^;]{0,8000}))/gis

interface Piece {
  position: number
  encoded: boolean
  value: string
}

/**
 * Parameters of a field (RFC 2045 section 5.1), continued and encoded as RFC 2231 has it, or with the words of RFC 2047
 * that most programs write instead. Names in lower case.
 */
export function parametersOf(field: string): Map<string, string> {
  const pieces = new Map<string, Piece[]>()
  let count = 0
  for (const [, written = '', quoted, bare = ''] of field.slice(0, LONGEST).matchAll(PARAMETER)) {
    count += 1
    if (count > MOST) break
    const found = /^(.*?)(?:\*(\d{1,3}))?(\*)?$/.exec(written.toLowerCase())
    const name = found?.[1] ?? ''
    const position = found?.[2] === undefined ? -1 : Number(found[2])
    const value = quoted === undefined ? bareValue(bare) : quoted.replace(/\\(["\\])/g, '$1')
    const known = pieces.get(name) ?? []
    if (!known.some(each => each.position === position && each.encoded === (found?.[3] !== undefined))) {
      pieces.set(name, [...known, { position, encoded: found?.[3] !== undefined, value }])
    }
  }
  return new Map([...pieces].map(([name, list]) => [name, join(list)]))
}

function bareValue(value: string): string {
  return value.replace(/\s{1,100}\([^()]{0,200}\)\s*$/, '').trim()
}

function join(pieces: readonly Piece[]): string {
  const continued = pieces.filter(each => each.position >= 0).toSorted((a, b) => a.position - b.position)
  const single = pieces.filter(each => each.position < 0)
  const alone = single.find(each => each.encoded) ?? (continued.length === 0 ? single[0] : undefined)
  const parts = alone ? [alone] : continued.length > 0 ? continued : single
  if (!parts.some(each => each.encoded)) {
    const text = parts.map(each => each.value).join('')
    // Some programs write percents without saying so; more than one in a row is no name of a person's.
    if (/(?:%[0-9a-f]{2}){2}/i.test(text) && !/[^\x21-\x7e]/.test(text))
      return decodeText(percentDecoded(text), 'utf-8')
    return decodeWords(text)
  }
  // Charset and language stand before the first piece alone (RFC 2231 section 4.1).
  const [first] = parts
  const head = first?.encoded ? /^([^']{0,60})'[^']{0,60}'/.exec(first.value) : null
  // A piece may end within an escape; where none does, what is not encoded stays as it is.
  const whole = parts.map((each, index) => {
    const text = index === 0 && head ? each.value.slice(head[0].length) : each.value
    return each.encoded ? text : text.replaceAll('%', '%25')
  })
  return decodeText(percentDecoded(whole.join('')), head?.[1] ?? '')
}

function percentDecoded(text: string): Buffer {
  return Buffer.from(
    text.replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))),
    'latin1',
  )
}
