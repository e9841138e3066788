// Finds tokens of ours in any text.
import { type TokenKey, verifyAny } from './token.ts'

/** Where a token of ours stands in a text: what lies between may hold line ends and marks of quotes. */
export interface TokenSpan {
  start: number
  end: number
  /** The message that it belongs to. */
  number: number
  /** It is the detail behind a plus in an address; the plus belongs to it. */
  detail: boolean
}

const SHORTEST = 22 // characters of a token
/** A token of which nothing but letters, digits and hyphens is left; it may have got hyphens where lines were broken. */
const CANDIDATE =
  /(?=([qais])-{1,3}([0-9a-z]{1,10})-{1,3}(k[0-9a-z]{1,4})-{1,3}([a-z2-7](?:-{0,2}[a-z2-7]){15}))[qais]/g
/** Longest stretch of a text that is looked at for one token, in characters. */
export const LONGEST_SPAN = 1_024

/**
 * Every token and link of ours in a text, but those of one message, which its readers may have. Found however it was
 * broken and written on its way: wrapped in lines, quoted, in capitals, in quoted-printable (RFC 2045 section 6.7), in
 * base64 (RFC 4648), in a URL (RFC 3986 section 2.1), in entities or between tags of HTML, with signs of no width. Linear
 * in its length.
 */
export function findTokens(text: string, keys: readonly TokenKey[], ownNumber: number | null = null): TokenSpan[] {
  return merged([...tokensAsWritten(text, keys, ownNumber), ...tokensInBase64(text, keys, ownNumber, DEEPEST)])
}

function tokensAsWritten(text: string, keys: readonly TokenKey[], ownNumber: number | null): TokenSpan[] {
  if (text.length < SHORTEST) return []
  const spans: TokenSpan[] = []
  for (const letters of readings(text)) {
    for (const found of letters.text.matchAll(CANDIDATE)) {
      const [, letter = '', number = '', keyId = '', mac = ''] = found
      const signed = verifyAny(keys, `${letter}-${number}-${keyId}-${mac.replaceAll('-', '')}`)
      if (signed === null || signed === ownNumber) continue
      const first = found.index
      const detail = letters.text[first - 1] === '+'
      const length = tokenLength(letters.text, first, mac)
      const start = letters.from[detail ? first - 1 : first] ?? 0
      const end = letters.to[first + length - 1] ?? start
      if (end - start <= LONGEST_SPAN) spans.push({ start, end, number: signed, detail })
    }
  }
  return spans
}

const DEEPEST = 2 // base64 within base64, as in a mail that is a file of a mail
/** Base64 with the letters of either alphabet, over one line or several, also as a quote; its last line may be short. */
const BASE64 = /[\w+/-]{20,}(?:={0,2}[ \t]*(?:\r\n?|\n)[ \t>|]*[\w+/-]+)*/g

/** As long as a token, which is of ASCII; NUL stands between its letters in UTF-16. */
const IS_TEXT = /[\0\t\n\r -~]{22}/

/**
 * Tokens in what base64 stands for. Nobody knows where it begins, so each of the four ways to read it is tried. A span
 * holds those signs alone that stand for nothing else.
 */
function tokensInBase64(text: string, keys: readonly TokenKey[], ownNumber: number | null, depth: number): TokenSpan[] {
  const spans: TokenSpan[] = []
  for (const { 0: block, index } of text.matchAll(BASE64)) {
    const packed = block.replace(/[^\w+/-]+/g, '')
    for (let skipped = 0; skipped < 4; skipped += 1) {
      const inner = Buffer.from(packed.slice(skipped), 'base64').toString('latin1')
      if (!IS_TEXT.test(inner)) continue
      const within = tokensAsWritten(inner, keys, ownNumber)
      if (depth > 1) within.push(...tokensInBase64(inner, keys, ownNumber, depth - 1))
      if (within.length === 0) continue
      const at = placesIn(block, index).subarray(skipped)
      for (const { start, end, number } of within) {
        const [first = 0, last = 0] = [at[Math.ceil((start * 4) / 3)], at[Math.floor((end * 4) / 3) - 1]]
        spans.push({ start: first, end: last + 1, number, detail: false })
      }
    }
  }
  return spans
}

/** Where in a text each of the letters of a block of base64 stands. */
function placesIn(block: string, index: number): Int32Array {
  const places = new Int32Array(block.length)
  let count = 0
  for (let at = 0; at < block.length; at += 1) {
    if (/[\w+/-]/.test(block[at] ?? '')) places[count++] = index + at
  }
  return places.subarray(0, count)
}

/** Numbers of the messages of ours that a text names by their tokens. */
export function numbersIn(text: string, keys: readonly TokenKey[]): number[] {
  return [...new Set(findTokens(text, keys).map(each => each.number))]
}

/** A text without the tokens of ours; of an address what is left of it stays readable. */
export function withoutTokens(text: string, keys: readonly TokenKey[], ownNumber: number | null = null): string {
  let result = ''
  let at = 0
  for (const { start, end, detail } of findTokens(text, keys, ownNumber)) {
    result += text.slice(at, start) + (detail ? '' : '…')
    at = end
  }
  return at === 0 ? text : result + text.slice(at)
}

