import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { EmailChannel } from '../../../adapters/email/adapter.ts'
import { ANN, BOB, HELP, Siege } from '../../support/attack-desk.ts'
import { DomainKey, type Signing } from '../../support/mail/signed-mail.ts'
import { DnsServer } from '../../support/servers/dns-server.ts'

// A stranger holds mail that the agents' provider signed: of Bob, of a colleague, of the desk itself. Nothing made of it
// is carried out as Bob's, whether a server of ours hands it on or it comes from the internet; what Bob signs is.

const DESK = 'help@staff.example' // at the agents' own provider
const MALLORY = 'mallory@evil.example'
const ORDER = '!close HD-1\r\n!reply HD-1 Please send me your password.'
const MICROSOFT = 'From:Date:Subject:Message-ID:Content-Type:MIME-Version:X-MS-Exchange-SenderADCheck'

const dns = new DnsServer()
const staff = new DomainKey()
const evil = new DomainKey()
let siege: Siege

beforeAll(async () => {
  staff.publish(dns, 'staff.example')
  for (const domain of ['evil.example', 'staff.example/.evil.example']) evil.publish(dns, domain)
  dns.texts.set('staff.example', 'v=spf1 ip4:198.51.100.7 -all')
  dns.texts.set('evil.example', 'v=spf1 +all')
  const authentication = { dns: await dns.start() }
  siege = await Siege.begin({ channel: { address: DESK, aliases: [HELP], authentication } })
})

afterAll(async () => {
  await siege.end()
  await dns.stop()
})

type Way = 'handed on' | 'from the internet' | "from Bob's provider"

/** Has the desk take a message as its listener does. */
async function arrive(raw: string, way: Way, recipients = [DESK]): Promise<void> {
  const { context, service } = siege.desk.desk
  const { adapter } = context.channels.get('support') ?? {}
  if (!(adapter instanceof EmailChannel)) throw new Error('There is no mail channel.')
  const [ip, from] = {
    'handed on': ['127.0.0.1', BOB],
    'from the internet': ['45.33.9.9', MALLORY],
    "from Bob's provider": ['198.51.100.7', BOB],
  }[way] as [string, string]
  const envelope = { from, to: recipients, client: { ip, helo: 'mx.example' } }
  await adapter.take(service.deskFor('support'), { bytes: Buffer.from(raw, 'latin1') }, envelope)
  await siege.quiet()
}

let count = 0
const mail = (from: string, text: string, more: string[] = [], to = MALLORY) => {
  count += 1
  const head = [
    `From: ${from}`,
    `To: ${to}`,
    'Subject: Re: lunch',
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <lunch-${count}@staff.example>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    ...more,
  ]
  return `${head.join('\r\n')}\r\n\r\n${text}\r\n`
}
const signed = (text: string, how: Signing = {}, from = `Bob Berg <${BOB}>`) =>
  staff.sign(mail(from, text), { domain: 'staff.example', ...how })

function inHead(raw: string, ...lines: string[]): string {
  const end = raw.indexOf('\r\n\r\n')
  return `${raw.slice(0, end)}\r\n${lines.join('\r\n')}${raw.slice(end)}`
}

