import { readFileSync } from 'node:fs'
import { SEED_PACKED_WINMAIL, SEED_WINMAIL } from './seed-tnef.ts'

// Mails of our own, one of each kind that is read in a way of its own; a character a byte.

const HEAD = [
  'Return-Path: <ann@example.com>',
  'Received: from mx.example.com by desk.example with ESMTPS id 7; Mon, 5 Jan 2026 10:00:01 +0100',
  'Date: Mon, 5 Jan 2026 10:00:00 +0100',
  'From: =?utf-8?B?QW5uIMOWZGU=?= <ann@example.com>',
  'To: "Help, Desk" <help@desk.example>, Bob <bob@example.org>',
  'Message-ID: <1@example.com>',
  'MIME-Version: 1.0',
] as const

const ANSWER = [
  'In-Reply-To: <0@desk.example>',
  'References: <a@desk.example>\r\n <0@desk.example>',
  'Subject: Re: =?iso-8859-1?Q?Dr=FCcker?= =?utf-8?Q?_im_B=C3=BCro?=',
] as const

function mail(fields: readonly string[], body: string): string {
  return `${[...HEAD, ...fields].join('\r\n')}\r\n\r\n${Buffer.from(body.replace(/\r?\n/g, '\r\n')).toString('latin1')}`
}

function inBase64(bytes: Buffer | string): string {
  return Buffer.from(bytes as string)
    .toString('base64')
    .replace(/.{76}(?=.)/g, '$&\r\n')
}

function parts(boundary: string, ...each: string[]): string {
  return `This is a message with parts.\n\n--${boundary}\n${each.join(`\n--${boundary}\n`)}\n--${boundary}--\n`
}

const WORDS = 'Hello,\n\nit drops since Monday. Größe: 5 €.\n\n-- \nAnn Öde\nTel. 0123 456789\n'
const QUOTE = 'On Mon, 5 Jan 2026 at 09:00, Help Desk <help@desk.example> wrote:\n> Which one?\n>> The grey one.\n'

const HTML = `<html><head><meta charset="utf-8"><style>p { color: red }</style></head><body><p>Restart did <b>not</b> help.</p>
<table><tr><td>Name</td><td>Ann</td></tr></table><img src="cid:pic@example.com"><ul><li>One<li>Two</ul>
<div class="gmail_quote"><div class="gmail_attr">On Monday Bob wrote:<br></div><blockquote>Restart &amp; wait&#8230;</blockquote></div></body></html>`

const CALENDAR = `BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nBEGIN:VTIMEZONE\nTZID:Europe/Berlin\nEND:VTIMEZONE
BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Europe/Berlin:20261126T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=3
SUMMARY:Printer day\nLOCATION:Room 5\nORGANIZER;CN="Ann Ode":mailto:ann@example.com
ATTENDEE;PARTSTAT=ACCEPTED;CN=Bob:mailto:bob@example.org\nDESCRIPTION:Bring paper\\, and ink.\\nAnn
END:VEVENT\nEND:VCALENDAR\n`

const REPORT = parts(
  '=_r',
  `Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example.com. Your message could not be delivered.

<bob@example.org>: host mx.example.org[192.0.2.1] said: 550 5.1.1 <bob@example.org>: User unknown
    (in reply to RCPT TO command)`,
  `Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com
Arrival-Date: Mon, 5 Jan 2026 10:00:00 +0100

Final-Recipient: rfc822; bob@example.org
Original-Recipient: rfc822;bob@example.org
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.org
Diagnostic-Code: smtp; 550 5.1.1 <bob@example.org>: User unknown`,
  `Content-Type: message/rfc822

From: Help Desk <help@desk.example>
To: bob@example.org
Subject: [HD-1] Re: VPN
Message-ID: <token@desk.example>

It works again.`,
)

const UUENCODED = `See the file.\n\nbegin 644 report.txt\n#0V%T\n\`\nend\n\nAnn\n`

const SIGNED = `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nHello\n- -- dashed\nAnn
-----BEGIN PGP SIGNATURE-----\n\niQIzBAEBCgAdFiEE\n=abcd\n-----END PGP SIGNATURE-----\n`

const FORWARD = `Please look at this.\n\n---------- Forwarded message ---------\nFrom: Carl Cox <carl@example.net>
Date: Mon, 5 Jan 2026 at 08:00\nSubject: Lift\nTo: Ann <ann@example.com>\n\nThe lift hums.\n\nCarl\n`

const QUOTED_PRINTABLE = `H=C3=A4llo,=20\nlange Zeile, die um=\ngebrochen ist =E2=82=AC 5=\n\n--=20\nAnn\n`

