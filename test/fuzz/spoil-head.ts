import {
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
  withFields,
} from './rough-mail.ts'

const NAMES = [
  'Subject',
  'From',
  'To',
  'Cc',
  'Reply-To',
  'Sender',
  'Date',
  'Message-ID',
  'In-Reply-To',
  'References',
  'Content-Type',
  'Content-Transfer-Encoding',
  'Content-Disposition',
  'Return-Path',
  'Received',
  'Auto-Submitted',
  'Precedence',
  'List-Id',
  'X-Failed-Recipients',
  'Delivered-To',
  'X-Original-To',
  'MIME-Version',
  'Feedback-ID',
] as const

/** What stands where a value should, miswritten as programs do it, and worse. */
const ODD_VALUES = [
  '',
  ' ',
  '=?utf-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=',
  '=?utf-8?Q?=C3?=',
  '=?utf-8?B?',
  '=?utf-8?X?abc?=',
  '=?klingon?Q?abc?=',
  '=?utf-16?B?2ADYAA==?=',
  '=?utf-7?Q?+2AA-?=',
  '=?iso-2022-jp?B?GyRCJVclaRsoQg==?=',
  '=?utf-8*en?Q?a?= =?=?==?=',
  '=?utf-8?Q?=00=0D=0A=1B=07?=',
  '=?utf-8?B?/////w==?=',
  '"""""""',
  '"Ann Ode <ann@example.com',
  'Ann <ann@example.com>, <>, <@>, a@, @b, "a b"@c.example, a@[1.2.3.4], <<x@y.example>>',
  'undisclosed-recipients:;',
  'Group: a@b.example, c@d.example;, Other:;',
  '((((a) b) c) d@e.example',
  '<a@b.example> (comment \\) <c@d.example>',
  '\xff\xfe\xc3\x28\xed\xa0\x80',
  '\x1b$B%W%j\x1b(B\x1b$)C\x0e\x0f',
  'a\0b\x01c\x7f\x85',
  'Thu, 32 Foo 99999 99:99:99 +9999',
  'Mon, 1 Jan 0000 00:00:00',
  '<a@b><c@d> <<e@f>> <g h@i> <@> <>',
  'multipart/mixed',
  'multipart/mixed; boundary=',
  'multipart/mixed; boundary=""',
  'multipart/mixed; boundary="\\"; boundary=b; boundary*0="a"; boundary*1="b"',
  'message/rfc822',
  'text/html; charset',
  'text/plain; charset="utf-8; name="a',
  'text/plain; charset=utf-16le',
  'text/plain; format=flowed; delsp=yes',
  "a/b/c; d=e; f*=utf-8''%; g*0*=%C3; g*1*=%BC; g*999=x; h*=''",
  "attachment; filename*=utf-16be'en'%D8%00; filename*0*=x; filename*2=y",
  'attachment; filename="../../../etc/passwd\0.png"',
  'attachment; filename="\u202egpj.exe"',
  'base64; x="y"',
  'x-uuencode',
  'auto-replied; owner-email=x',
  '__proto__',
] as const

/** A character a byte of all that a field may not hold. */
const STRAY = ['\0', '\r', '\x85', '\xff', '\t\t', '\x1b', '\x0b', '\x0c', ';', '"', '\\', '(', '<', '=?', ':'] as const

const CHARSETS = [
  'utf-8',
  'us-ascii',
  'iso-8859-1',
  'utf-16',
  'utf-16le',
  'utf-7',
  'utf-32',
  'iso-2022-jp',
  'iso-2022-kr',
  'shift_jis',
  'gb18030',
  'big5',
  'euc-kr',
  'koi8-r',
  'hex',
  'base64',
  'unknown-8bit',
  'x-user-defined',
  'ibm037',
  '__proto__',
  '"',
  '',
] as const

function at(fields: readonly string[], { where }: How): number {
  return where % Math.max(1, fields.length)
}

function changed(mail: string, how: How, change: (field: string, eol: string) => string): string {
  return withFields(mail, (fields, eol) => fields.with(at(fields, how), change(fields[at(fields, how)] ?? '', eol)))
}

function valueIn(field: string): string {
  return field.slice(field.indexOf(':') + 1)
}

function foldedAt(field: string, step: number, eol: string): string {
  const pieces = field.match(new RegExp(`[^]{1,${step}}`, 'g')) ?? []
  return pieces.join(`${eol} `)
}

/** Enough of something to fill a field. */
function filling(how: How, most: number): string {
  const unit = chosen(
    ['x', '=?utf-8?Q?a?= ', 'a@b.example, ', '<a@b.example> ', '"', '(', '\xe4', ' ', '\t'],
    how.which,
  )
  return unit.repeat(Math.ceil(upTo(most, how.much) / unit.length))
}