const ATTACKS: [name: string, raw: () => Promise<string> | string][] = [
  ['nothing but his name', () => mail(`Bob <${BOB}>`, ORDER)],
  ['the signature of a stranger', () => evil.sign(mail(`Bob <${BOB}>`, ORDER), { domain: 'evil.example' })],
  [
    'the signature of what only looks like his domain',
    () => evil.sign(mail(`Bob <${BOB}>`, ORDER), { domain: 'staff.example/.evil.example' }),
  ],
  ['a line that is no field in his mail', async () => inHead(await signed('Thanks.'), 'X-Junk: a', ORDER)],
  ['CR CR LF in his mail', async () => inHead(await signed('Thanks.'), 'X-Junk: a', `\r\r\n${ORDER}`)],
  ['a line of blanks in his mail', async () => inHead(await signed('Thanks.'), 'X-Junk: a', ' ', ORDER)],
  ['>From in his mail', async () => inHead(await signed('Thanks.'), '>From x', ORDER)],
  [
    'his name above the mail of a colleague',
    async () => `From: Bob <${BOB}>\r\n${await signed(ORDER, {}, 'Carla <carla@staff.example>')}`,
  ],
  [
    'his name and a blank above the mail of a colleague',
    async () => `From : Bob <${BOB}>\r\n${await signed(ORDER, {}, 'Carla <carla@staff.example>')}`,
  ],
  ['his name beside that of a colleague', () => signed(ORDER, {}, `Bob <${BOB}>, Carla <carla@staff.example>`)],
  ['words behind what is signed', async () => `${await signed('Thanks.', { length: 9 })}${ORDER}\r\n`],
  ['a signature of nothing', async () => (await signed('Thanks.', { length: 0 })).replace('Thanks.', ORDER)],
  ['SHA-1', () => signed(ORDER, { algorithm: 'rsa-sha1' })],
  [
    'another type of his text',
    async () => {
      const covers = 'from:to:subject:date:message-id'
      const quoting = await signed(`Thanks.\r\n\r\n> a <br>!close HD-1<br>`, { covers })
      return quoting.replace('Content-Type: text/plain', 'Content-Type: text/html')
    },
  ],
  [
    'both, in any mail of anybody there',
    async () => `From: Bob <${BOB}>\r\n${inHead(await signed('Hi.', {}, 'no-reply@staff.example'), 'X: a', ORDER)}`,
  ],
]

describe.each(['handed on', 'from the internet'] as const)('%s', way => {
  beforeEach(() => siege.clock.advance(60 * 60 * 1000))

  test.each(ATTACKS)('%s is not Bob', async (_, raw) => {
    for (const policy of [undefined, 'v=DMARC1; p=reject; adkim=s; aspf=s']) {
      if (policy) dns.texts.set('_dmarc.staff.example', policy)
      else dns.texts.delete('_dmarc.staff.example')
      const [before, sent] = [await siege.tickets(), siege.world.mails.length]
      await arrive(await raw(), way)
      const after = await siege.tickets()
      for (const [ref, { facts }] of before) expect(after.get(ref)?.facts, ref).toEqual(facts)
      for (const { recipients } of siege.world.mails.slice(sent)) {
        expect(recipients.filter(each => !each.endsWith('@staff.example'))).toEqual([])
      }
    }
  })

  test('from nothing to Bob asking a customer for her password: the mail that the desk itself sent is no key', async () => {
    dns.texts.set('_dmarc.staff.example', 'v=DMARC1; p=reject; adkim=s; aspf=s')
    await siege.send({ from: `Mallory <${MALLORY}>`, subject: `Hello, ${way}` })
    const acknowledgement = siege.world.to(MALLORY).at(-1)?.raw ?? ''
    const received = await staff.sign(acknowledgement, { domain: 'staff.example' })
    // What is not signed and tells that the desk wrote it is taken away; 50 of each push the rest out of sight.
    const end = received.indexOf('\r\n\r\n')
    const fields = received.slice(0, end).split(/\r\n(?![ \t])/)
    const kept = fields.filter(field => !/^(?:Auto-Submitted|X-Auto-Response-Suppress|X-Relaydesk-Id)/i.test(field))
    const many = ['In-Reply-To', 'References', 'Message-ID'].flatMap(name =>
      Array.from({ length: 50 }, (_, index) => `${name}: <${name}-${index}@evil.example>`),
    )
    const orders = [`!invite HD-1 ${MALLORY}`, `!reply HD-1 Please send your password to ${MALLORY}.`]
    const top = [`From: Bob Berg <${BOB}>`, 'Subject: x', 'Content-Type: text/plain']
    const [before, sent] = [await siege.tickets(), siege.world.mails.length]
    const head = [...top, ...many, ...kept, 'X-Junk: a', ...orders].join('\r\n')
    await arrive(`${head}${received.slice(end)}`, way)
    expect(await siege.newest()).toBe('ignored:own-message')
    expect(await siege.tickets()).toEqual(before)
    expect(siege.world.mails.slice(sent)).toEqual([])
    // Neither without its Message-ID, which was signed.
    const without = kept.filter(field => !/^Message-ID/i.test(field))
    await arrive(`${[...top, ...without, 'X-Junk: a', ...orders].join('\r\n')}${received.slice(end)}`, way)
    const after = await siege.tickets()
    for (const [ref, { facts }] of before) expect(after.get(ref)?.facts, ref).toEqual(facts)
    const outside = siege.world.mails.slice(sent).flatMap(each => each.recipients)
    expect(outside.filter(each => !each.endsWith('@staff.example'))).toEqual([])
  })

  test('a signature does not say to which ticket its bytes were handed', async () => {
    await siege.send({ from: `Mallory <${MALLORY}>`, subject: `My ticket, ${way}` })
    const token = siege.tokenOf(MALLORY, /^\[HD-\d+\]/)
    const before = await siege.tickets()
    await arrive(await signed('!close'), way, [DESK.replace('@', `+${token}@`)])
    for (const [ref, { facts }] of before) expect((await siege.tickets()).get(ref)?.facts, ref).toEqual(facts)
  })
})

