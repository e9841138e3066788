import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ANN, BOB, Siege, TRUSTED } from '../../support/attack-desk.ts'
import { checkedBy, type Letter } from '../../support/mail/letter.ts'

// Much mail in the name of Ann, whose own domain confirms what she writes: it stops what others write, and not her.

const MANY = 8
const MONITOR = 'nagios@third.example'

let siege: Siege

beforeEach(async () => {
  siege = await Siege.begin({
    root: {
      floods: { tickets: 5, messages: 5 },
      automatic: { perDay: 8, perAgentDay: 20 },
      machines: { recovery: 'close' },
    },
  })
})

afterEach(() => siege.end())

const domain = (address: string) => address.slice(address.indexOf('@') + 1)
const confirmed = (from: string, letter: Letter = {}): Letter => ({
  from,
  ...letter,
  top: checkedBy(TRUSTED, `dmarc=pass header.from=${domain(from)}`),
})

/** What speaks for those who only use a name. */
const CLAIMS: [string, (from: string) => Letter][] = [
  ['that nothing confirms', from => ({ from })],
  ['that no check was made of', from => ({ from, top: checkedBy(TRUSTED, 'none') })],
  ['whose domain says no', from => ({ from, top: checkedBy(TRUSTED, `dmarc=fail header.from=${domain(from)}`) })],
  ['that another domain signed', from => ({ from, top: checkedBy(TRUSTED, 'dkim=pass header.d=evil.example') })],
]

async function flood(letter: (index: number) => Letter, many = MANY): Promise<string[]> {
  const became: string[] = []
  for (let index = 0; index < many; index += 1) {
    await siege.sendNow({ sender: 'x@evil.example', ...letter(index) })
    became.push(await siege.newest())
  }
  return became
}

const toldAnn = (subject: RegExp) => siege.world.to(ANN).filter(each => subject.test(each.subject ?? ''))

describe.each(CLAIMS)('a flood in her name %s', (_how, claim) => {
  test('of tickets: she opens hers, and gets the acknowledgement; hers stays hers', async () => {
    await siege.sendNow(confirmed(ANN, { subject: 'Mine before' }))
    const before = await siege.lastTicket()
    const became = await flood(index => ({ ...claim(ANN), subject: `Buy ${'ab'.repeat(index)}` }))
    expect(became.slice(5)).toEqual(Array(MANY - 5).fill('held:flood'))
    const after = await siege.tickets()
    expect(after.get(before)?.facts.state).toBe('new')
    expect(after.get(before)?.messages).toHaveLength(1)
    await siege.sendNow(confirmed(ANN, { subject: 'Mine after' }))
    expect(await siege.newest()).toBe('opened')
    expect(toldAnn(/Mine before/)).toHaveLength(1)
    expect(toldAnn(/Mine after/)).toHaveLength(1)
  })

  test('under her own subject: she is acknowledged all the same', async () => {
    await flood(() => ({ ...claim(ANN), subject: 'My chair' }), 4)
    const before = toldAnn(/My chair/).length
    await siege.sendNow(confirmed(ANN, { subject: 'My chair' }))
    expect(toldAnn(/My chair/)).toHaveLength(before + 1)
  })

  test('of questions how her tickets are: she gets her answer', async () => {
    await flood(() => ({ ...claim(ANN), subject: 'Status', text: 'status' }), 12)
    const before = toldAnn(/tickets/i).length
    await siege.sendNow(confirmed(ANN, { subject: 'Status', text: 'status' }))
    expect(toldAnn(/tickets/i)).toHaveLength(before + 1)
  })

  test('of all that is answered by itself: what she causes, and what agents do, still reaches her', async () => {
    for (let window = 0; window < 5; window += 1) {
      siege.clock.advance(30 * 60 * 1000)
      await flood(index => ({ ...claim(ANN), subject: `Of ${'x'.repeat(2 * window + index)}` }), 2)
    }
    await siege.sendNow(confirmed(ANN, { subject: 'Mine after' }))
    expect(toldAnn(/Mine after/)).toHaveLength(1)
    await siege.desk.as('bob', 'resolve 1 --category printer --told It is new.')
    await siege.quiet()
    expect(toldAnn(/Is it solved/)).toHaveLength(1)
  })

  test('that an agent takes for spam holds what others write in her name, and not what she does', async () => {
    await siege.sendNow({ ...claim(ANN), sender: 'x@evil.example', subject: 'Buy' })
    const ref = await siege.lastTicket()
    await siege.desk.as('bob', `spam ${ref}`)
    await siege.sendNow({ ...claim(ANN), sender: 'x@evil.example', subject: 'Buy more' })
    expect(await siege.newest()).toBe('held:spam')
    await siege.sendNow(confirmed(ANN, { subject: 'Mine' }))
    expect(await siege.newest()).toBe('opened')
    await siege.desk.as('bob', `notspam ${ref}`)
    await siege.sendNow({ ...claim(ANN), sender: 'x@evil.example', subject: 'Buy again' })
    expect(await siege.newest()).toBe('opened')
  })
})

