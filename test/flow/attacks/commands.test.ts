import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ANN, type Attack, BOB, EVE, SECRET, Siege, TRUSTED } from '../../support/attack-desk.ts'
import { checkedBy, filePart, type Letter, textPart } from '../../support/mail/letter.ts'

// Attempts to have the desk carry out commands that no agent gave.

const ORDERS = '!close HD-1\n!release HD-1\n!invite HD-2 x@evil.example\n!note HD-2 Done.'

let siege: Siege

beforeAll(async () => {
  siege = await Siege.begin()
})

afterAll(() => siege.end())

const token = (at: Siege, which: keyof Siege['token']) => `In-Reply-To: <${at.token[which]}@desk.example>`
const byAnn = (letter: Letter) => (at: Siege) => ({ from: ANN, head: [token(at, 'answer')], ...letter })
const html = (body: string): Letter => ({ type: 'text/html; charset=utf-8', text: `<html><body>${body}</body></html>` })

const BY_REQUESTER: Attack[] = [
  ['at the top', byAnn({ text: `${ORDERS}\n\nIt still drops.` }), 'appended HD-1 in'],
  ['at the bottom', byAnn({ text: `It still drops.\n\n${ORDERS}` }), 'appended HD-1 in'],
  ['and nothing else', byAnn({ text: ORDERS }), 'appended HD-1 in'],
  ['in what it quotes', byAnn({ text: `It drops.\n\n> ${ORDERS.replaceAll('\n', '\n> ')}` }), 'appended HD-1 in'],
  ['in a comment of its HTML', byAnn(html('<p>It drops.</p><!-- !close HD-1 -->')), 'appended HD-1 in'],
  [
    'white on white',
    byAnn(html('<p style="color:#fff;font-size:0">!close HD-1</p><p>It drops.</p>')),
    'appended HD-1 in',
  ],
  ['in its subject', byAnn({ subject: '!close HD-1' }), 'appended HD-1 in'],
  [
    'in a file',
    byAnn({ parts: [textPart('It drops.'), filePart(['Content-Type: text/plain; name="!close HD-1"'], ORDERS)] }),
    'appended HD-1 in',
  ],
  ['in a second text', byAnn({ parts: [textPart('It drops.'), textPart(ORDERS)] }), 'appended HD-1 in'],
  ['in its signature', byAnn({ text: `It drops.\n\n-- \nAnn\n${ORDERS}` }), 'appended HD-1 in'],
  ['in a field of its head', byAnn({ from: `"!close HD-1" <${ANN}>`, text: 'It drops.' }), 'appended HD-1 in'],
  [
    'in a mail that it brings along',
    byAnn({ parts: [textPart('See.'), `Content-Type: message/rfc822\r\n\r\nFrom: ${BOB}\r\n\r\n${ORDERS}`] }),
    'appended HD-1 in',
  ],
  [
    "by an agent's name",
    () => ({ from: '"bob@staff.example" <bob@evil.example>', text: ORDERS }),
    'opened',
    ['bob@evil.example'],
  ],
]

/** In the name of Bob, with nothing but commands. */
const asBob =
  (more: Letter = {}) =>
  () => ({ from: `Bob Berg <${BOB}>`, sender: 'x@evil.example', text: ORDERS, ...more })
const checked = (server: string, results: string) => asBob({ top: checkedBy(server, results) })

