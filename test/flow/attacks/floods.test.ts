import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ANN, BOB, EVE, Siege, TRUSTED } from '../../support/attack-desk.ts'
import { checkedBy, type Letter } from '../../support/mail/letter.ts'

// Much mail: to fill the desk, and to have the desk fill somebody else's mailbox.

const VICTIM = 'victim@third.example'
const MANY = 30

let siege: Siege

/** Sends a letter after the other, as fast as can be or with an hour between them; gives what became of each. */
async function flood(letter: (index: number) => Letter, { many = MANY, hourly = false } = {}): Promise<string[]> {
  const became: string[] = []
  for (let index = 0; index < many; index += 1) {
    if (hourly) siege.clock.advance(60 * 60 * 1000)
    await siege.sendNow(letter(index))
    became.push(await siege.newest())
  }
  return became
}

/** At Google all of these are one mailbox. */
const dotted = (name: string, index: number) => {
  const at = 1 + (index % (name.length - 1))
  return `${name.slice(0, at)}.${name.slice(at)}`
}
const count = (outcomes: string[], outcome: string) => outcomes.filter(each => each === outcome).length
const written = (address: RegExp) =>
  siege.world.mails.filter(mail => mail.recipients.some(each => address.test(each))).length

describe('acknowledgements as bombs', () => {
  beforeEach(async () => {
    siege = await Siege.begin({ root: { automatic: { perDay: 20 } } })
  })

  afterEach(() => siege.end())

  test.each<[string, (index: number) => Letter, most: number]>([
    ['in the name of a victim', () => ({ from: VICTIM }), 10],
    ['in the name of a victim under one subject', () => ({ from: VICTIM, subject: 'Hello' }), 1],
    [
      'with the victim as answer address of many senders',
      index => ({ from: `x${index}@evil.example`, head: [`Reply-To: ${VICTIM}`] }),
      10,
    ],
    ['to details of the mailbox of a victim', index => ({ from: `victim+${index}@third.example` }), 20],
    [
      'to a mailbox at Google with dots here and there',
      index => ({ from: `${dotted('victim', index)}+${index}@gmail.com` }),
      20,
    ],
    [
      'in the name of a victim whose domain says no',
      () => ({ from: VICTIM, top: checkedBy(TRUSTED, 'dmarc=fail header.from=third.example') }),
      0,
    ],
    [
      'to copies of every mail',
      index => ({ from: `x${index}@evil.example`, head: [`Cc: ${VICTIM}, victim+${index}@third.example`] }),
      0,
    ],
  ])('%s', async (_, letter, most) => {
    expect(count(await flood(letter), 'opened')).toBe(MANY)
    const got = written(/^victim.*@third\.example$|@gmail\.com$/)
    expect(got).toBeLessThanOrEqual(most)
    expect(got).toBeGreaterThanOrEqual(Math.min(most, 1))
  })

  test('a mail every hour in the name of a victim, for a day', async () => {
    const letters = 'abcdefghijklmnopqrstuvw'
    await flood(index => ({ from: VICTIM, subject: `Room ${letters[index]}` }), { many: letters.length, hourly: true })
    expect(written(/victim/)).toBe(20)
  })

  test('held mails are told of in one mail an hour, not one for each', async () => {
    const before = written(/^bob@/)
    const became = await flood(() => ({ head: ['In-Reply-To: <vpn@example.com>'] }))
    expect(count(became, 'held:stranger-with-references')).toBe(MANY)
    siege.clock.advance(60 * 60 * 1000)
    await siege.quiet()
    expect(written(/^bob@/) - before).toBeLessThanOrEqual(2)
    expect(siege.world.to(BOB).at(-1)?.subject).toBe('Held for you: 29 messages')
  })
})

describe('floods', () => {
  beforeAll(async () => {
    siege = await Siege.begin({ root: { floods: { tickets: 5, messages: 10 } } })
  })

  afterAll(() => siege.end())

  test.each<[string, (index: number) => Letter]>([
    ['of one address', () => ({ from: 'one@evil.example' })],
    ['of details of one mailbox', index => ({ from: `many+${index}@evil.example` })],
    ['of one address under many names', index => ({ from: `"Ann ${index}" <names@evil.example>` })],
    [
      'of one address under many envelope senders',
      index => ({ from: 'env@evil.example', sender: `b${index}@evil.example` }),
    ],
    ['of a mailbox at Google with dots', index => ({ from: `${dotted('spammer', index)}@gmail.com` })],
  ])('tickets %s', async (_, letter) => {
    const before = (await siege.tickets()).size
    const told = written(/^bob@/)
    const became = await flood(letter, { many: 12 })
    expect(became).toEqual([...Array(5).fill('opened'), ...Array(7).fill('held:flood')])
    expect((await siege.tickets()).size).toBe(before + 5)
    expect(written(/^bob@/) - told).toBeLessThanOrEqual(6)
    siege.clock.advance(60 * 60 * 1000)
    await siege.quiet()
  })

  test('messages into a ticket of their own; the ticket of another takes mail meanwhile', async () => {
    const became = await flood(() => ({ from: ANN, head: [`In-Reply-To: <${siege.token.answer}@desk.example>`] }), {
      many: 14,
    })
    expect(became).toEqual([...Array(10).fill('appended HD-1 in'), ...Array(4).fill('held:flood')])
    await siege.sendNow({ from: 'mike@other.example', head: [`In-Reply-To: <${siege.token.mike}@desk.example>`] })
    expect(await siege.newest()).toBe('appended HD-2 in')
  })

  test('agents may answer as often as they like', async () => {
    const head = [`In-Reply-To: <${siege.token.told}@desk.example>`]
    expect(
      count(
        await flood(n => ({ from: BOB, head, text: `Restart it ${n} times.\n\n!anyway` }), { many: 14 }),
        'appended HD-1 out',
      ),
    ).toBe(14)
  })

  test('the same person is heard again when it is over', async () => {
    siege.clock.advance(24 * 60 * 60 * 1000)
    await siege.sendNow({ from: 'one@evil.example' })
    expect(await siege.newest()).toBe('opened')
    expect(siege.world.to(EVE).length).toBeGreaterThan(0)
  })
})
