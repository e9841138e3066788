import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ANN, BOB, MIKE, Siege, TRUSTED } from '../../support/attack-desk.ts'
import { checkedBy, writeLetter } from '../../support/mail/letter.ts'

// Mail that comes again, as it was or nearly so; and what is held, which may look like a command.

const TOKEN = 'held:stranger-with-token'
const answers = (token: string) => `In-Reply-To: <${token}@desk.example>`

let siege: Siege

beforeAll(async () => {
  siege = await Siege.begin()
})

afterAll(() => siege.end())

describe('what comes again', () => {
  const state = async (ref: string) => (await siege.tickets()).get(ref)?.facts.state
  const again = (raw: Buffer, from: string) => siege.sendRaw(raw, from)

  test('the same bytes: once', async () => {
    const raw = writeLetter({ from: 'twice@third.example' }, siege.clock.now())
    const before = [(await siege.tickets()).size, await siege.arrived()] as const
    for (let time = 0; time < 3; time += 1) await again(raw, 'twice@third.example')
    expect([(await siege.tickets()).size, await siege.arrived()]).toEqual([before[0] + 1, before[1] + 3])
    expect(siege.world.to('twice@third.example')).toHaveLength(1)
  })

  test('the same mail on another way: once', async () => {
    const raw = writeLetter({ from: 'thrice@third.example' }, siege.clock.now())
    await again(raw, 'thrice@third.example')
    const size = (await siege.tickets()).size
    await again(Buffer.concat([Buffer.from('Received: from elsewhere\r\n'), raw]), 'x@evil.example')
    expect([await siege.newest(), (await siege.tickets()).size]).toEqual(['duplicate', size])
    expect(siege.world.to('thrice@third.example')).toHaveLength(1)
  })

  test("a requester's mail, once her ticket is closed: it stays closed", async () => {
    const raw = writeLetter({ from: MIKE, head: [answers(siege.token.mike)] }, siege.clock.now())
    await again(raw, MIKE)
    await siege.desk.as('bob', 'close 2')
    await again(raw, MIKE)
    expect(await state('HD-2')).toBe('closed')
    await siege.desk.as('bob', 'reopen 2')
  })

  test('the same Message-ID with other words: hers joins what is hers, that of others does not', async () => {
    const head = ['Message-ID: <known@third.example>']
    await siege.withstands({ from: 'k1@third.example', head, text: 'One.' }, 'opened')
    const ref = await siege.lastTicket()
    await siege.withstands({ from: 'k2@evil.example', head, text: 'Two.' }, 'opened')
    await siege.withstands({ from: 'k1@third.example', head, text: 'Three.' }, `appended ${ref} in`)
  })

  test('the answer of an agent: it leaves once, however it comes again', async () => {
    const answer = {
      from: BOB,
      head: [answers(siege.token.told), 'Message-ID: <answer@staff.example>'],
      text: 'Try again.',
    }
    await siege.withstands(answer, 'appended HD-1 out', [ANN])
    const raw = writeLetter(answer, siege.clock.now())
    const count = siege.world.to(ANN).length
    await again(raw, BOB)
    await again(raw, 'x@evil.example')
    await again(Buffer.concat([Buffer.from('Received: from elsewhere\r\n'), raw]), BOB)
    expect(siege.world.to(ANN)).toHaveLength(count)
    const forged = { ...answer, text: 'Pay here.', top: checkedBy(TRUSTED, 'dmarc=fail header.from=staff.example') }
    await siege.withstands(forged, 'held:unauthenticated')
  })
})

describe('what is held', () => {
  test('a subject that looks like a command is none, also where an agent quotes it', async () => {
    await siege.withstands({ subject: '!open M-1', head: [answers(siege.token.answer)] }, TOKEN)
    const held = await siege.arrivalNumber()
    await siege.withstands({ subject: `!join M-${held}`, head: [answers(siege.token.answer)] }, TOKEN)
    const notice = siege.world.to(BOB).findLast(mail => /^Held for you/.test(mail.subject ?? ''))
    expect(notice?.text).toContain(`!join M-${held}`)
    const quoted = `I will look.\n\n${notice?.text}`
    const letter = {
      from: BOB,
      top: checkedBy(TRUSTED, 'dmarc=pass header.from=staff.example'),
      head: [`In-Reply-To: ${notice?.messageId}`],
    }
    await siege.withstands({ ...letter, subject: `Re: ${notice?.subject}`, text: quoted }, 'ignored:answer-to-alarm')
    expect((await siege.desk.as('bob', `explain M-${held}`)).text).toContain('held')
  })
})
