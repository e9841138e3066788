import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signLink } from '../../../src/core/ticket/token.ts'
import { findTokens } from '../../../src/core/ticket/token-search.ts'
import { tokenKeys } from '../../../src/store/keys.ts'
import { ANN, BOB, EVE, MIKE, Siege, TRUSTED } from '../../support/attack-desk.ts'
import { checkedBy, filePart, type Letter, textPart } from '../../support/mail/letter.ts'

// What agents got from the desk and others must not see: each of their answers may carry it out, in quotes of a form
// that nobody knows, in files, in the head. And what somebody could do who has seen it all the same.

const KIM = 'kim@third.example'

let siege: Siege
let round = 0

beforeAll(async () => {
  siege = await Siege.begin()
})

afterAll(() => siege.end())

const keys = () => tokenKeys(siege.desk.desk.context.store.read)
const noticed = () => `help+${siege.token.told}@desk.example`
const quote = (text: string) => text.replace(/^/gm, '> ')

/** Ways to introduce a quote, as programs of many kinds and languages do. */
const ATTRIBUTIONS: [string, (address: string) => string][] = [
  ['Gmail', a => `On Tue, Dec 1, 2026 at 12:43 AM Example IT <${a}> wrote:`],
  ['Horde', a => `Quoting Example IT <${a}>:`],
  ['mutt with a format of its own', a => `* Example IT <${a}> [2026-12-01 00:43 +0100]:`],
  ['Gnus', a => `>>>>> "Example" == Example IT <${a}> writes:`],
  ['said', a => `Example IT (${a}) said on Tuesday:`],
  ['the date first', a => `2026-12-01 00:43 GMT+01:00, Example IT <${a}>:`],
  ['Thai', a => `ในวันที่ อ. 1 ธ.ค. 2026 00:43 Example IT <${a}> เขียนว่า:`],
  ['Welsh', a => `Ar Maw, 1 Rhag 2026 am 00:43 ysgrifennodd Example IT <${a}>:`],
  ['Basque', a => `Example IT (<${a}>) igorleak hau idatzi zuen (2026 abe. 1, ar. (00:43)):`],
  ['a bare From', a => `From: Example IT <${a}>`],
  ['a wrapped line', a => `On Tuesday, 1 December 2026, 00:43:12 CET, Example IT\n<${a}> wrote:`],
  ['mailto', a => `Example IT [mailto:${a}] wrote, on 1/12/2026:`],
  ['Irish', a => `Ar 1 Noll 2026, scríobh Example IT <${a}>:`],
  ['Swahili', a => `Tarehe 1 Desemba 2026, Example IT <${a}> aliandika:`],
  ['Esperanto', a => `Je la 1a de decembro 2026 skribis Example IT (${a}):`],
  ['nothing but the address', a => a],
  ['a table', a => `| from | Example IT | ${a} |`],
  ['XML', a => `<quote author="${a}">`],
  ['the address in capitals', a => `EXAMPLE IT <${a.toUpperCase()}> HAS WRITTEN`],
  ['a URL', a => `See mailto:${a.replace('+', '%2B')} for what was written.`],
  ['a line that breaks in the address', a => `Example IT <${a.slice(0, 20)}\n${a.slice(20)}> wrote so:`],
  ['a soft break that was left', a => `Example IT <${a.slice(0, 17)}=\n${a.slice(17)}> wrote so:`],
  ['a signature of old', a => `-----\n${a} 01.12.26 00:43 >>>`],
  ['the head as it came', a => `Message-ID: <${a.slice(5, a.indexOf('@'))}@desk.example>\nReply-To: ${a}`],
]

/** Where it stands in the answer. */
const LAYOUTS: [string, (introduced: string, n: number) => string][] = [
  ['above', (introduced, n) => `Restart it, number ${n}.\n\n${introduced}\n${quote('It drops.')}\n`],
  [
    'between',
    (introduced, n) =>
      `Hello,\n\n${introduced}\n${quote('It drops.')}\n\nRestart it, number ${n}.\n\n${quote('It burns.')}\n\nUse water.\n`,
  ],
]

