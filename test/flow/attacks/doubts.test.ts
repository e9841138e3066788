import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cardFor, entryFor } from '../../../src/flow/boards/card.ts'
import { deskFacts } from '../../../src/flow/context.ts'
import { eventsOf } from '../../../src/store/events.ts'
import { ticketById, ticketIdByNumber } from '../../../src/store/tickets.ts'
import { messagePage } from '../../../src/web/message-page.ts'
import { ANN, BOB, EVE, MIKE, Siege, TRUSTED } from '../../support/attack-desk.ts'
import { checkedBy, type Letter, textPart } from '../../support/mail/letter.ts'

// Where neither a server nor a secret of ours says who wrote a mail: what stands in somebody's name is taken, everybody
// who reads it is told, and nobody gets in by it.

const MAL = 'mal@evil.example'
const BY_REFERENCE = 'In-Reply-To: <vpn@example.com>'

let siege: Siege

beforeAll(async () => {
  siege = await Siege.begin()
})

afterAll(() => siege.end())

const doubtOf = (name: string, what = 'this') => `It could not be confirmed that ${name} wrote ${what}.`
const pass = (domain: string) => checkedBy(TRUSTED, `dmarc=pass header.from=${domain}`)

/** Everything that shows the newest message of a ticket to agents, by where it does. */
async function places(number: number): Promise<Record<string, string>> {
  const { context, service } = siege.desk.desk
  const { read } = context.store
  const as = (line: string) => siege.desk.as('bob', line)
  const arrival = await siege.arrivalNumber()
  const facts = await deskFacts(context, read)
  const ticket = await ticketById(read, (await ticketIdByNumber(read, number)) ?? '')
  if (!ticket) throw new Error(`There is no ticket ${number}.`)
  const events = await eventsOf(read, ticket.id)
  const at = events.findLastIndex(each => ['received', 'noted'].includes(each.type))
  const entry = at < 0 ? undefined : await entryFor(read, facts, ticket, { events, at, channel: 'slack' })
  const { layout, ref, doubt } = await service.performer.layout(arrival, { remote: false })
  return {
    show: (await as(`show ${number}`)).text,
    'show as data': JSON.stringify(
      ((await as(`show ${number}`)).data as { messages: { doubt: string | null }[] }).messages.map(each => each.doubt),
    ),
    history: (await as(`history ${number}`)).text,
    'history as data': JSON.stringify((await as(`history ${number}`)).data),
    explain: (await as(`explain M-${arrival}`)).text,
    'explain as data': JSON.stringify((await as(`explain M-${arrival}`)).data),
    'the page of the message': messagePage(layout, { ref, remote: false, doubt }),
    ...(entry ? { 'what is told below the card': entry.text } : {}),
    ...(ticket.id && at < 0 ? { card: (await cardFor(read, facts, ticket)).latest?.text ?? '' } : {}),
  }
}

async function expectDoubt(number: number, doubt: string, isShown = true): Promise<void> {
  for (const [where, text] of Object.entries(await places(number))) {
    if (isShown) expect(text, where).toContain(doubt)
    else expect(text, where).not.toContain(doubt)
  }
}

const toldTo = (address: string) => siege.world.to(address).at(-1)?.text?.replace(/\s+/g, ' ') ?? ''
const standing = async (ref: string) => (await siege.tickets()).get(ref)?.facts

describe('a note in the name of an agent', () => {
  test.each<[string, Letter]>([
    ['by the tag of the ticket', { subject: '[HD-1]' }],
    ['by the references of the ticket', { head: [BY_REFERENCE] }],
    ['by References alone', { head: ['References: <vpn@example.com>'] }],
    ['under another name', { from: `"The boss" <${EVE}>`, subject: '[HD-1]' }],
    ['of HTML', { subject: '[HD-1]', type: 'text/html', text: '<p>Give her the <b>password</b>.</p>' }],
    [
      'with a file',
      { subject: '[HD-1]', parts: [textPart('See the file.'), 'Content-Type: text/plain; name=a.txt\r\n\r\nHello'] },
    ],
    ['by the token that the requester got', { head: ['token of Ann'] }],
  ])('%s', async (_how, letter) => {
    const head = letter.head?.map(each =>
      each === 'token of Ann' ? `In-Reply-To: <${siege.token.answer}@desk.example>` : each,
    )
    await siege.withstands(
      { from: `Eve <${EVE}>`, sender: MAL, text: 'Give her the password.', ...letter, ...(head ? { head } : {}) },
      'appended HD-1 internal',
      [],
    )
    await expectDoubt(1, doubtOf('Eve Ek'))
    expect(toldTo(BOB)).toContain(doubtOf('Eve Ek'))
  })

  test('that the domain, or a token of theirs, confirms is shown as any', async () => {
    const before = siege.world.to(BOB).length
    await siege.send({ from: EVE, subject: '[HD-1]', text: 'It is me.', top: pass('staff.example') })
    expect(await siege.newest()).toBe('appended HD-1 internal')
    const note = siege.tokenOf(EVE, /^\[HD-1\] New/)
    await siege.send({ from: EVE, head: [`In-Reply-To: <${note}@desk.example>`], text: 'And me.' })
    for (const mail of siege.world.to(BOB).slice(before)) expect(mail.text).not.toContain('could not be confirmed')
    expect((await siege.desk.as('bob', 'show 1')).text.split('It is me.')[1]).not.toContain('could not be confirmed')
  })
})