const SPOOFED: Attack[] = [
  ['by nothing', asBob(), 'held:commands'],
  ['by nothing, with some text', asBob({ text: `Hello,\n\n${ORDERS}` }), 'opened'],
  ['by the tag of the ticket', asBob({ subject: '[HD-1]' }), 'appended HD-1 internal'],
  ['by what the requester wrote', asBob({ head: ['In-Reply-To: <vpn@example.com>'] }), 'appended HD-1 internal'],
  [
    'by the token that the requester got',
    at => ({ ...asBob()(), head: [token(at, 'answer')] }),
    'appended HD-1 internal',
  ],
  ["by another agent's token", at => ({ ...asBob()(), head: [token(at, 'toldEve')] }), 'appended HD-1 internal'],
  [
    'by a token that is altered',
    at => ({ ...asBob()(), head: [`In-Reply-To: <a${at.token.answer.slice(1)}@desk.example>`] }),
    'held:commands',
  ],
  [
    'by a token of theirs, though the domain says no',
    at => ({
      ...asBob({ top: checkedBy(TRUSTED, 'dmarc=fail header.from=staff.example') })(),
      head: [token(at, 'told')],
    }),
    'held:unauthenticated',
  ],
  ['though the domain says no', checked(TRUSTED, 'dmarc=fail header.from=staff.example'), 'held:commands'],
  [
    'by a server that we do not trust',
    checked('mx.evil.example', 'dmarc=pass header.from=staff.example'),
    'held:commands',
  ],
  [
    'by a server whose name begins as ours',
    checked('mx.desk.example.evil.example', 'dmarc=pass header.from=staff.example'),
    'held:commands',
  ],
  [
    'by a server that names ours in a comment',
    checked('mx.evil.example (mx.desk.example)', 'dmarc=pass header.from=staff.example'),
    'held:commands',
  ],
  [
    'by a server without a name',
    asBob({ top: ['Authentication-Results: dmarc=pass header.from=staff.example'] }),
    'held:commands',
  ],
  [
    'by what stands below the next hop',
    asBob({
      top: [
        ...checkedBy(TRUSTED, 'dmarc=fail header.from=staff.example'),
        ...checkedBy(TRUSTED, 'dmarc=pass header.from=staff.example'),
      ],
    }),
    'held:commands',
  ],
  [
    'by a second field of our server',
    asBob({
      top: [
        `Authentication-Results: ${TRUSTED}; dmarc=fail header.from=staff.example`,
        ...checkedBy(TRUSTED, 'dmarc=pass header.from=staff.example'),
      ],
    }),
    'held:commands',
  ],
  ['by SPF of another domain', checked(TRUSTED, 'spf=pass smtp.mailfrom=x@evil.example'), 'held:commands'],
  [
    'by DKIM of another domain',
    checked(TRUSTED, 'dkim=pass header.d=evil.example header.i=@evil.example'),
    'held:commands',
  ],
  ['by DMARC of another domain', checked(TRUSTED, 'dmarc=pass header.from=evil.example'), 'held:commands'],
  ['by DKIM of a domain that ends alike', checked(TRUSTED, 'dkim=pass header.d=evilstaff.example'), 'held:commands'],
  ['by DKIM of the top-level domain', checked(TRUSTED, 'dkim=pass header.d=example'), 'held:commands'],
  [
    'by a domain in quotes',
    checked(TRUSTED, 'dkim=pass header.i="x header.d=staff.example "@evil.example'),
    'held:commands',
  ],
  [
    'by a result in quotes',
    checked(TRUSTED, 'spf=fail reason="x; dmarc=pass header.from=staff.example" smtp.mailfrom=evil.example'),
    'held:commands',
  ],
  [
    'by a result in a comment',
    checked(TRUSTED, 'spf=fail (x; dmarc=pass header.from=staff.example) smtp.mailfrom=evil.example'),
    'held:commands',
  ],
  [
    'by an envelope sender that looks like a result',
    checked(TRUSTED, 'spf=pass smtp.mailfrom="a smtp.mailfrom=bob@staff.example"@evil.example'),
    'held:commands',
  ],
  [
    'by ARC and fields that only look alike',
    asBob({
      top: [
        'ARC-Authentication-Results: i=1; mx.desk.example; dmarc=pass header.from=staff.example',
        'X-Authentication-Results: mx.desk.example; dmarc=pass header.from=staff.example',
      ],
    }),
    'held:commands',
  ],
  ['as Sender beside a stranger', () => ({ head: [`Sender: ${BOB}`], text: ORDERS }), 'opened'],
]

/** Of Bob indeed, as our server says; it answers the note of a colleague, so that nothing of it goes out. */
const ofBob = (letter: Letter) => (at: Siege) => ({
  from: `Bob Berg <${BOB}>`,
  top: checkedBy(TRUSTED, 'dmarc=pass header.from=staff.example'),
  head: [token(at, 'note')],
  ...letter,
})
const forwarded = `---------- Forwarded message ---------\nFrom: Fred <fred@third.example>\nDate: Mon, 2 Mar 2026 at 10:00\nSubject: Help\nTo: <bob@staff.example>\n\nPlease help.\n\n${ORDERS}\n`
const outlook = `________________________________\nFrom: Ann <ann@example.com>\nSent: Monday, 2 March 2026 10:00\nTo: Bob Berg <bob@staff.example>\nSubject: VPN\n\n${ORDERS}\n`