/** An answer of Bob to the notification about Ann's ticket. */
async function answer(letter: Letter): Promise<void> {
  round += 1
  const head = [`To: ${noticed()}`, `In-Reply-To: <${siege.token.told}@desk.example>`, ...(letter.head ?? [])]
  await siege.send({ from: `Bob <${BOB}>`, recipients: [noticed()], ...letter, head })
  expect(await siege.newest()).toBe('appended HD-1 out')
}

const lastTo = (address: string) => siege.world.to(address).at(-1)

describe.each(LAYOUTS)('an answer with what it quotes %s', (_where, layOut) => {
  test.each(ATTRIBUTIONS)('introduced as by %s', async (_how, attribution) => {
    await answer({ text: layOut(attribution(noticed()), round) })
    const mail = lastTo(ANN)
    expect(mail?.text).toContain(`number ${round - 1}.`)
    await siege.expectOwnTokens(mail ? [mail] : [])
  })
})

describe('an answer', () => {
  test('of HTML', async () => {
    const address = noticed()
    const text = `<p>Restart it as you like.</p><div>Example IT &lt;<a href="mailto:${address}">${address.replace('k1', 'k<wbr>1')}</a>&gt; has said:<div>It drops.</div></div>`
    await answer({ type: 'text/html; charset=utf-8', text })
    expect(lastTo(ANN)?.text).toContain('Restart it as you like.')
  })

  test('with files that hold it, in their names as well', async () => {
    const address = noticed()
    const parts = [
      textPart('Here are files.'),
      filePart([`Content-Type: text/plain; name="${address}.txt"`], `From ${address}: hello`),
      filePart(
        ['Content-Type: text/plain; charset=utf-16le; name="wide.txt"'],
        Buffer.from(`to ${address}`, 'utf16le'),
      ),
      filePart(
        ['Content-Type: text/html; name="page.html"', 'Content-Disposition: attachment; filename="page.html"'],
        `<a href="mailto:${address.replace('+', '%2B')}">x</a>`,
      ),
      filePart(['Content-Type: application/octet-stream; name="a.bin"'], Buffer.from(`\0\x01\0\0\0${address}`)),
    ]
    await answer({ parts })
    const mail = lastTo(ANN)
    expect(mail?.attachments.map(each => each.filename)).toEqual([
      'help@desk.example.txt',
      'wide.txt',
      'page.html',
      'a.bin',
    ])
    expect(mail?.attachments[0]?.content.toString()).toMatch(/^From help\+a-\w+-k1-\w{4}x{12}@desk.example: hello$/)
    await siege.expectOwnTokens(mail ? [mail] : [])
  })

  test('to somebody who is new on the ticket names none of the mails before', async () => {
    await siege.desk.as('bob', `invite 1 ${KIM}`)
    await siege.desk.as('bob', 'reply 1', 'Kim knows more.')
    await siege.quiet()
    const mail = lastTo(KIM)
    expect(mail?.recipients.toSorted()).toEqual([ANN, KIM])
    expect(mail?.inReplyTo).toBe('<vpn@example.com>')
    await siege.expectOwnTokens(mail ? [mail] : [])
    // Of what both got, the next one goes on with it.
    await siege.desk.as('bob', 'reply 1', 'She is here.')
    await siege.quiet()
    expect(lastTo(KIM)?.inReplyTo).toBe(mail?.messageId)
  })

  test.each(['show 1 --full', 'history 1', 'explain HD-1', 'find number', 'list'])(
    'shows it to no colleague by %s, for people or programs',
    async line => {
      const { text, data } = await siege.desk.as('eve', line).catch(() => ({ text: '', data: '' }))
      expect(findTokens(text, await keys())).toEqual([])
      expect(findTokens(JSON.stringify(data), await keys())).toEqual([])
    },
  )

  test('crosses that of a colleague, who is shown it without', async () => {
    await siege.desk.as('bob', 'reply 1', `It is done, ${noticed()} says so.`)
    const { text } = await siege.desk
      .as('eve', 'reply 1', 'Me, too.')
      .catch((error: Error) => ({ text: error.message }))
    expect(text).toContain('It is done, help@desk.example says so.')
    await siege.quiet()
  })
})