function tokenLength(text: string, first: number, mac: string): number {
  return text.indexOf(mac, first) + mac.length - first
}

function merged(spans: TokenSpan[]): TokenSpan[] {
  const apart: TokenSpan[] = []
  for (const span of spans.sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = apart.at(-1)
    if (!last || span.start >= last.end) apart.push({ ...span })
    else last.end = Math.max(last.end, span.end)
  }
  return apart
}

/** Signs of a text, and from where to where each of them stood in it. */
interface Letters {
  text: string
  from: Int32Array
  to: Int32Array
}

const MOST_ROUNDS = 3 // what was written twice, as %252B
const CODED = /&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});?|(?:[%=]|\\(?:'|x|u00))[0-9a-f]{2}/gi
/** `https-3A__desk.example_a-2D1`: Proofpoint writes addresses so into its own. */
const CODED_IN_LINK = /-[0-9A-F]{2}/g
const TAG =
  /<\/?(?:a|abbr|b|bdo|big|br|code|div|em|font|i|ins|mark|nobr|p|pre|q|s|small|span|strong|sub|sup|tt|u|wbr)(?:\s[^<>]{0,500})?\/?>/gi
const NAMED: Record<string, string> = {
  hyphen: '-',
  dash: '-',
  minus: '-',
  plus: '+',
  amp: '&',
  percnt: '%',
  equals: '=',
  lt: '<',
  gt: '>',
}

/** The text as it stands, then with more and more of what hides a token read as what it stands for. */
function* readings(text: string): Generator<Letters> {
  yield lettersOf(text, undefined)
  let written = text
  let before: Letters | undefined
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const decoded = replaceLetters(written, CODED, signOf, before)
    if (!decoded) break
    before = decoded
    written = decoded.text
    yield lettersOf(written, before)
  }
  const linked = text.includes('-2D') ? replaceLetters(text, CODED_IN_LINK, signOf, undefined) : undefined
  if (linked) yield lettersOf(linked.text, linked)
  const untagged = written.includes('<') ? replaceLetters(written, TAG, () => '', before) : undefined
  if (untagged) yield lettersOf(untagged.text, untagged)
}

function signOf(coded: string): string | undefined {
  if (coded[0] !== '&') return String.fromCharCode(Number.parseInt(coded.slice(-2), 16))
  const name = coded.slice(1).replace(/;$/, '').toLowerCase()
  if (name[0] !== '#') return NAMED[name] ?? (coded.endsWith(';') ? ' ' : undefined)
  const code = name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10)
  return code <= 0xffff ? String.fromCharCode(code) : ' '
}

/** Undefined if nothing is replaced. */
function replaceLetters(
  text: string,
  what: RegExp,
  by: (found: string) => string | undefined,
  before: Letters | undefined,
): Letters | undefined {
  const from = new Int32Array(text.length)
  const to = new Int32Array(text.length)
  let result = ''
  let at = 0
  const keep = (end: number) => {
    for (let each = at; each < end; each += 1) {
      from[result.length + each - at] = before?.from[each] ?? each
      to[result.length + each - at] = before?.to[each] ?? each + 1
    }
    result += text.slice(at, end)
    at = end
  }
  for (const found of text.matchAll(what)) {
    const sign = by(found[0])
    if (sign === undefined) continue
    keep(found.index)
    at = found.index + found[0].length
    if (sign === '') continue
    from[result.length] = before?.from[found.index] ?? found.index
    to[result.length] = before?.to[at - 1] ?? at
    result += sign
  }
  if (at === 0) return undefined
  keep(text.length)
  return { text: result, from, to }
}

/** Letters, digits, hyphens and plus signs of a text; all else may stand between those of a token. */
function lettersOf(text: string, before: Letters | undefined): Letters {
  const from = new Int32Array(text.length)
  const to = new Int32Array(text.length)
  const codes = new Uint8Array(text.length)
  let length = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = letterOf(text.charCodeAt(at))
    if (code === 0) continue
    codes[length] = code
    from[length] = before?.from[at] ?? at
    to[length] = before?.to[at] ?? at + 1
    length += 1
  }
  return { text: Buffer.from(codes.buffer, 0, length).toString('latin1'), from, to }
}

const HYPHEN = 0x2d
/** Hyphens, dashes and the sign for minus, as programs put them in the place of a hyphen. */
const HYPHENS: ReadonlySet<number> = new Set([0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212, 0xfe63, 0xff0d])

/** The code of what a sign stands for; 0 for what is left out. */
function letterOf(code: number): number {
  if (code >= 0x61 && code <= 0x7a) return code
  if (code >= 0x41 && code <= 0x5a) return code + 0x20
  if ((code >= 0x30 && code <= 0x39) || code === HYPHEN || code === 0x2b) return code
  if (code < 0x80) return 0
  if (HYPHENS.has(code)) return HYPHEN
  return code >= 0xff01 && code <= 0xff5e ? letterOf(code - 0xfee0) : 0 // full-width forms
}
