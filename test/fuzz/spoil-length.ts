import {
  asText,
  chosen,
  type How,
  insertAt,
  placeIn,
  putTogether,
  type Spoiler,
  takeApart,
  upTo,
} from './rough-mail.ts'

const MOST_BYTES = 8_000_000

/** HTML that costs those most who lay it out carelessly. */
const HTML = [
  '<div>',
  '<b><i><u>',
  '<table><tr><td>',
  '<blockquote>',
  '<ul><li>',
  '<p>',
  '<br>',
  '</div>',
  '<a href="x">',
  '<!--',
  '<!-- -->',
  '<![CDATA[',
  '<script>',
  '<style>a{}</style>',
  '<title>',
  '<',
  '<a ',
  '<a b="',
  '&amp;',
  '&#xD800;',
  '&#0;',
  '&',
  '&#',
  '&notit;',
  '\u00a0',
  '<pre>',
  '<textarea>',
  '<svg><math>',
  '<div class="gmail_quote">',
  '<div id="appendonsend"></div><hr>',
  '<font color=red>x</font>',
  '<td>x</td>',
  '<td>',
  '<th>',
  '<tr>',
  '<thead>',
  '<tbody>',
  '<li>',
  '<dd>',
  '<option>',
  '</p>',
  '</b>',
  '<p class="MsoNormal">&nbsp;</p>',
  '<div style="border-top:solid #E1E1E1 1">',
  '<h1>x',
  '<ol><li>x',
] as const

/** A run of these is what many a pattern is slow at. */
const SIGNS = [
  ' ',
  '>',
  '-',
  '_',
  '0',
  '"',
  '\t',
  '(',
  '<',
  '=',
  '[',
  '*',
  '\n',
  '\r\n',
  '&',
  '@',
  '.',
  ',',
  ':',
  '/',
  '\\',
  'a',
  '> ',
  '>\n',
  ' \n',
  '-\n',
  'a@',
  'a.',
  'a.b@c.d ',
  '://',
  'http://a.b/ ',
  '=?',
  '=?a?b?',
  '=?a?b?x',
  '5.1.1 ',
  '\u00a0',
  '\u3000',
  '\u2014',
  '\u202e',
  '\ufdd0',
  '\ue000\ue001',
  'İ',
  '>>> >',
  'AB>',
  ': ',
  '<a@b.c> ',
  '[mailto:a@b.c]',
  '2026-01-01 10:00 ',
] as const

/** Lines that begin a quote, a signature, a forward, a report or a file. */
const LINES = [
  'From: Ann Ode <ann@example.com>\n',
  '*From:* Ann\n*Sent:* Monday\n*To:* Bob\n*Subject:* VPN\n\n',
  'From: Ann\nSent: Monday, 5 January 2026 10:00\nTo: Bob\nSubject: VPN\n\n',
  'On Mon, 5 Jan 2026 at 10:00, Ann Ode wrote:\n',
  'On Mon, 5 Jan 2026 at 10:00,\nAnn Ode <ann@example.com>\nwrote:\n> x\n',
  'On ',
  'On x',
  'Am 5. Januar 2026 um 10:00 schrieb Ann:\n',
  'Le lun. 5 janv. 2026 à 10:00, Ann a écrit :\n',
  '-----Original Message-----\n',
  '---------- Forwarded message ----------\n',
  'Begin forwarded message:\n\n',
  '-- \n',
  '--\n',
  '________________________________\n',
  'Sent from my iPhone\n',
  'begin 644 x\n',
  'begin 644 x\nM\nend\n',
  '-----BEGIN PGP SIGNED MESSAGE-----\nHash: x\n\n',
  '-----BEGIN PGP SIGNED MESSAGE-----\n\nx\n-----BEGIN PGP SIGNATURE-----\n',
  '- -- x\n',
  'Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n\n',
  '<a@b.example>: host c[1.2.3.4] said: 550 5.1.1 User unknown (in reply to RCPT TO command)\n',
  'The following addresses had permanent fatal errors\n',
  'BEGIN:VEVENT\nSUMMARY:x\nDTSTART:20260101T100000Z\nEND:VEVENT\n',
  'Message-ID: <a@b.example>\n',
  'Name: x\nE-Mail: a@b.example\nMessage: y\n',
  '> > > > > > > > > > x\n',
  'Regards,\nAnn\n',
  'x wrote:\n',
  'Subject: x\n',
] as const