describe('a forward in the name of an agent', () => {
  test('is taken, and whoever sees it is told', async () => {
    const text =
      'She always complains.\n\n-------- Forwarded Message --------\nSubject: Printer\nDate: Mon, 2 Mar 2026 09:00:00 +0000\nFrom: Vic <vic@third.example>\nTo: Bob <bob@staff.example>\n\nIt burns.\n'
    await siege.send({ from: `Bob <${BOB}>`, sender: MAL, subject: 'Fwd: Printer', text })
    expect(await siege.newest()).toBe('opened')
    const number = Number((await siege.lastTicket()).slice(3))
    const shown = (await siege.desk.as('eve', `show ${number}`)).text
    expect(shown).toContain('recorded   by Bob Berg')
    expect(shown).toContain(`[${doubtOf('Bob Berg', 'this forward')}]`)
    expect(shown).toContain(`[${doubtOf('Bob Berg')}]\nShe always complains.`)
    expect(toldTo(EVE)).toContain(doubtOf('Bob Berg', 'this forward'))
    expect(toldTo(EVE)).toMatch(/Bob Berg forwarded it, with this note for agents:\s+> She always complains\./)
    expect((await standing(`HD-${number}`))?.participants).toEqual(['requester vic@third.example'])
    await siege.send({ from: `Bob <${BOB}>`, subject: 'Fwd: Printer', text, top: pass('staff.example') })
    expect((await siege.desk.as('eve', `show ${number + 1}`)).text).not.toContain('could not be confirmed')
  })

  test('a ticket that is opened in their name is no less', async () => {
    await siege.send({ from: `Bob <${BOB}>`, sender: MAL, subject: 'My chair', text: 'It broke.' })
    const number = Number((await siege.lastTicket()).slice(3))
    expect((await siege.desk.as('eve', `show ${number}`)).text).toContain(`[${doubtOf('Bob Berg')}]\nIt broke.`)
    expect(toldTo(EVE)).toContain(doubtOf('Bob Berg'))
    const { context } = siege.desk.desk
    const facts = await deskFacts(context, context.store.read)
    const ticket = await ticketById(context.store.read, (await ticketIdByNumber(context.store.read, number)) ?? '')
    expect(ticket && (await cardFor(context.store.read, facts, ticket)).latest?.text).toBe(
      `[${doubtOf('Bob Berg')}]\nIt broke.`,
    )
  })
})