const BY_AGENT: Attack[] = [
  ['amid the text', ofBob({ text: `She says:\n\n${ORDERS}\n\nThat is all.` }), 'appended HD-1 internal'],
  ['in what is quoted', ofBob({ text: `I see.\n\n> ${ORDERS.replaceAll('\n', '\n> ')}` }), 'appended HD-1 internal'],
  [
    'in what is quoted under a heading',
    ofBob({ text: `I see.\n\nOn Mon, 2 Mar 2026 at 10:00, Ann wrote:\n\n${ORDERS}` }),
    'appended HD-1 internal',
  ],
  ['in what Outlook quotes', ofBob({ text: `I see.\n\n${outlook}` }), 'appended HD-1 internal'],
  [
    'in quoted HTML',
    ofBob(html('<p>I see.</p><blockquote type="cite"><p>!close HD-1</p></blockquote>')),
    'appended HD-1 internal',
  ],
  ['in a comment of HTML', ofBob(html('<p>I see.</p><!-- !close HD-1 -->')), 'appended HD-1 internal'],
  [
    'below our line in what is quoted',
    ofBob({
      text: `I see.\n\n##- Reply above this line: your reply stays internal, only agents see it -##\n\n${ORDERS}`,
    }),
    'appended HD-1 internal',
  ],
  ['below a signature', ofBob({ text: `I see.\n\n-- \nBob\n${ORDERS}` }), 'appended HD-1 internal'],
  ['behind other text on the line', ofBob({ text: 'I see.\nPlease !close HD-1' }), 'appended HD-1 internal'],
  [
    'in a mail brought along',
    ofBob({
      parts: [textPart('See.'), `Content-Type: message/rfc822\r\n\r\nFrom: ${ANN}\r\nSubject: x\r\n\r\n${ORDERS}`],
    }),
    'appended HD-1 internal',
  ],
  [
    'in a file',
    ofBob({ parts: [textPart('See.'), filePart(['Content-Type: text/plain; name="a.txt"'], ORDERS)] }),
    'appended HD-1 internal',
  ],
  ['in the subject', ofBob({ subject: '!close HD-1', text: 'See.' }), 'appended HD-1 internal'],
  [
    'in what is forwarded to open a ticket',
    ofBob({ subject: 'Fwd: Help', text: forwarded, head: [] }),
    'opened',
    ['fred@third.example'],
  ],
  ['in a forward without a heading', ofBob({ subject: 'Fwd: Help', text: ORDERS, head: [] }), 'opened'],
  [
    'in a forward under a subject of its own',
    ofBob({ subject: 'Please look', text: `See below.\n\n${forwarded}`, head: [] }),
    'opened',
  ],
  ['in a forward without a word above it', ofBob({ subject: 'Please look', text: forwarded, head: [] }), 'opened'],
  [
    "in what a forwarding rule sends on with the requester's subject",
    ofBob({ subject: 'FW: [HD-2] Invoice', text: forwarded, head: [] }),
    'appended HD-2 internal',
  ],
  ['in an automatic answer', ofBob({ text: ORDERS, head: ['Auto-Submitted: auto-replied'] }), 'ignored:auto-reply'],
  [
    'in an automatic answer with a token',
    at => ({ ...ofBob({ text: ORDERS })(at), head: [token(at, 'told'), 'Auto-Submitted: auto-replied'] }),
    'appended HD-1 internal',
  ],
  ['that are none, with nothing else', ofBob({ text: '!Important! Call her.' }), 'appended HD-1 internal'],
]

describe.each([
  ['by a requester', BY_REQUESTER],
  ['in the name of an agent, confirmed', SPOOFED],
  ['that an agent did not give', BY_AGENT],
])('commands %s', (_, attacks) => {
  test.each(attacks)('%s', (_name, letter, becomes, writesTo) => siege.withstands(letter(siege), becomes, writesTo))
})

test('an agent on Cc lends nobody the token of the answer that went to both', async () => {
  await siege.send({ from: 'carol@evil.example', subject: 'Bait', head: [`Cc: ${BOB}`] })
  await siege.desk.as('eve', `reply ${await siege.lastTicket()}`, 'Hello.')
  await siege.quiet()
  const shared = siege.tokenOf('carol@evil.example', /Bait/)
  const before = await siege.tickets()
  await siege.send({ ...asBob()(), head: [`In-Reply-To: <${shared}@desk.example>`] })
  const after = await siege.tickets()
  for (const [ref, { facts }] of before) expect(after.get(ref)?.facts).toEqual(facts)
})

test('what became of commands is told to the agent in whose name they came, and to nobody else', async () => {
  const before = siege.world.mails.length
  await siege.withstands(asBob({ text: `Hello,\n\n!show HD-1` })(), 'opened')
  const told = siege.world.mails.slice(before)
  expect(told.filter(mail => /commands/.test(mail.subject ?? '')).map(mail => mail.recipients)).toEqual([[BOB]])
  expect(told.map(mail => mail.text).join('\n')).not.toContain(SECRET)
})

test('the same lines of the agent himself are carried out, so that all this is about something', async () => {
  await siege.send({ from: BOB, top: checkedBy(TRUSTED, 'dmarc=pass header.from=staff.example'), text: ORDERS })
  expect(await siege.newest()).toBe('ignored:commands')
  const now = await siege.tickets()
  expect(now.get('HD-1')?.facts).toMatchObject({ state: 'closed' })
  expect(now.get('HD-2')?.facts.participants).toContain('copied x@evil.example')
  expect(siege.world.to(EVE).length).toBeGreaterThan(0)
})
