import {
  asText,
  boundariesOf,
  chosen,
  type How,
  insertAt,
  nameOf,
  placeIn,
  putTogether,
  type Spoiler,
  takeApart,
  upTo,
  withField,
} from './rough-mail.ts'

const TYPES = [
  'text/plain',
  'text/html',
  'text/enriched',
  'text/calendar; method=REQUEST',
  'text/rfc822-headers',
  'message/rfc822',
  'message/global',
  'message/partial; number=1; total=2; id=x',
  'message/delivery-status',
  'message/feedback-report',
  'message/external-body; access-type=ftp',
  'multipart/mixed',
  'multipart/alternative',
  'multipart/related',
  'multipart/digest',
  'multipart/report; report-type=delivery-status',
  'multipart/signed',
  'multipart/encrypted',
  'application/ms-tnef; name=winmail.dat',
  'application/pkcs7-mime; smime-type=signed-data',
  'application/pgp-encrypted',
  'application/octet-stream',
  'image/png',
  'x/y',
  '///',
  '',
] as const

const ENCODINGS = [
  '7bit',
  '8bit',
  'binary',
  'base64',
  'quoted-printable',
  'x-uuencode',
  'x-unknown',
  'BASE64 ',
  '"base64"',
  'base64 (really)',
  '',
] as const

function boundary(mail: string, { where }: How): string {
  const found = boundariesOf(mail)
  return found.length > 0 ? (found[where % found.length] ?? 'b') : 'b'
}

/** Pieces between the lines of a boundary, which stand before all but the first. */
function piecesAt(mail: string, line: string): string[] {
  return line === '--' ? [mail] : mail.split(`\n${line}`)
}

function nested(depth: number, type: string, inner: string): string {
  const levels = Array.from(
    { length: depth },
    (_, level) => `Content-Type: ${type}; boundary=n${level}\r\n\r\n--n${level}\r\n`,
  )
  return `${levels.join('')}${inner}`
}

/** The mail as what is within others, each in the one before. */
function within(mail: string, depth: number, type: string): string {
  const heads = Array.from(
    { length: depth },
    (_, level) => `From: a${level}@b.example\r\nSubject: ${level}\r\nContent-Type: ${type}\r\n\r\n`,
  )
  return heads.join('') + mail
}

/** The mail in which every base64 of some length says something else. */
function inBase64(mail: string, change: (bytes: Buffer) => Buffer): string {
  return mail.replace(/(?:[A-Za-z0-9+/]{40,100}\r?\n){1,2000}[A-Za-z0-9+/]{0,100}={0,2}/g, found =>
    change(Buffer.from(found, 'base64'))
      .toString('base64')
      .replace(/.{76}(?=.)/g, '$&\r\n'),
  )
}

function flipped(bytes: Buffer, { where, which, much }: How): Buffer {
  const made = Buffer.from(bytes)
  const count = upTo(40, much)
  for (let index = 0; index < count; index += 1) {
    const at = (where + index * index * 7919) % Math.max(1, made.length)
    made[at] = chosen([0, 255, 1, 0x80, (made[at] ?? 0) + 1, (made[at] ?? 0) ^ (1 << (index % 8))], which + index) & 255
  }
  return made
}

function hasTypes(mail: string): boolean {
  return /^content-type:/im.test(mail)
}