describe('words in the name of a requester', () => {
  test.each<[string, Letter]>([
    ['with Cc', { head: [BY_REFERENCE, `Cc: ${MAL}`] }],
    ['with somebody on To', { head: [BY_REFERENCE, `To: help@desk.example, ${MAL}`] }],
    ['that add somebody', { head: [BY_REFERENCE], text: `add ${MAL}\n\nHe helps me.` }],
    ['that add somebody, with an exclamation mark', { head: [BY_REFERENCE], text: `!add ${MAL}\n\nHe helps me.` }],
    ['that want to be answered elsewhere', { head: [BY_REFERENCE, `Reply-To: ${MAL}`] }],
    [
      'with all of it',
      { head: [BY_REFERENCE, `Reply-To: ${MAL}`, `Cc: ${MAL}, mal2@evil.example`], text: `add ${MAL}\n\nx` },
    ],
    ['by the tag of the ticket', { subject: 'Re: [HD-1] VPN', head: [`Cc: ${MAL}`, `Reply-To: ${MAL}`] }],
    [
      'from another address of the same name',
      { from: `"Ann <ann@example.com>" <${ANN}>`, head: [BY_REFERENCE, `Cc: ${MAL}`] },
    ],
  ])('%s let nobody in, and move nothing', async (_how, letter) => {
    await siege.withstands(
      { from: `Ann <${ANN}>`, sender: MAL, text: 'Send it to him.', ...letter },
      'appended HD-1 in',
      [],
    )
    await expectDoubt(1, doubtOf('Ann'))
    expect(toldTo(BOB)).toContain(doubtOf('Ann'))
    await siege.desk.as('bob', 'reply 1', `We will, ${_how}.`)
    await siege.quiet()
    expect(siege.world.to(MAL)).toEqual([])
    expect(siege.world.to(ANN).at(-1)?.recipients).toEqual([ANN])
  })

  test('that a machine seems to have written are doubted as well', async () => {
    await siege.withstands(
      { from: ANN, sender: MAL, head: [BY_REFERENCE, 'Auto-Submitted: auto-replied'], text: 'Write to him.' },
      'appended HD-1 in',
      [],
    )
    await expectDoubt(1, doubtOf('Ann'))
    await siege.withstands(
      { from: ANN, sender: MAL, head: [BY_REFERENCE, 'Precedence: bulk'], text: 'Write to him.' },
      'appended HD-1 in',
      [],
    )
    await expectDoubt(1, doubtOf('Ann'))
  })

  test('on a ticket of theirs that they open are what they say; what the domain disowns brings nobody along', async () => {
    await siege.send({ from: 'dora@third.example', sender: MAL, head: [`Cc: kim@third.example`], text: 'It is new.' })
    const ref = await siege.lastTicket()
    expect((await standing(ref))?.participants).toEqual(['copied kim@third.example', 'requester dora@third.example'])
    expect((await siege.desk.as('bob', `show ${ref}`)).text).not.toContain('could not be confirmed')
    for (const results of ['dmarc=fail header.from=third.example', 'dkim=pass header.d=evil.example']) {
      await siege.send({ from: 'dora@third.example', head: [`Cc: ${MAL}`], top: checkedBy(TRUSTED, results) })
      expect((await standing(await siege.lastTicket()))?.participants).toEqual(['requester dora@third.example'])
    }
  })

  test('that the domain, or a mail of ours that they got, confirms let in whom they name', async () => {
    await siege.send({
      from: MIKE,
      head: ['In-Reply-To: <invoice@other.example>', 'Cc: one@other.example'],
      top: pass('other.example'),
    })
    await siege.send({
      from: MIKE,
      head: [`In-Reply-To: <${siege.token.mike}@desk.example>`, 'Cc: two@other.example'],
      text: 'add three@other.example\n\nThanks.',
    })
    await siege.send({
      from: MIKE,
      head: [`In-Reply-To: <${siege.token.mike}@desk.example>`, 'Reply-To: mike@home.example'],
    })
    expect(await standing('HD-2')).toMatchObject({
      replyTo: 'mike@home.example',
      participants: [
        'copied one@other.example',
        'copied three@other.example',
        'copied two@other.example',
        `requester ${MIKE}`,
      ],
    })
    expect((await siege.desk.as('bob', 'show 2')).text).not.toContain('could not be confirmed')
  })

  test('by a mail that others got as well let in whom those could let in, and move nothing', async () => {
    await siege.send({ from: MIKE, head: [`In-Reply-To: <${siege.token.mike}@desk.example>`, 'Cc: one@other.example'] })
    await siege.desk.as('eve', 'reply 2', 'Who pays?')
    await siege.quiet()
    const token = siege.tokenOf('one@other.example', /^Re: \[HD-2\]/)
    await siege.send({
      from: MIKE,
      sender: 'one@other.example',
      head: [`In-Reply-To: <${token}@desk.example>`, `Reply-To: ${MAL}`],
    })
    expect((await standing('HD-2'))?.replyTo).toBe(MIKE)
  })

  test('split off, stay doubted', async () => {
    await siege.send({ from: ANN, sender: MAL, head: [BY_REFERENCE], text: 'My mouse is dead.' })
    await siege.desk.as('bob', `split 1 M-${await siege.arrivalNumber()} Mouse`)
    const shown = (await siege.desk.as('bob', `show ${await siege.lastTicket()}`)).text
    expect(shown).toContain(`[${doubtOf('Ann')}]\nMy mouse is dead.`)
  })
})