function utf8(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** So many of a text that they are as long as asked for. */
function filled(unit: string, most: number, much: number): string {
  const bytes = utf8(unit)
  return bytes.repeat(Math.ceil(upTo(most, much) / bytes.length))
}

/** The body as plain text with something before, within or behind it. */
function withText(mail: string, { where }: How, what: string, type = 'text/plain'): string {
  const { body } = takeApart(mail)
  const text = body.slice(0, 20_000)
  const place = chosen([0, text.length, placeIn(text.length, where)], where)
  return asText(mail, type, insertAt(text, place, what))
}

/** What is done to the length of a mail and of what is in it. */
export const LENGTH_SPOILERS: Readonly<Record<string, Spoiler>> = {
  'cut off': (mail, { where }) => mail.slice(0, placeIn(mail.length, where)),
  'cut off at its start': (mail, { where }) => mail.slice(placeIn(mail.length, where)),
  'a piece less': (mail, { where, much }) => {
    const at = placeIn(mail.length, where)
    return mail.slice(0, at) + mail.slice(at + upTo(10_000, much))
  },
  'a piece twice': (mail, { where, much }) => {
    const at = placeIn(mail.length, where)
    return insertAt(mail, at, mail.slice(at, at + upTo(10_000, much)))
  },
  'the body again and again': (mail, { much }) => {
    const rough = takeApart(mail)
    const times = Math.max(1, upTo(MOST_BYTES, much) / Math.max(1, rough.body.length))
    return putTogether({ ...rough, body: rough.body.repeat(times) })
  },
  'a long line': (mail, how) => withText(mail, how, filled(chosen(SIGNS, how.which), 2_000_000, how.much)),
  'a long line of HTML': (mail, how) =>
    withText(mail, how, filled(chosen(SIGNS, how.which), 1_500_000, how.much), 'text/html'),
  'many lines': (mail, how) => withText(mail, how, filled(chosen(LINES, how.which), 2_000_000, how.much)),
  'many lines of HTML': (mail, how) =>
    withText(mail, how, filled(`${chosen(LINES, how.which)}<br>`, 1_000_000, how.much), 'text/html'),
  'much of one HTML': (mail, how) =>
    withText(mail, how, filled(chosen(HTML, how.which), 1_500_000, how.much), 'text/html'),
  'much of two kinds of HTML': (mail, how) => {
    const both = chosen(HTML, how.which) + chosen(HTML, how.where)
    return withText(mail, how, filled(both, 1_200_000, how.much), 'text/html')
  },
  'a run in the subject': (mail, how) => {
    const rough = takeApart(mail)
    const run = filled(chosen(SIGNS, how.which).replaceAll('\n', '\n '), 200_000, how.much)
    const name = chosen(['Subject', 'From', 'To', 'Date', 'References', 'Content-Type', 'Return-Path'], how.where)
    return putTogether({ ...rough, fields: [`${name}: a${run}b`, ...rough.fields] })
  },
  'a run in every line': (mail, how) => {
    const run = filled(chosen(SIGNS, how.which), 2_000, how.much)
    return mail.slice(0, 40_000).replace(/\r?\n(?=\S)/g, found => `${found}${run}`)
  },
  'two runs by turns': (mail, how) => {
    const one = filled(chosen(SIGNS, how.which), 1_000, how.much)
    const unit = `${one}${utf8(chosen(LINES, how.where))}`
    return withText(mail, how, unit.repeat(Math.ceil(upTo(1_000_000, how.much) / unit.length)))
  },
}