/** In the name of Bob, with a token of his. */
const asBob = (which: keyof Siege['token'], text: string): Letter => ({
  from: `Bob Berg <${BOB}>`,
  sender: 'x@evil.example',
  head: [`In-Reply-To: <${siege.token[which]}@desk.example>`],
  text,
})

const stateOf = async (ref: string) => (await siege.tickets()).get(ref)

describe('a token confirms commands on its own ticket alone', () => {
  test.each([
    '!close HD-2',
    '!claim HD-2',
    '!reply HD-2 Send your password.',
    '!note HD-2 Secret.',
    '!invite HD-2 x@evil.example',
    '!spam HD-2',
    '!merge HD-1 HD-2',
    '!merge HD-2 HD-1',
    '!link HD-1 parent HD-2',
    '!resolve HD-2 --category printer --told Done.',
    '!show HD-2',
    '!log call x@evil.example They called.',
    '!away tomorrow',
    '!join M-2 HD-2',
    '!claim\n!close HD-2',
    '!CLOSE hd-2',
    '!claim --ticket HD-2',
    '!note --ticket=HD-2 Secret.',
    '!reply --ticket HD-2 Send your password.',
    '!claim (HD-2)',
  ])('%s', async text => {
    const before = await siege.tickets()
    const sent = siege.world.mails.length
    await siege.send(asBob('told', text))
    const after = await siege.tickets()
    for (const [ref, { facts }] of before) expect(after.get(ref)?.facts).toEqual(facts)
    expect(after.get('HD-2')?.messages).toEqual(before.get('HD-2')?.messages)
    expect(after.size).toBe(before.size)
    const told = siege.world.mails.slice(sent)
    expect(told.map(each => each.recipients)).toEqual([[BOB]])
    expect(told[0]?.text).not.toContain('Please help')
  })

  test('and says so to the agent, who is told what to do', async () => {
    await siege.send(asBob('told', '!close HD-2'))
    expect(lastTo(BOB)?.text?.replace(/\s+/g, ' ')).toContain(
      '!close HD-2: we only know that you wrote this because it answers one of our mails, and that counts only for HD-1. Reply to a mail about the ticket you mean',
    )
  })

  test('on its own it does', async () => {
    await siege.send(asBob('told', '!tag slow'))
    expect((await siege.desk.as('bob', 'show 1')).text).toContain('slow')
    await siege.send(asBob('note', '!wait HD-1 until tomorrow'))
    expect((await stateOf('HD-1'))?.facts.state).toMatch(/^waiting/)
    await siege.desk.as('bob', 'resume 1')
  })

  test('a notice of held messages stands for those', async () => {
    await siege.send({ from: 'one@evil.example', head: ['In-Reply-To: <vpn@example.com>'] })
    const first = await siege.arrivalNumber()
    const notice = siege.tokenOf(BOB, /^Held for you/)
    await siege.send({ from: 'two@evil.example', head: ['In-Reply-To: <invoice@other.example>'] })
    const second = await siege.arrivalNumber()
    const before = await siege.tickets()
    const order = (text: string) => siege.send({ from: BOB, head: [`In-Reply-To: <${notice}@desk.example>`], text })
    for (const text of [
      `!join M-${second}`,
      `!join M-${first} HD-2`,
      `!join M-${second} HD-1`,
      '!close HD-1',
      `!open M-${second}`,
    ]) {
      await order(text)
      expect([...(await siege.tickets())]).toEqual([...before])
    }
    await order(`!discard M-${first}`)
    expect((await siege.desk.as('bob', `explain M-${first}`)).text).toContain('discarded')
    await siege.desk.as('bob', `discard M-${second}`)
  })
})

