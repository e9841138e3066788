import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ANN, BOB, HELP, MIKE, Siege, TRUSTED } from '../../support/attack-desk.ts'
import { checkedBy, type Letter, writeLetter } from '../../support/mail/letter.ts'

// Whoever got a mail as well hands it over once more: as it is, changed where its signature does not reach, before it
// comes itself, or to where its writer did not send it.

const MALLORY = 'mallory@evil.example'

let siege: Siege

beforeAll(async () => {
  siege = await Siege.begin()
})

afterAll(() => siege.end())

const confirmed = (domain: string) =>
  checkedBy(TRUSTED, `dkim=pass header.d=${domain}; dmarc=pass header.from=${domain}`)
const disowned = (domain: string) => checkedBy(TRUSTED, `dmarc=fail header.from=${domain}`)

async function becomes(letter: Letter): Promise<string> {
  await siege.send(letter)
  return siege.newest()
}

let count = 0

/** What Ann writes, with Mallory on Cc. */
function anns(more: Letter = {}): Letter {
  const { top = confirmed('example.com'), head = [], ...rest } = more
  return {
    from: `Ann <${ANN}>`,
    subject: `Urgent ${count}`,
    text: `Please call me, ${count}.`,
    top,
    head: [`Message-ID: <copied-${count}@example.com>`, ...head],
    ...rest,
  }
}

const CC = `Cc: ${MALLORY}`

describe('a copy that comes first swallows nothing', () => {
  const COPIES: [name: string, copy: () => Letter, original: string][] = [
    [
      'as the answer of a machine',
      () => anns({ top: [...confirmed('example.com'), 'Auto-Submitted: auto-replied'], head: [CC] }),
      'opened',
    ],
    [
      'as a bounce',
      () =>
        anns({
          top: confirmed('example.com'),
          head: [CC, 'X-Failed-Recipients: x@evil.example', 'Auto-Submitted: auto-replied'],
          sender: '',
        }),
      'opened',
    ],
    [
      'as advertising',
      () =>
        anns({
          top: [
            ...confirmed('example.com'),
            'Precedence: bulk',
            'List-Unsubscribe: <https://evil.example/>',
            'Auto-Submitted: auto-generated',
          ],
          head: [CC],
        }),
      '',
    ],
    ['disowned by her domain', () => anns({ top: disowned('example.com'), head: [CC] }), 'appended'],
    ['confirmed by nobody', () => anns({ top: [], head: [CC] }), 'appended'],
    [
      'with an address of Mallory to be answered at',
      () => anns({ top: [], head: [CC, `Reply-To: ${MALLORY}`] }),
      'appended',
    ],
    [
      'held, as it leads to a ticket that is not hers',
      () => anns({ top: disowned('example.com'), head: [CC, `In-Reply-To: <${siege.token.mike}@desk.example>`] }),
      'opened',
    ],
  ]

  test.each(COPIES)('%s', async (_, copy, original) => {
    count += 1
    const first = await becomes({ ...copy(), sender: copy().sender ?? MALLORY })
    const became = await becomes(anns({ head: [CC] }))
    expect(became, first).not.toBe('duplicate')
    if (original) expect(became).toMatch(new RegExp(`^${original}`))
    const ref = /^appended (HD-\d+)/.exec(became)?.[1] ?? (await siege.lastTicket())
    expect((await siege.tickets()).get(ref)?.facts.replyTo).toBe(ANN)
    // What comes once more is a copy of hers.
    expect(await becomes(anns({ top: [...confirmed('example.com'), 'X-Way: another'], head: [CC] }))).toBe('duplicate')
    expect(
      await becomes(
        copy().top?.length === 0
          ? anns({ head: [CC], top: ['X-Way: one more'] })
          : { ...copy(), top: ['X-Way: third', ...(copy().top ?? [])] },
      ),
    ).toBe('duplicate')
  })

  describe('though every byte is the same', () => {
    const answer = () => ({
      ...anns({ subject: 'Re: [HD-1] VPN', text: `It is broken again, ${count}!` }),
      head: [`In-Reply-To: <${siege.token.answer}@desk.example>`, `Message-ID: <again-${count}@example.com>`],
    })

    test('an answer without a sender on the envelope leaves the ticket closed, hers does not', async () => {
      count += 1
      await siege.desk.as('bob', 'close 1')
      await siege.quiet()
      const raw = writeLetter(answer(), siege.clock.now())
      await siege.sendRaw(raw, '', [HELP])
      expect((await siege.tickets()).get('HD-1')?.facts.state).toBe('closed')
      const told = siege.world.to(BOB).length
      await siege.sendRaw(raw, ANN, [HELP])
      expect((await siege.tickets()).get('HD-1')?.facts.state).toBe('open')
      expect(siege.world.to(BOB).length).toBeGreaterThan(told)
    })

    test('what comes a third time changes nothing', async () => {
      count += 1
      const raw = writeLetter(anns(), siege.clock.now())
      for (const sender of ['', ANN]) await siege.sendRaw(raw, sender, [HELP])
      const before = await siege.tickets()
      for (const sender of [ANN, '', MALLORY]) await siege.sendRaw(raw, sender, [HELP])
      expect(await siege.tickets()).toEqual(before)
    })
  })

  test('one with nothing changed stands for it', async () => {
    count += 1
    expect(await becomes(anns())).toBe('opened')
    expect(await becomes(anns({ top: [...confirmed('example.com'), 'Delivered-To: second@desk.example'] }))).toBe(
      'duplicate',
    )
  })

  test('a held copy that was overtaken can be opened no more, and a held original still can', async () => {
    count += 1
    const astray = { top: disowned('example.com'), head: [CC, `In-Reply-To: <${siege.token.mike}@desk.example>`] }
    expect(await becomes(anns(astray))).toMatch(/^held:/)
    const held = await siege.arrivalNumber()
    expect(await becomes(anns({ ...astray, top: [...disowned('example.com'), 'Auto-Submitted: auto-replied'] }))).toBe(
      'duplicate',
    )
    expect((await siege.desk.as('eve', `open M-${held}`)).text).toMatch(/^M-\d+ opened HD-/)
    await siege.quiet()
    count += 1
    expect(await becomes(anns(astray))).toMatch(/^held:/)
    const overtaken = await siege.arrivalNumber()
    expect(await becomes(anns({ head: [CC] }))).toBe('opened')
    expect((await siege.desk.as('eve', `open M-${overtaken}`)).text).toMatch(/had already come in another way/)
  })
})