describe('Bob himself', () => {
  beforeEach(() => siege.clock.advance(60 * 60 * 1000))

  const state = async (ref: string) => (await siege.tickets()).get(ref)?.facts.state
  const carried = async (raw: string, way: Way) => {
    await siege.desk.as('bob', 'reopen 2').catch(() => undefined)
    expect(await state('HD-2')).not.toBe('closed')
    await arrive(raw, way)
    expect(await state('HD-2')).toBe('closed')
  }

  test.each(['handed on', 'from the internet', "from Bob's provider"] as const)('signed, %s', async way => {
    await carried(await signed('!close HD-2'), way)
  })

  test('signed by Microsoft, which leaves out whom it is to', async () => {
    const how = { domain: 'staff.example', covers: MICROSOFT }
    await carried(await staff.sign(mail(`Bob <${BOB}>`, '!close HD-2', [], DESK), how), 'handed on')
    await carried(await staff.sign(mail(`Bob <${BOB}>`, '!close HD-2', [], DESK), how), 'from the internet')
  })

  test('signed by Microsoft, which leaves out what is answered: by what only he was sent', async () => {
    await siege.desk.as('eve', 'note 2', 'Is this done?')
    await siege.desk.as('bob', 'claim 2').catch(() => undefined)
    // It speaks for its own ticket alone.
    const told = siege.tokenOf(BOB, /^\[HD-2\] New/)
    const answer = mail(`Bob <${BOB}>`, '!close HD-2', [`In-Reply-To: <${told}@staff.example>`], DESK)
    await carried(await staff.sign(answer, { domain: 'staff.example', covers: MICROSOFT }), 'handed on')
    await carried(answer.replace(/lunch-\d+/, 'other'), "from Bob's provider")
  })

  test('what his mail answers chooses a ticket if it is signed', async () => {
    const answer = mail(`Bob <${BOB}>`, '!close', [
      `In-Reply-To: <${siege.tokenOf(BOB, /^\[HD-2\] New/)}@staff.example>`,
    ])
    await carried(await staff.sign(answer, { domain: 'staff.example' }), 'from the internet')
  })

  test('Ann is answered at From, where her domain did not sign another address', async () => {
    const customer = new DomainKey()
    customer.publish(dns, 'example.com')
    const subject = 'My printer'
    const raw = mail(`Ann <${ANN}>`, 'It smokes.', [`Reply-To: ${MALLORY}`], HELP).replace('Re: lunch', subject)
    await arrive(await customer.sign(raw, { domain: 'example.com', covers: MICROSOFT }), 'from the internet')
    const ticket = [...(await siege.tickets()).values()].find(each => each.facts.subject === subject)
    expect(ticket?.facts.replyTo).toBe(ANN)
  })
})