/** What is done to boundaries and to what stands between them. */
export const PART_SPOILERS: Readonly<Record<string, Spoiler>> = {
  'no end of the parts': (mail, how) => mail.replaceAll(`\n--${boundary(mail, how)}--`, '\n'),
  'a boundary that begins like another': (mail, how) =>
    mail.replaceAll(`--${boundary(mail, how)}`, `--${boundary(mail, how)}${chosen(['x', '-', ' x', '--'], how.which)}`),
  'a shorter boundary in the head': (mail, how) => {
    const name = boundary(mail, how)
    return mail.replace(name, name.slice(0, 1 + (how.which % Math.max(1, name.length))))
  },
  'blanks behind boundaries': (mail, how) => {
    const line = `--${boundary(mail, how)}`
    return mail.replaceAll(line, line + chosen([' ', '\t'], how.which).repeat(upTo(100_000, how.much)))
  },
  'blanks before boundaries': (mail, how) =>
    mail.replaceAll(`\n--${boundary(mail, how)}`, `\n --${boundary(mail, how)}`),
  'boundary after boundary': (mail, how) => {
    const line = `\n--${boundary(mail, how)}`
    return mail.replace(
      line,
      `${line}${chosen(['', '--', '\r\n', '\r\nA: b\r\n'], how.which)}`.repeat(upTo(50_000, how.much)),
    )
  },
  'many parts': (mail, how) => {
    const name = boundary(mail, how)
    const part = chosen(
      [
        '\r\n\r\nx\r\n',
        '\r\nContent-Type: text/html\r\n\r\n<p>x\r\n',
        '\r\nContent-Type: image/png; name=a.png\r\n\r\nx\r\n',
      ],
      how.which,
    )
    return `${mail}\r\n${`--${name}${part}`.repeat(upTo(6_000, how.much))}`
  },
  'many mails within': (mail, how) => {
    const part = `--b\r\nContent-Type: message/rfc822\r\n\r\n${mail.slice(0, 2_000)}\r\n`
    return withField(mail, 'Content-Type: multipart/digest; boundary=b').concat(part.repeat(upTo(2_000, how.much)))
  },
  'deep parts': (mail, how) => {
    const rough = takeApart(mail)
    const type = chosen(['multipart/mixed', 'multipart/alternative', 'multipart/related'], how.which)
    const fields = rough.fields.filter(each => nameOf(each) !== 'content-type')
    return `${fields.join('\r\n')}\r\n${nested(upTo(5_000, how.much), type, `\r\n${rough.body}`)}`
  },
  'deep mails within': (mail, how) =>
    within(mail, upTo(3_000, how.much), chosen(['message/rfc822', 'message/global', 'message/partial'], how.which)),
  'parts swapped': (mail, how) => {
    const line = `--${boundary(mail, how)}`
    const [first = '', ...pieces] = piecesAt(mail, line)
    return [first, ...pieces.toReversed()].join(`\n${line}`)
  },
  'a part less': (mail, how) => {
    const line = `--${boundary(mail, how)}`
    const pieces = piecesAt(mail, line)
    return pieces.length < 2 ? mail : pieces.toSpliced(1 + (how.which % (pieces.length - 1)), 1).join(`\n${line}`)
  },
  'a part twice': (mail, how) => {
    const line = `--${boundary(mail, how)}`
    const pieces = piecesAt(mail, line)
    const part = pieces[how.which % pieces.length] ?? ''
    return [...pieces, part].join(`\n${line}`)
  },
  'all boundaries the same': mail => {
    const [first = 'b', ...others] = boundariesOf(mail)
    return others.slice(0, 50).reduce((text, each) => text.replaceAll(each, first), mail)
  },
  'a long boundary': (mail, how) => mail.replaceAll(boundary(mail, how), 'b'.repeat(upTo(20_000, how.much))),
  'an odd boundary': (mail, how) =>
    mail.replaceAll(boundary(mail, how), chosen([' ', '-', '--', '"', '\\', '\xe4', '.*', '$&', '\0', ';'], how.which)),
  'another type': (mail, how) => {
    let count = 0
    const types = mail.slice(0, 100_000).match(/^content-type:[^;\r\n]{0,200}/gim) ?? []
    const wanted = how.where % Math.max(1, types.length)
    const changedOne = mail.replace(/^content-type:[^;\r\n]{0,200}/gim, found => {
      count += 1
      return count - 1 === wanted ? `Content-Type: ${chosen(TYPES, how.which)}` : found
    })
    return hasTypes(mail) ? changedOne : withField(mail, `Content-Type: ${chosen(TYPES, how.which)}`)
  },
  'all of this type': (mail, how) =>
    mail.replace(/^content-type:[^;\r\n]{0,200}/gim, `Content-Type: ${chosen(TYPES, how.which)}`),
  'all as one text': (mail, how) =>
    asText(
      mail,
      chosen(['text/plain', 'text/html', 'text/enriched', 'text/calendar'], how.which),
      takeApart(mail).body,
    ),
  'shown in place': mail => mail.replace(/^content-disposition:\s*attachment/gim, 'Content-Disposition: inline'),
  'an attachment': mail =>
    mail.replace(/^content-type:/gim, 'Content-Disposition: attachment; filename=a.txt\r\nContent-Type:'),
  'another encoding': (mail, how) =>
    mail.replace(/^(content-transfer-encoding:)[^\r\n]{0,200}/gim, `$1 ${chosen(ENCODINGS, how.which)}`),
  'an encoding that lies': (mail, how) => withField(mail, `Content-Transfer-Encoding: ${chosen(ENCODINGS, how.which)}`),
  'base64 that lies': mail =>
    mail.replace(/^content-type:\s*text/gim, 'Content-Transfer-Encoding: base64\r\nContent-Type: text'),
  'base64 with noise': (mail, how) =>
    mail.replace(/^[A-Za-z0-9+/]{60,76}\r?$/gm, line =>
      insertAt(line, how.where % 60, chosen(['=', '==', '!', ' ', '\0', '-'], how.which)),
    ),
  'bytes flipped within base64': (mail, how) => inBase64(mail, bytes => flipped(bytes, how)),
  'base64 that ends early': (mail, how) => inBase64(mail, bytes => bytes.subarray(0, placeIn(bytes.length, how.where))),
  'quoted printable broken': (mail, how) =>
    mail.replace(/=([0-9A-F]{2})/g, chosen(['=ZZ', '=', '=\r\n', '==$1', '=$1='], how.which)),
  'quoted printable of nothing': (mail, how) => {
    const rough = takeApart(asText(mail, 'text/plain', ''))
    const fields = [
      ...rough.fields.filter(each => !/^content-transfer/i.test(each)),
      'Content-Transfer-Encoding: quoted-printable',
    ]
    return putTogether({
      ...rough,
      fields,
      body: chosen(['=\r\n', '=', '=00', '=E2=80', '=20\r\n'], how.which).repeat(upTo(300_000, how.much)),
    })
  },
}
