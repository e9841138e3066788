// Decodes encoded words in heads (RFC 2047).
import { decodeText } from './charset.ts'

/** RFC 2047 section 2, and as it is written by mistake: blanks and question marks inside, no end. */
const WORD = /=\?([\w:.()+*-]{1,60})\?([bq])\?((?:[^?\r\n]|\?(?!=)){0,4000}?)(?:\?=|\?$|$)/gi

const MOST_WORDS = 2_000
const LONGEST = 64 * 1024 // characters of a field; no more is ever shown

interface Word {
  charset: string
  bytes: Buffer
}

/**
 * An unstructured field, or a phrase of a structured one, as text.
 *
 * @param written the field as it came, one character a byte, unfolded
 * @param hint charset of the message, for bytes that no word tells of
 */
export function decodeWords(written: string, hint = ''): string {
  const value = written.slice(0, LONGEST)
  let text = ''
  let end = 0
  let pending: Word | undefined
  let count = 0
  const flush = () => {
    if (pending) text += decodeText(pending.bytes, pending.charset)
    pending = undefined
  }
  for (const found of value.matchAll(WORD)) {
    count += 1
    if (count > MOST_WORDS) break
    const between = value.slice(end, found.index)
    const [whole, charset = '', encoding = '', content = ''] = found
    const word = { charset: charset.toLowerCase(), bytes: bytesOf(encoding, content) }
    // Blanks between two words separate nothing (section 6.2); a character may have been split between them.
    if (end > 0 && between.trim() === '' && pending?.charset === word.charset) {
      pending = { charset: word.charset, bytes: Buffer.concat([pending.bytes, word.bytes]) }
    } else {
      flush()
      if (end === 0 || between.trim() !== '') text += decodeRaw(between, hint)
      pending = word
    }
    end = found.index + whole.length
  }
  flush()
  return text + decodeRaw(value.slice(end), hint)
}

/** Bytes that stand in a field as they are: UTF-8 by RFC 6532, or whatever the message is in. */
export function decodeRaw(value: string, hint: string): string {
  return /[^\x00-\x7f]/.test(value) || value.includes('\x1b') ? decodeText(Buffer.from(value, 'latin1'), hint) : value
}

function bytesOf(encoding: string, content: string): Buffer {
  if (encoding.toLowerCase() === 'b') return fromBase64(content)
  const bytes = content
    .replace(/_/g, ' ')
    .replace(/=([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
  return Buffer.from(bytes, 'latin1')
}

/** Each padded piece by itself: programs put several into one word. */
function fromBase64(content: string): Buffer {
  return Buffer.concat(
    content
      .replace(/[^A-Za-z0-9+/=_-]/g, '')
      .split(/(?<==)(?!=)/)
      .map(piece => Buffer.from(piece, 'base64')),
  )
}