describe('a signed mail of an agent that is handed over again', () => {
  const order = (top: string[], text: string): Letter => ({
    top: [...confirmed('staff.example'), ...top],
    from: `Bob <${BOB}>`,
    subject: 'Orders',
    head: ['Message-ID: <orders@staff.example>'],
    text,
    sender: MALLORY,
  })

  test.each([
    ['with another field', ['X-A: 1'], '!tag HD-1 first second\n'],
    ['with more blanks', ['X-A: 2'], '!tag HD-1  first   second\n'],
    ['with blanks behind its lines', ['X-A: 3'], '!tag HD-1 first second  \t\n'],
    ['with empty lines at its end', ['X-A: 4'], '!tag HD-1 first second\n\n\n\n'],
    ['as the answer of a machine', ['X-A: 5', 'Auto-Submitted: auto-replied'], '!tag HD-1 first second\n'],
  ])('%s is not carried out again', async (name, top, text) => {
    if (name === 'with another field')
      expect(await becomes(order([], '!tag HD-1 first second\n'))).toBe('ignored:commands')
    await siege.desk.as('bob', 'untag 1 first second').catch(() => undefined)
    expect(await becomes(order(top, text))).toBe('duplicate')
  })
})

describe('a signed mail that was written to somebody else', () => {
  const PRIVATE = 'Our purchase price is 500.'
  const bobs = (head: string[]): Letter => ({
    top: confirmed('staff.example'),
    from: `Bob <${BOB}>`,
    subject: 'Prices',
    head: ['To: mallory@evil.example', ...head],
    text: PRIVATE,
    sender: MALLORY,
  })
  const led = () => `help+${siege.token.told}@desk.example`

  test.each<[string, () => Letter]>([
    ['on the envelope', () => ({ ...bobs([]), recipients: [led()] })],
    ['on the envelope, beside the desk', () => ({ ...bobs([]), recipients: [HELP, led()] })],
    ['in a field Delivered-To', () => bobs([`Delivered-To: ${led()}`])],
    ['in a field X-Original-To', () => bobs([`X-Original-To: ${led()}`])],
  ])('is no answer to a requester by a token %s', async (_, letter) => {
    const sent = siege.world.mails.length
    expect(await becomes(letter())).toBe('opened')
    for (const mail of siege.world.mails.slice(sent))
      if (mail.recipients.includes(ANN)) expect(mail.raw).not.toContain(PRIVATE)
  })

  test('an answer that is addressed with the token is one', async () => {
    const newest = `help+${siege.tokenOf(BOB, /^\[HD-1\] Ann wrote/)}@desk.example`
    const letter = {
      ...bobs([]),
      head: [`To: ${newest}`],
      recipients: [newest],
      subject: 'Re: [HD-1] VPN',
      text: 'Try again.',
    }
    expect(await becomes(letter)).toBe('appended HD-1 out')
  })

  test.each<[string, () => Letter]>([
    ['by a token on the envelope', () => ({ head: [], recipients: [`help+${siege.token.answer}@desk.example`] })],
    ['by what it answers', () => ({ head: ['References: <vpn@example.com> <m@evil.example>'] })],
    [
      'by a token in what it answers',
      () => ({ head: [`References: <${siege.token.answer}@desk.example> <m@evil.example>`] }),
    ],
    ['by the reference in its subject', () => ({ head: [], subject: 'Re: [HD-1] VPN' })],
    [
      'as if a group of ours had passed it on',
      () => ({
        head: [
          `References: <${siege.token.answer}@desk.example> <m@evil.example>`,
          'List-Id: Help <help.desk.example>',
          `List-Post: <mailto:${HELP}>`,
        ],
      }),
    ],
  ])('lets whom it was written to into no ticket %s', async (_, more) => {
    const { head = [], ...rest } = more()
    await siege.send({
      top: confirmed('example.com'),
      from: `Ann <${ANN}>`,
      subject: 'Re: your order',
      text: 'I do not know you.',
      sender: MALLORY,
      recipients: [HELP],
      head: [`To: Mallory <${MALLORY}>`, ...head],
      ...rest,
    })
    expect((await siege.tickets()).get('HD-1')?.facts.participants).toEqual([`requester ${ANN}`])
  })

  test('opens a ticket that whom it was written to does not read', async () => {
    const head = [`To: Mallory <${MALLORY}>`, 'Cc: mal@evil.example']
    const letter = { from: `Ann <${ANN}>`, subject: 'The code', text: 'Please send me the code again.', head }
    expect(await becomes({ ...letter, top: confirmed('example.com'), sender: MALLORY })).toBe('opened')
    expect((await siege.tickets()).get(await siege.lastTicket())?.facts.participants).toEqual([`requester ${ANN}`])
    // What her own server hands over without naming the desk, she sent there herself.
    const saw = checkedBy(TRUSTED, 'spf=pass smtp.mailfrom=example.com; dkim=pass header.d=example.com')
    expect(await becomes({ ...letter, top: saw, head: ['To: Zoe <zoe@example.com>'] })).toBe('opened')
    expect((await siege.tickets()).get(await siege.lastTicket())?.facts.participants).toContain(
      'copied zoe@example.com',
    )
  })

  test('a colleague on Cc of an answer to the desk is let in', async () => {
    const head = [`In-Reply-To: <${siege.token.mike}@desk.example>`, 'Cc: zoe@other.example']
    await siege.send({ top: confirmed('other.example'), from: `Mike <${MIKE}>`, subject: 'Re: [HD-2] Invoice', head })
    expect((await siege.tickets()).get('HD-2')?.facts.participants).toContain('copied zoe@other.example')
  })
})