/** What is done to the head of a mail. */
export const HEAD_SPOILERS: Readonly<Record<string, Spoiler>> = {
  'a field twice': (mail, how) => withFields(mail, fields => [...fields, fields[at(fields, how)] ?? '']),
  'a field many times': (mail, how) =>
    withFields(mail, fields => [...fields, ...new Array(upTo(20_000, how.much)).fill(fields[at(fields, how)] ?? '')]),
  'a field less': (mail, how) => withFields(mail, fields => fields.toSpliced(at(fields, how), 1)),
  'fields turned round': mail => withFields(mail, fields => fields.toReversed()),
  'a field elsewhere': (mail, how) =>
    withFields(mail, fields => {
      const from = at(fields, how)
      return fields.toSpliced(from, 1).toSpliced(placeIn(fields.length, how.which), 0, fields[from] ?? '')
    }),
  'a field renamed': (mail, how) => changed(mail, how, field => `${chosen(NAMES, how.which)}:${valueIn(field)}`),
  'an odd value': (mail, how) => withField(mail, `${chosen(NAMES, how.where)}: ${chosen(ODD_VALUES, how.which)}`),
  'an odd value as well': (mail, how) =>
    withFields(mail, fields => [`${chosen(NAMES, how.where)}: ${chosen(ODD_VALUES, how.which)}`, ...fields]),
  'a field folded': (mail, how) => changed(mail, how, (field, eol) => foldedAt(field, 1 + (how.which % 20), eol)),
  'a field unfolded': (mail, how) => changed(mail, how, field => field.replace(/\r?\n[ \t]+/g, ' ')),
  'folded with nothing': (mail, how) =>
    changed(mail, how, (field, eol) => `${field}${`${eol} `.repeat(upTo(50_000, how.much))}end`),
  'a gigantic value': (mail, how) =>
    withFields(mail, fields => [...fields, `${chosen(NAMES, how.where)}: ${filling(how, 4_000_000)}`]),
  'a longer value': (mail, how) => changed(mail, how, field => field + filling(how, 100_000)),
  'a stray sign': (mail, how) =>
    changed(mail, how, field => insertAt(field, placeIn(field.length, how.much * 7), chosen(STRAY, how.which))),
  'stray signs all over': (mail, how) =>
    withFields(mail, fields => fields.map(field => field.replace(/ /g, chosen(STRAY, how.which)))),
  'no colon': (mail, how) => changed(mail, how, field => field.replace(':', ' ')),
  'blanks before the colon': (mail, how) =>
    changed(mail, how, field => field.replace(':', `${' '.repeat(upTo(100_000, how.much))}:`)),
  'an empty line within': (mail, how) => changed(mail, how, (field, eol) => `${field}${eol}${eol}`),
  'a line that is no field': (mail, how) =>
    withFields(mail, fields => fields.toSpliced(at(fields, how), 0, 'This is no field', '>From ann Mon Jan')),
  'another charset': (mail, how) =>
    mail.replace(/(charset\s{0,4}=\s{0,4}"?)[\w.:-]{1,40}/gi, `$1${chosen(CHARSETS, how.which)}`),
  'another charset of words': (mail, how) => mail.replace(/=\?[\w-]{1,40}\?/g, `=?${chosen(CHARSETS, how.which)}?`),
  'parameters changed': (mail, how) =>
    mail.replace(/;(\s{0,20})(name|filename|boundary|charset|type)=/gi, (_, blank: string, name: string) => {
      return `;${blank}${name}${chosen(['*=', '*0=', '*0*=', ' = ', '==', '="', "*=utf-8''", ''], how.which)}`
    }),
  'a charset as well': (mail, how) =>
    mail.replace(
      /^content-type:.*$/im,
      field => `${field.trimEnd()}${chosen(['; ', ' ', ';\r\n\t'], how.where)}charset=${chosen(CHARSETS, how.which)}`,
    ),
  'a signature that claims more': (mail, how) =>
    withFields(mail, fields => {
      const claims = fields.filter(each => nameOf(each) === 'dkim-signature')
      const wide = claims.map(each =>
        each.replace(/(?<=\bh=)[^;]*/, 'from:to:cc:subject:in-reply-to:references:content-type'),
      )
      return [...wide, `${chosen(NAMES, how.where)}: ${chosen(ODD_VALUES, how.which)}`, ...fields]
    }),
  'many parameters': (mail, how) => {
    const count = upTo(20_000, how.much)
    const written = Array.from({ length: count }, (_, index) => ` name*${index}*=%41${chosen(['', '"'], how.which)};`)
    return withField(mail, `Content-Type: application/pdf;${written.join('\r\n')}`)
  },
  'many addresses': (mail, how) => {
    const name = chosen(['From', 'To', 'Cc', 'Reply-To', 'X-Failed-Recipients', 'Delivered-To'], how.where)
    const one = (index: number) =>
      chosen(
        [`u${index}@b.example`, `"U, ${index}" <u${index}@b.example>`, `g${index}: a@b.example;`, '<', '"a'],
        how.which,
      )
    return withField(
      mail,
      `${name}: ${Array.from({ length: upTo(50_000, how.much) }, (_, i) => one(i)).join(',\r\n ')}`,
    )
  },
  'many references': (mail, how) => {
    const ids = Array.from({ length: upTo(100_000, how.much) }, (_, index) => `<${index}@b.example>`)
    return withField(mail, `${chosen(['References', 'In-Reply-To', 'Message-ID'], how.which)}: ${ids.join('\r\n ')}`)
  },
  'many fields': (mail, how) =>
    withFields(mail, fields => [
      ...fields,
      ...Array.from(
        { length: upTo(50_000, how.much) },
        (_, index) => `${chosen(['X-A', 'Received', ''], how.which)}${index}: b`,
      ),
    ]),
  'no head': mail => takeApart(mail).body,
  'no end of the head': mail => putTogether({ ...takeApart(mail), body: '' }).trimEnd(),
  'another head of a machine': (mail, how) =>
    withField(
      mail,
      chosen(
        [
          'Auto-Submitted: auto-replied',
          'Precedence: bulk',
          'List-Unsubscribe: <mailto:x@example.com>',
          'Return-Path: <>',
          'From: MAILER-DAEMON@example.com',
          'X-Failed-Recipients: a@b.example',
          'Subject: Fwd: Re: AW: Undelivered Mail Returned to Sender',
          'Subject: Out of office: [ALERT] RESOLVED newsletter',
        ],
        how.which,
      ),
    ),
  'no content type': mail => withFields(mail, fields => fields.filter(each => nameOf(each) !== 'content-type')),
}