describe('a token that others have seen', () => {
  test('confirms nobody from then on, and the agent is told why', async () => {
    const token = siege.tokenOf(EVE, /^\[HD-2\] New/)
    const head = [`To: help+${token}@desk.example`, `In-Reply-To: <${token}@desk.example>`]
    const answers = (more: Letter): Letter => ({
      from: `Eve <${EVE}>`,
      recipients: [`help+${token}@desk.example`],
      head,
      ...more,
    })
    await siege.send(answers({ text: 'Pay it later.', head: [...head, `Cc: ${KIM}`] }))
    expect(await siege.newest()).toBe('appended HD-2 out')
    const facts = (await stateOf('HD-2'))?.facts
    for (const order of ['', '!close\n\n', '!reply Send me your password.\n\n', '!invite x@evil.example\n\n']) {
      const sent = siege.world.to(MIKE).length
      await siege.send(answers({ sender: 'x@evil.example', text: `${order}Pay it to me.` }))
      expect(await siege.newest()).toBe('appended HD-2 internal')
      expect(siege.world.to(MIKE)).toHaveLength(sent)
      expect((await stateOf('HD-2'))?.facts).toEqual(facts)
      if (order === '')
        expect(lastTo(EVE)?.text?.replace(/\s+/g, ' ')).toContain('whose reply address is now known to others')
    }
    expect((await siege.desk.as('bob', 'show 2')).text).toContain('[It could not be confirmed that Eve Ek wrote this.]')
    // Where the domain confirms it, it counts as ever.
    const checked = checkedBy(TRUSTED, 'dmarc=pass header.from=staff.example')
    await siege.send(answers({ text: 'Pay it by Friday.', top: checked }))
    expect(await siege.newest()).toBe('appended HD-2 out')
  })
})

describe('a token that somebody else has used', () => {
  test.each<[string, Letter, string]>([
    ['a vendor to whom the notification was forwarded', { from: 'v@vendor.example' }, 'held:stranger-with-token'],
    ['another address of the agent', { from: 'bob@home.example', head: [`Cc: ${KIM}`] }, 'held:stranger-with-token'],
    ['the requester', { from: `Ann <${ANN}>` }, 'appended HD-1 in'],
  ])('confirms nobody from then on: %s', async (_who, letter, becomes) => {
    round += 1
    await siege.send({ from: `Ann <${ANN}>`, head: ['In-Reply-To: <vpn@example.com>'], text: `News ${round}.` })
    const token = siege.tokenOf(BOB, /^\[HD-1\]/)
    const recipients = [`help+${token}@desk.example`]
    const head = [`To: ${recipients[0]}`, `In-Reply-To: <${token}@desk.example>`]
    await siege.send({ ...letter, recipients, head: [...head, ...(letter.head ?? [])] })
    expect(await siege.newest()).toBe(becomes)
    const sent = siege.world.to(ANN).length
    await siege.send({ from: `Bob <${BOB}>`, sender: KIM, recipients, head, text: `!close\n\nSend it to ${KIM}.` })
    expect(await siege.newest()).toBe('appended HD-1 internal')
    expect(siege.world.to(ANN)).toHaveLength(sent)
    expect((await stateOf('HD-1'))?.facts.state).not.toBe('closed')
    const top = checkedBy(TRUSTED, 'dmarc=pass header.from=staff.example')
    await siege.send({ from: `Bob <${BOB}>`, recipients, head, top, text: `!anyway\n\nWe are on it, round ${round}.` })
    expect(await siege.newest()).toBe('appended HD-1 out')
  })
})

describe('the link of a question', () => {
  test('is worth nothing in a mail', async () => {
    const link = signLink(await keys(), siege.token.told) ?? ''
    const letters: Letter[] = [
      { from: BOB, text: '!close HD-1', head: [`In-Reply-To: <${link}@desk.example>`] },
      {
        from: BOB,
        text: 'Some words.',
        head: [`To: help+${link}@desk.example`],
        recipients: [`help+${link}@desk.example`],
      },
      { from: ANN, sender: '', head: [`In-Reply-To: <${link}@desk.example>`, 'Auto-Submitted: auto-replied'] },
    ]
    const before = await stateOf('HD-1')
    for (const letter of letters) await siege.send(letter)
    expect(await stateOf('HD-1')).toEqual(before)
  })
})