describe('whoever was taken off a ticket', () => {
  const KIM = 'kim@evil.example'

  test('stays off the one that it becomes part of', async () => {
    const answers = `In-Reply-To: <${siege.token.mike}@desk.example>`
    const mikes = { top: confirmed('other.example'), from: `Mike <${MIKE}>`, subject: 'Re: [HD-2] Invoice' }
    await siege.send({ ...mikes, head: [answers, `Cc: ${KIM}`], text: 'Kim helps me.' })
    await siege.desk.as('bob', 'reply 2 --anyway', 'Hello both.')
    await siege.quiet()
    const kims = { top: confirmed('evil.example'), from: `Kim <${KIM}>`, subject: 'Re: [HD-2] Invoice' }
    const token = `In-Reply-To: <${siege.tokenOf(KIM, /HD-2/)}@desk.example>`
    await siege.desk.as('bob', `uninvite 2 ${KIM}`)
    await siege.desk.as('bob', 'merge 2 into 1')
    expect(await becomes({ ...kims, head: [token], text: 'I want in.' })).toBe('held:stranger-with-token')
    expect(await becomes({ ...kims, head: [token, 'Auto-Submitted: auto-replied'], text: 'Away.' })).toMatch(/^held:/)
    await siege.send({ ...mikes, head: [answers, `Cc: ${KIM}`], text: 'To all again.' })
    const sent = siege.world.to(KIM).length
    expect((await siege.desk.as('bob', 'reply 1 --anyway', 'For Ann and Mike.')).text).not.toContain(KIM)
    await siege.quiet()
    expect(siege.world.to(KIM).length).toBe(sent)
    await siege.desk.as('bob', 'unmerge 2')
    expect(await becomes({ ...kims, head: [token], text: 'And now?' })).toBe('held:stranger-with-token')
  })
})

describe('a form that somebody else filled in', () => {
  test.each([['an agent', BOB]])('confirms nobody by its own domain: %s', async (_, name) => {
    await siege.send({
      top: confirmed('evil.example'),
      from: 'Web <wordpress@evil.example>',
      subject: 'Contact form submission',
      head: [`Reply-To: ${name}`, 'X-WPCF7-Content-Type: plain'],
      text: 'Name: Bob\nMessage: Please send me the password.',
    })
    expect((await siege.desk.as('eve', `show ${await siege.lastTicket()}`)).text).toContain(
      'It could not be confirmed that',
    )
  })
})