test('into her ticket: her answers, by her domain or by mail that she got, come in', async () => {
  const became = await flood(() => ({ from: ANN, head: ['In-Reply-To: <vpn@example.com>'] }), 8)
  expect(became.slice(5)).toEqual(Array(3).fill('held:flood'))
  await siege.sendNow(confirmed(ANN, { head: ['In-Reply-To: <vpn@example.com>'] }))
  expect(await siege.newest()).toBe('appended HD-1 in')
  await siege.sendNow({ from: ANN, head: [`In-Reply-To: <${siege.token.answer}@desk.example>`] })
  expect(await siege.newest()).toBe('appended HD-1 in')
})

test('the same words before hers do not make a machine of her: her ticket is opened again', async () => {
  await siege.desk.as('bob', 'resolve 1 --category printer --told It is new.')
  await siege.quiet()
  await flood(() => ({ from: ANN, head: ['In-Reply-To: <vpn@example.com>'], text: 'It drops again.' }), 3)
  await siege.desk.as('bob', 'resolve 1 --category printer --told It is new.').catch(() => undefined)
  await siege.quiet()
  await siege.sendNow(confirmed(ANN, { head: ['In-Reply-To: <vpn@example.com>'], text: 'It drops again.' }))
  expect((await siege.tickets()).get('HD-1')?.facts.state).toBe('open')
})

test('her own flood is held and told of, although one in her name was', async () => {
  await flood(index => ({ from: ANN, subject: `Buy ${'ab'.repeat(index)}` }), 8)
  const became: string[] = []
  for (let index = 0; index < 8; index += 1) {
    await siege.sendNow(confirmed(ANN, { subject: `Mine ${'ab'.repeat(index)}` }))
    became.push(await siege.newest())
  }
  expect(became.slice(5)).toEqual(Array(3).fill('held:flood'))
  siege.clock.advance(60 * 60 * 1000)
  await siege.quiet()
  const held = siege.world.to(BOB).filter(each => /^Held for you/.test(each.subject ?? ''))
  expect(held.map(each => each.text).join('\n')).toMatch(/ann@example\.com: Mine/)
})

test('an alert in the name of a machine neither joins nor closes what its domain confirms', async () => {
  const alert = (subject: string): Letter => ({
    subject,
    head: ['Auto-Submitted: auto-generated', 'X-Nagios: 1'],
    text: 'Host: web01',
  })
  await siege.sendNow(confirmed(MONITOR, alert('** PROBLEM Host Alert: web01 is DOWN **')))
  const ref = await siege.lastTicket()
  await siege.sendNow({ from: MONITOR, sender: 'x@evil.example', ...alert('** RECOVERY Host Alert: web01 is UP **') })
  expect((await siege.tickets()).get(ref)).toMatchObject({ facts: { state: 'new' }, messages: [expect.any(String)] })
  await siege.sendNow(confirmed(MONITOR, alert('** PROBLEM Host Alert: web01 is DOWN **')))
  expect((await siege.tickets()).get(ref)?.messages).toHaveLength(2)
  await siege.sendNow(confirmed(MONITOR, alert('** RECOVERY Host Alert: web01 is UP **')))
  expect((await siege.tickets()).get(ref)?.facts.state).toBe('closed')
})

test('notifications of much that nothing confirms leave room for those of what is', async () => {
  await flood(index => ({ from: `x${index}@evil.example`, subject: `Buy ${'ab'.repeat(index)}` }), 25)
  await siege.sendNow(confirmed('mia@third.example', { subject: 'The server burns' }))
  expect(siege.world.to(BOB).at(-1)?.subject).toContain('The server burns')
})