const FILES = [
  `Content-Type: text/plain; charset=utf-8; format=flowed\nContent-Transfer-Encoding: base64\n\n${inBase64(WORDS + QUOTE)}`,
  `Content-Type: application/pdf; name*0*=utf-8''%C3%9Cber; name*1=sicht.pdf
Content-Disposition: attachment;\n filename*=utf-8''%C3%9Cbersicht.pdf
Content-Transfer-Encoding: base64\n\n${inBase64(Buffer.alloc(900, '%PDF-1.7 ...'))}`,
  `Content-Type: image/png; name="=?utf-8?B?w5xiZXIucG5n?="\nContent-ID: <pic@example.com>
Content-Disposition: inline\nContent-Transfer-Encoding: base64\n\n${inBase64(Buffer.alloc(600, '\x89PNG'))}`,
  `Content-Type: text/csv; charset=iso-8859-1; name=list.csv\nContent-Disposition: attachment\n\na;b\n1;2`,
  `Content-Type: text/calendar; charset=utf-8; method=REQUEST; name=invite.ics\n\n${CALENDAR}`,
] as const

const ALTERNATIVES = `Content-Type: multipart/alternative; boundary="=_a"\n\n${parts(
  '=_a',
  `Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n${QUOTED_PRINTABLE}`,
  `Content-Type: text/html; charset=utf-8\n\n${HTML}`,
)}`

const WITHIN = mail(
  ['Subject: Old news', 'Content-Type: multipart/mixed; boundary=i'],
  parts(
    'i',
    '\nOnce upon a time',
    'Content-Type: application/zip; name=a.zip\n\nPK',
    `Content-Type: message/rfc822\n\nFrom: d@example.net\nSubject: older\n\nOlder.`,
  ),
)

/** Our own mails, in the order of the kinds above. */
export const SEEDS: readonly string[] = [
  mail([...ANSWER, 'Content-Type: text/plain; charset=utf-8'], WORDS + QUOTE),
  mail(['Subject: files', 'Content-Type: multipart/mixed; boundary="=_b"'], parts('=_b', ...FILES)),
  mail([...ANSWER, 'Content-Type: multipart/mixed; boundary="=_b"'], parts('=_b', ALTERNATIVES, FILES[2])),
  mail(['Subject: VPN', 'Content-Type: text/html; charset=utf-8', 'Content-Transfer-Encoding: 8bit'], HTML.repeat(3)),
  mail(
    ['Subject: VPN', 'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: quoted-printable'],
    QUOTED_PRINTABLE,
  ),
  mail(
    [
      'Subject: Undelivered',
      'Auto-Submitted: auto-replied',
      'Content-Type: multipart/report; report-type=delivery-status; boundary="=_r"',
    ],
    REPORT,
  ),
  mail(['Subject: invitation', 'Content-Type: text/calendar; method=REQUEST; charset=utf-8'], CALENDAR),
  mail(['Subject: old file', 'Content-Type: text/plain'], UUENCODED),
  mail(['Subject: signed', 'Content-Type: text/plain; charset=utf-8'], SIGNED),
  mail(['Subject: Fwd: Lift', 'Content-Type: text/plain; charset=utf-8'], FORWARD),
  mail(
    ['Subject: Fwd: old news', 'Content-Type: multipart/mixed; boundary=o'],
    parts('o', 'Content-Type: text/plain\n\nSee this.', `Content-Type: message/rfc822\n\n${WITHIN}`),
  ),
  mail(
    ['Subject: winmail', 'Content-Type: application/ms-tnef; name=winmail.dat', 'Content-Transfer-Encoding: base64'],
    inBase64(SEED_WINMAIL),
  ),
  mail(
    ['Subject: packed', 'Content-Type: application/ms-tnef; name=winmail.dat', 'Content-Transfer-Encoding: base64'],
    inBase64(SEED_PACKED_WINMAIL),
  ),
  mail(
    [
      'Subject: sealed',
      'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m',
      'Content-Transfer-Encoding: base64',
    ],
    inBase64(Buffer.alloc(300, '0\x82')),
  ),
  ...['outlook.p7m', 'segments.p7m', 'twice.p7m', 'compressed.p7z', 'auth-enveloped.p7m'].map(name =>
    mail(
      [`Subject: ${name}`, 'Content-Type: application/pkcs7-mime; name=smime.p7m', 'Content-Transfer-Encoding: base64'],
      inBase64(readFileSync(new URL(`../cases/signed/${name}`, import.meta.url))),
    ),
  ),
  mail(
    ['Subject: =?iso-2022-jp?B?GyRCJVclaiVzJT8bKEI=?=', 'Content-Type: text/plain; charset=iso-2022-jp'],
    '\x1b$B%W%j%s%?\x1b(B\n',
  ),
  mail(
    [
      'List-Id: news <news.example.com>',
      'List-Unsubscribe: <https://example.com/u>',
      'Precedence: bulk',
      'Subject: News',
      'Content-Type: text/enriched',
    ],
    '<bold>Now</bold> on <<sale>>.\n\n<param>red</param>Buy.\n',
  ),
  mail(
    ['Subject: [FIRING:1] disk full (web1)', 'Auto-Submitted: auto-generated', 'Content-Type: text/plain'],
    'disk of web1 is 97 % full\nState: CRITICAL\n',
  ),
]
