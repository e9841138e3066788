// Decodes text, whatever its charset is called.
import { isAscii } from 'node:buffer'
import { analyse } from 'chardet'
import iconv from 'iconv-lite'
import { ownEntry } from '../../../src/core/text/own-entry.ts'
import { withoutSurrogates } from './surrogates.ts'

const SAMPLE = 64 * 1024 // bytes that a guess looks at
const LONG_SAMPLE = 256 * 1024 // bytes by which a guess is tried
const FEW_BROKEN = 0.005 // of all bytes: such a text is damaged, not of another charset

/** Names that senders write for charsets which the decoders know by another one. */
const CALLED: Readonly<Record<string, string>> = {
  ascii: 'windows-1252',
  cp932: 'shift_jis',
  windows932: 'shift_jis',
  ms_kanji: 'shift_jis',
  sjis: 'shift_jis',
  cp936: 'gb18030',
  hzgb2312: 'gb18030',
  gb2312: 'gb18030',
  gbk: 'gb18030',
  cp949: 'euc-kr',
  ms949: 'euc-kr',
  uhc: 'euc-kr',
  euckr: 'euc-kr',
  ksc5601: 'euc-kr',
  ks_c_56011987: 'euc-kr',
  ks_c_56011989: 'euc-kr',
  ksc56011987: 'euc-kr',
  cp950: 'big5',
  big5hkscs: 'big5',
  jis: 'iso-2022-jp',
  cp50220: 'iso-2022-jp',
  cp50221: 'iso-2022-jp',
  cp1252: 'windows-1252',
  mac: 'macintosh',
}

/** What says nothing about how bytes are to be read. */
const UNTOLD =
  /^(?:|us-?ascii|ascii|ansi_x3\.4-1968|unknown(?:-?8bit)?|x-unknown|default(?:_charset)?|none|utf-?8|8bit|binary)$/

/**
 * Bytes as the text that was meant. What the sender says of their charset is believed as far as the bytes allow: whatever
 * is well-formed UTF-8 is UTF-8, since no other text looks like it by chance.
 *
 * @param declared what the message says, '' where it says nothing
 * @param html the bytes are HTML, which may say it itself
 */
