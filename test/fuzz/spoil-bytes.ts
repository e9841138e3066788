import {
  asText,
  boundariesOf,
  chosen,
  insertAt,
  placeIn,
  putTogether,
  type Spoiler,
  takeApart,
  upTo,
} from './rough-mail.ts'

const ENDS = ['\r', '\n', '\r\n', '\r\r\n', '\n\r', '\x85', '\x0b', '\0\n', '\n\n'] as const
const STRAY = [
  '\0',
  '\r',
  '\n',
  '\x1b',
  '\x80',
  '\xff',
  '\xed\xa0\x80',
  '\xef\xbb\xbf',
  '\xff\xfe',
  '\x1a',
  '\x7f',
] as const

/** What texts were before a program took them for something else. */
const REWRITTEN = [
  (text: string) => Buffer.from(text, 'utf16le').toString('latin1'),
  (text: string) => `\xff\xfe${Buffer.from(text, 'utf16le').toString('latin1')}`,
  (text: string) => `\xfe\xff${Buffer.from(text, 'utf16le').swap16().toString('latin1')}`,
  (text: string) => Buffer.from(text, 'latin1').toString('hex'),
  (text: string) => text.replace(/[aeiou]/g, '\xe4'),
  (text: string) => text.replace(/[aeiou]/g, '\xed\xa0\xbd\xed\xb8\x80'),
  (text: string) => text.replace(/[aeiou]/g, '\x1b$B%W%j\x1b(B'),
  (text: string) => text.replace(/[aeiou]/g, '\x0e!!\x0f'),
  (text: string) => text.replace(/[aeiou]/g, '\xf0\x9f'),
  (text: string) => text.replace(/[a-z]/g, sign => String.fromCharCode(sign.charCodeAt(0) | 0x80)),
  (text: string) => text.replace(/ /g, '\0'),
  (text: string) => text.replace(/[aeiou]/g, '+2AA-'),
] as const satisfies readonly [(text: string) => string, ...((text: string) => string)[]]

function withBody(mail: string, change: (body: string) => string): string {
  const rough = takeApart(mail)
  return putTogether({ ...rough, body: change(rough.body) })
}

/** Bytes that no packing makes smaller; the same for the same number. */
function noise(length: number, number: number): string {
  const bytes = Buffer.alloc(length)
  let state = (number | 1) >>> 0
  for (let at = 0; at < length; at += 1) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[at] = state & 255
  }
  return bytes.toString('latin1')
}

/** What is done to bytes whatever they mean, to line ends, and by laying two mails together. */
export const BYTE_SPOILERS: Readonly<Record<string, Spoiler>> = {
  'other line ends': (mail, { which }) => mail.replace(/\r?\n/g, chosen(ENDS, which)),
  'other line ends in the body': (mail, { which }) =>
    withBody(mail, body => body.replace(/\r?\n/g, chosen(ENDS, which))),
  'mixed line ends': (mail, { which }) => {
    let count = which
    return mail.replace(/\r?\n/g, () => {
      count += 1
      return chosen(ENDS, count * count)
    })
  },
  'a stray byte': (mail, { where, which }) => insertAt(mail, placeIn(mail.length, where), chosen(STRAY, which)),
  'many stray bytes': (mail, { where, which, much }) =>
    insertAt(mail, placeIn(mail.length, where), chosen(STRAY, which).repeat(upTo(500_000, much))),
  'stray bytes all over': (mail, { which, much }) => {
    const every = 1 + Math.round((100 - much) / 4)
    return mail.slice(0, 100_000).replace(new RegExp(`[^]{${every}}`, 'g'), found => found + chosen(STRAY, which))
  },
  noise: (mail, { where, which, much }) =>
    insertAt(mail, placeIn(mail.length, where), noise(upTo(300_000, much), which)),
  'a body of noise': (mail, { where, which, much }) =>
    asText(
      mail,
      chosen(['text/plain', 'text/html', 'image/png', 'application/ms-tnef'], where),
      noise(upTo(300_000, much), which),
    ),
  'a body written otherwise': (mail, { which }) =>
    withBody(mail, body => chosen(REWRITTEN, which)(body.slice(0, 200_000))),
  'all written otherwise': (mail, { which }) => chosen(REWRITTEN, which)(mail.slice(0, 200_000)),
  'the head of one, the body of another': (mail, { other }) =>
    putTogether({ ...takeApart(mail), body: takeApart(other).body }),
  'two mails, one behind the other': (mail, { other }) => mail + other,
  'the start of one, the end of another': (mail, { where, which, other }) =>
    mail.slice(0, placeIn(mail.length, where)) + other.slice(placeIn(other.length, which)),
  'a mail in the middle of another': (mail, { where, other }) => insertAt(mail, placeIn(mail.length, where), other),
  'a part of one in another': (mail, { where, other }) => {
    const [boundary = 'b'] = boundariesOf(other)
    const parts = other.split(`--${boundary}`)
    const [own = boundary] = boundariesOf(mail)
    return mail.replace(`--${own}`, `--${own}${parts[where % parts.length] ?? ''}--${own}`)
  },
  'fields of both': (mail, { other }) => {
    const rough = takeApart(mail)
    return putTogether({ ...rough, fields: [...rough.fields, ...takeApart(other).fields] })
  },
}