export function decodeText(bytes: Buffer, declared: string, html = false): string {
  const label = declared
    .trim()
    .toLowerCase()
    .replace(/^["'\s]+|["'\s;,]+$/g, '')
    .replace(/\*.*$/, '')
  const marked = /^utf-?32/.test(label) ? undefined : byMark(bytes)
  if (marked !== undefined) return marked
  const jis = isoTwentyTwentyTwo(bytes, label)
  if (jis !== undefined) return jis
  if (isWide(label)) return decodeAs(bytes, label) ?? bytes.toString('utf8')
  if (isAscii(bytes)) return decodeAs(bytes, UNTOLD.test(label) ? 'utf-8' : label) ?? bytes.toString('latin1')
  const utf8 = new TextDecoder('utf-8').decode(withoutSurrogates(bytes))
  const broken = countBroken(utf8)
  if (broken === 0) return utf8
  if (!UNTOLD.test(label)) {
    const text = decodeAs(bytes, label)
    if (text !== undefined) return text
  }
  // Cut off in the middle of a character, or damaged on its way.
  const sound = utf8.match(/[\u0080-\ufffc]/g)?.length ?? 0
  if (sound > 0 && (sound >= broken || broken <= bytes.length * FEW_BROKEN)) return mended(bytes)
  const inside = html ? charsetOfHtml(bytes) : ''
  return (inside && decodeAs(bytes, inside)) || guessed(bytes)
}

/** RFC 2046 section 4.1.2 has no byte order marks; programs write them all the same. */
function byMark(bytes: Buffer): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return new TextDecoder('utf-8').decode(bytes)
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  return undefined
}

/** RFC 1468 and 1557: seven bits, and escapes that tell. Also where nobody said that it is so. */
function isoTwentyTwentyTwo(bytes: Buffer, label: string): string | undefined {
  if (!bytes.includes(0x1b)) return undefined
  const start = bytes.subarray(0, SAMPLE).toString('latin1')
  if (/\x1b\$\)C/.test(start)) return decodeAs(koreanAsEightBit(bytes), 'euc-kr')
  if (!/\x1b(?:\$[@B(]|\([JI])/.test(start)) return undefined
  if (!(/jis|2022|jp|^$/.test(label) || UNTOLD.test(label) || isAscii(bytes))) return undefined
  // An escape that another follows at once, as where words were joined, is an error to decoders.
  const joined = bytes.toString('latin1').replace(/\x1b(?:\$[@B]|\([BJI])(?=\x1b(?:\$[@B]|\([BJI]))/g, '')
  return decodeAs(Buffer.from(joined, 'latin1'), 'iso-2022-jp')
}

/** ISO-2022-KR shifts with SO and SI between ASCII and KS X 1001, which EUC-KR has with the eighth bit set. */
function koreanAsEightBit(bytes: Buffer): Buffer {
  let shifted = false
  const eight: number[] = []
  const header = bytes.indexOf('\x1b$)C', 0, 'latin1')
  for (const [at, byte] of bytes.entries()) {
    if (at >= header && at < header + 4) continue
    if (byte === 0x0e) shifted = true
    else if (byte === 0x0f) shifted = false
    else eight.push(shifted && byte > 0x20 && byte < 0x7f ? byte | 0x80 : byte)
  }
  return Buffer.from(eight)
}

/** Charsets of which ASCII is no part, so that bytes alone do not tell. */
function isWide(label: string): boolean {
  return /^(?:utf-?(?:16|32|7)|ucs-?[24]|unicode-1-1-utf-7|csunicode)/.test(label)
}

/** Where Node's own decoders lack characters that are in use: Korean beyond KS X 1001, Hong Kong's of Big5. */
const FULLER: Readonly<Record<string, string>> = { 'euc-kr': 'cp949', big5: 'big5-hkscs' }

function decodeAs(bytes: Buffer, label: string): string | undefined {
  const plain = label.replace(/[^a-z0-9_]/g, '')
  const name = ownEntry(CALLED, plain) ?? label
  const fuller = ownEntry(FULLER, name)
  if (fuller) return iconv.decode(bytes, fuller).toWellFormed()
  try {
    return new TextDecoder(name).decode(bytes)
  } catch {
    return iconv.encodingExists(name) ? iconv.decode(bytes, name).toWellFormed() : undefined
  }
}

/** UTF-8 with some damage: single bytes as Windows writes them. */
function mended(bytes: Buffer): string {
  const known = withoutSurrogates(bytes).toString('latin1')
  return known.replace(
    /[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}|[\x80-\xff]/g,
    found => (found.length > 1 ? Buffer.from(found, 'latin1').toString() : (WINDOWS[found] ?? found)),
  )
}

const WINDOWS: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from({ length: 128 }, (_, index) => {
    const byte = Buffer.from([index + 128])
    return [byte.toString('latin1'), new TextDecoder('windows-1252').decode(byte)]
  }),
)

function countBroken(text: string): number {
  let count = 0
  for (let at = text.indexOf('\ufffd'); at >= 0; at = text.indexOf('\ufffd', at + 1)) count += 1
  return count
}

/** `<meta charset="...">` and its older form (HTML, section 4.2.5.4), or an XML declaration. */
export function charsetOfHtml(bytes: Buffer): string {
  const start = bytes.subarray(0, SAMPLE).toString('latin1')
  const found =
    /<meta\b[^>]{0,300}?charset\s{0,4}=\s{0,4}["']?\s{0,4}([a-z0-9_.:-]{2,40})/i.exec(start) ??
    /^\s{0,20}<\?xml[^>]{0,200}encoding\s{0,4}=\s{0,4}["']([a-z0-9_.:-]{2,40})/i.exec(start)
  return (found?.[1] ?? '').toLowerCase()
}

/** Charsets of several bytes, which are right only if all of the text is well-formed. */
const MULTIBYTE: Readonly<Record<string, string>> = {
  Shift_JIS: 'shift_jis',
  'EUC-JP': 'euc-jp',
  'EUC-KR': 'euc-kr',
  Big5: 'big5',
  GB18030: 'gb18030',
}
/** Of the others, those whose letters are not Latin: there, most letters have the eighth bit. */
const OTHER_SCRIPTS = /^(?:KOI8-R|windows-125[13567]|ISO-8859-[56789])$/

/** The likeliest reading of bytes that nobody told anything about; Western European in doubt. */
function guessed(bytes: Buffer): string {
  const sample = bytes.subarray(0, SAMPLE)
  const foreign = sample.filter(byte => byte > 0x7f)
  const letters = sample.filter(byte => byte > 0x7f || (byte >= 0x41 && byte <= 0x7a)).length
  const western = decodeAs(bytes, 'windows-1252') ?? bytes.toString('latin1')
  // A few capital umlauts are no Japanese, and where most letters are Latin the language is.
  if (foreign.length / Math.max(1, letters) <= 0.4 || (foreign.length < 12 && new Set(foreign).size <= 4))
    return western
  const eastern = byLeads(sample)
  const easternText = eastern && readable(bytes, eastern)
  if (easternText) return easternText
  const guesses = analyse(sample).filter(({ confidence }) => confidence >= 10)
  for (const { name } of guesses) {
    const label = ownEntry(MULTIBYTE, name)
    const text = label ? readable(bytes, label) : undefined
    if (text !== undefined) return text
    if (OTHER_SCRIPTS.test(name) && !mayBeEastern(sample)) return decodeAs(bytes, name.toLowerCase()) ?? western
  }
  for (const label of ['gb18030', 'euc-kr', 'shift_jis', 'big5']) {
    const text = mayBeEastern(sample) ? readable(bytes, label) : undefined
    if (text !== undefined) return text
  }
  return western
}

/** Korean and Chinese by which first bytes they use: syllables below 0xC9, the common characters of GB 2312 below 0xD8. */
function byLeads(bytes: Buffer): string | undefined {
  if (!mayBeEastern(bytes)) return undefined
  const runs = bytes.toString('latin1').match(/[\x80-\xff]+/g) ?? []
  const leads = runs.flatMap(run => Array.from({ length: run.length / 2 }, (_, index) => run.charCodeAt(index * 2)))
  const letters = leads.filter(lead => lead >= 0xb0)
  if (letters.length < 4 || letters.length < leads.length * 0.6) return undefined
  if (letters.every(lead => lead <= 0xc8)) return 'euc-kr'
  return letters.filter(lead => lead <= 0xd7).length >= letters.length * 0.9 ? 'gb18030' : undefined
}

/** Every byte with the eighth bit has a neighbour that belongs to it, as in texts of two bytes a character. */
function mayBeEastern(bytes: Buffer): boolean {
  const runs = bytes.toString('latin1').match(/[\x80-\xff]+/g) ?? []
  return runs.length > 0 && runs.every(run => run.length % 2 === 0)
}

/** The text if it is well-formed and of characters that people write, as far as a sample tells. */
function readable(bytes: Buffer, label: string): string | undefined {
  const lines = bytes.lastIndexOf(0x0a, LONG_SAMPLE) + 1
  const sample = bytes.length > LONG_SAMPLE ? bytes.subarray(0, lines || LONG_SAMPLE) : bytes
  const text = decodeAs(sample, label) ?? ''
  const odd = text.match(/[\ufffd\ue000-\uf8ff\uff61-\uff9f\u0080-\u009f]/g)?.length ?? 0
  const common = text.match(/[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]/g)?.length ?? 0
  if (odd > 1 || common <= odd * 10) return undefined
  return sample === bytes ? text : decodeAs(bytes, label)
}
