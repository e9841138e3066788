import { generateKeyPairSync } from 'node:crypto'
import { createTransport } from 'nodemailer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ANN, BOB, HELP, Siege, TRUSTED } from '../../support/attack-desk.ts'
import { checkedBy, type Letter } from '../../support/mail/letter.ts'
import { DnsServer } from '../../support/servers/dns-server.ts'

// People who write through a group or a list, and those who only say so. The desk is reached through a group of its own.

const OWN_GROUP = 'support@own.example'
const GROUP = 'customers@groups.example'

let siege: Siege

beforeAll(async () => {
  siege = await Siege.begin({
    channel: { aliases: [OWN_GROUP] },
    root: { senders: { block: ['noise@lists.example'], allow: [] } },
  })
})

afterAll(() => siege.end())

interface Post extends Letter {
  list?: string
  /** What From was, where the group says so. */
  original?: string
}

/** A letter as a group sends it on: its own address in From, and who wrote it in a field of its own. */
function posted(name: string, { list = GROUP, original, head = [], ...more }: Post = {}): Letter {
  return {
    from: `'${name}' via Group <${list}>`,
    head: [
      `To: ${list}`,
      `List-Id: <${list.replace('@', '.')}>`,
      `List-Post: <mailto:${list}>`,
      'Precedence: list',
      ...(original ? [`X-Original-From: ${name} <${original}>`, `X-Original-Sender: ${original}`] : []),
      ...head,
    ],
    ...more,
  }
}

const facts = async (ref: string) => (await siege.tickets()).get(ref)
const requesterOf = async (ref: string) => {
  const { text } = await siege.desk.as('bob', `show ${ref}`)
  return /^requester +(.*)$/m.exec(text)?.[1]
}
const outside = (since: number) =>
  siege.world.mails.slice(since).flatMap(mail => mail.recipients.filter(each => !each.endsWith('@staff.example')))
const vouched = (domain: string) => checkedBy(TRUSTED, `dkim=pass header.d=${domain}; dmarc=pass header.from=${domain}`)

describe.each([
  ['a group of others', GROUP, []],
  ['a group of the desk', OWN_GROUP, vouched('own.example')],
])('two customers who write through %s', (_what, list, top) => {
  const at = (name: string) => `${name}@${list.split('@')[1]}.customer.example`
  let jan = ''
  let kai = ''

  test('are two requesters under their own names', async () => {
    expect(await siege.send(posted('Jan Falk', { list, original: at('jan'), top }))).toMatch(/opened/)
    jan = await siege.lastTicket()
    await siege.send(posted('Kai Falk', { list, original: at('kai'), top }))
    kai = await siege.lastTicket()
    expect(kai).not.toBe(jan)
    expect(await requesterOf(jan)).toBe(`Jan Falk <${at('jan')}>`)
    expect(await requesterOf(kai)).toBe(`Kai Falk <${at('kai')}>`)
    expect((await facts(jan))?.facts.requester).not.toBe((await facts(kai))?.facts.requester)
    expect((await facts(jan))?.facts.participants).toEqual([`requester ${at('jan')}`])
  })

  test('are answered each for themselves, and the group not at all', async () => {
    const before = siege.world.mails.length
    await siege.desk.as('bob', `reply ${jan}`, 'It is on its way.')
    await siege.quiet()
    expect(outside(before)).toEqual([at('jan')])
  })

  test('do not get into the ticket of the other', async () => {
    const answer = siege.tokenOf(at('jan'), /^Re: /)
    for (const [becomes, post] of [
      ['held:stranger-with-reference', { subject: `[${jan}] Where is it?` }],
      ['held:stranger-with-token', { head: [`In-Reply-To: <${answer}@desk.example>`] }],
      ['held:stranger-with-token', { head: [`References: <${answer}@desk.example>`], subject: `Re: [${jan}] Order` }],
    ] as const) {
      await siege.withstands(posted('Kai Falk', { list, original: at('kai'), top, ...post }), becomes, [])
    }
  })

  test('go on with their own, through the group and without it', async () => {
    const answer = siege.tokenOf(at('jan'), /^Re: /)
    const answering = [`In-Reply-To: <${answer}@desk.example>`]
    await siege.send(posted('Jan Falk', { list, original: at('jan'), top, head: answering }))
    expect(await siege.newest()).toBe(`appended ${jan} in`)
    await siege.send({ from: `Jan <${at('jan')}>`, head: answering })
    expect(await siege.newest()).toBe(`appended ${jan} in`)
    const first = [`Message-ID: <first-${at('x')}>`]
    await siege.send(posted('Jan Falk', { list, original: at('jan'), top, head: first }))
    const other = await siege.lastTicket()
    await siege.send(posted('Jan Falk', { list, original: at('jan'), top, head: [`References: <first-${at('x')}>`] }))
    expect(await siege.newest()).toBe(`appended ${other} in`)
    expect((await facts(other))?.facts.participants).toEqual([`requester ${at('jan')}`])
  })
})

/** How a mail of Jan looks once it came through a list. */
type Form = (name: string, address: string) => Letter

const listHead = (list: string, ...more: string[]) => [
  `To: ${list}`,
  `List-Id: <${list.replace('@', '.')}>`,
  `List-Post: <mailto:${list}>`,
  'Precedence: list',
  ...more,
]
const LISTS = 'team@lists.example'
let ids = 0
const nextId = () => {
  ids += 1
  return `${ids}@inner.example`
}
const encoded = (address: string) => address.replace('@', '=')
const word = (text: string) =>
  `=?utf-8?q?${text.replace(/[^\w]/g, sign => Buffer.from(sign).toString('hex').replace(/../g, '=$&'))}?=`

const FORMS: [name: string, form: Form][] = [
  ['Google', (name, address) => posted(name, { original: address })],
  [
    'Google in German',
    (name, address) => ({ ...posted(name, { original: address }), from: `${word(`'${name}' über Group`)} <${GROUP}>` }),
  ],
  ['Google with nothing but an answer address', (name, address) => posted(name, { head: [`Reply-To: ${address}`] })],
  [
    'Mailman, on Cc',
    (name, address) => ({
      from: `${name} via Team <${LISTS}>`,
      head: listHead(LISTS, 'X-Mailman-Version: 3.3.9', `Cc: ${name} <${address}>`),
    }),
  ],
  [
    'Mailman in Spanish, on Cc',
    (name, address) => ({
      from: `${name} por medio de Team <${LISTS}>`,
      head: listHead(LISTS, `Cc: "${name}" <${address}>`, `Reply-To: ${LISTS}`),
    }),
  ],
  [
    'Mailman, first for answers',
    (name, address) => ({
      from: `${name} via Team <${LISTS}>`,
      head: listHead(LISTS, `Reply-To: ${name} <${address}>, Team <${LISTS}>`),
    }),
  ],
  [
    'Mailman, second for answers',
    (name, address) => ({
      from: `${name} via Team <${LISTS}>`,
      head: listHead(LISTS, `Reply-To: Team <${LISTS}>, ${name} <${address}>`),
    }),
  ],
  [
    'Mailman, put into one of the list',
    (name, address) => ({
      from: `${name} via Team <${LISTS}>`,
      head: listHead(LISTS, `Cc: ${name} <${address}>`),
      type: 'message/rfc822',
      text: `From: ${name} <${address}>\nMessage-ID: <in-${nextId()}>\n\nPlease help.\n`,
    }),
  ],
  [
    'Sympa',
    (name, address) => ({
      from: `"${name} (via team Mailing List)" <${LISTS}>`,
      head: listHead(LISTS, `X-Original-From: ${name} <${address}>`, `Reply-To: ${LISTS}`),
    }),
  ],
  [
    'Groups.io',
    (name, address) => ({
      from: `"${name} via groups.io" <${encoded(address)}@lists.example>`,
      head: listHead(LISTS, `Reply-To: ${LISTS}`),
    }),
  ],
  [
    'LISTSERV',
    (name, address) => ({
      from: `${name} <0001-dmarc-request@lists.example>`,
      head: listHead(LISTS, `Reply-To: ${name} <${address}>`),
    }),
  ],
  [
    'Topicbox',
    (name, address) => ({
      from: `"${name} via Team" <${LISTS}>`,
      head: listHead(LISTS, `Reply-To: "${name}" <${address}>`),
    }),
  ],
  [
    'a service',
    (name, address) => ({
      from: `"${name} via Signing" <send@signing.example>`,
      head: [`Reply-To: ${name} <${address}>`],
    }),
  ],
]

describe.each(FORMS.map(([name, form], index) => ({ name, form, domain: `f${index}.example` })))(
  '$name',
  ({ form, domain }) => {
    test('two customers are two, each answered alone; neither gets in at the other, and each comes back to their own', async () => {
      const [ada, ben] = [`ada@${domain}`, `ben@${domain}`]
      const id = `Message-ID: <${ada}>`
      const first = form('Ada Falk', ada)
      await siege.send({ ...first, head: [...(first.head ?? []), id] })
      const ref = await siege.lastTicket()
      await siege.send(form('Ben Falk', ben))
      const other = await siege.lastTicket()
      expect(await requesterOf(ref)).toBe(`Ada Falk <${ada}>`)
      expect(await requesterOf(other)).toBe(`Ben Falk <${ben}>`)
      const before = siege.world.mails.length
      await siege.desk.as('bob', `reply ${ref}`, 'It is on its way.')
      await siege.quiet()
      expect(outside(before)).toEqual([ada])
      const stranger = { ...form('Ben Falk', ben), subject: `Re: [${ref}] Question` }
      await siege.withstands(stranger, 'held:stranger-with-reference', [])
      const again = form('Ada Falk', ada)
      await siege.send({ ...again, head: [...(again.head ?? []), `References: <${ada}>`] })
      expect(await siege.newest()).toBe(`appended ${ref} in`)
      expect((await facts(ref))?.facts.participants).toEqual([`requester ${ada}`])
    })
  },
)

describe('a group of the desk', () => {
  test('is acknowledged to the writer, and to nobody else', async () => {
    const before = siege.world.mails.length
    await siege.send(posted('Lea', { list: OWN_GROUP, original: 'lea@c1.example', top: vouched('own.example') }))
    expect(outside(before)).toEqual(['lea@c1.example'])
  })

  test('so is a mail whose From it left alone, and that wants its answers for the group', async () => {
    const before = siege.world.mails.length
    await siege.send({
      ...posted('Lea', { list: OWN_GROUP, head: [`Reply-To: ${OWN_GROUP}`] }),
      from: 'Lea <lea@c2.example>',
    })
    expect(await siege.newest()).toBe('opened')
    expect(outside(before)).toEqual(['lea@c2.example'])
    expect((await facts(await siege.lastTicket()))?.facts.replyTo).toBe('lea@c2.example')
  })

  test('under the very address of the desk, too', async () => {
    const before = siege.world.mails.length
    await siege.send(posted('Pia', { list: HELP, original: 'pia@c3.example' }))
    expect(await requesterOf(await siege.lastTicket())).toBe('Pia <pia@c3.example>')
    expect(outside(before)).toEqual(['pia@c3.example'])
  })

  test('sends our own mail back in vain, however it changed it', async () => {
    const own = (more: Letter) => posted('Help', { list: OWN_GROUP, original: HELP, ...more })
    await siege.withstands(own({}), 'ignored:own-address', [])
    await siege.withstands(
      own({ head: [`Message-ID: <${siege.token.answer}@desk.example>`] }),
      'ignored:own-message',
      [],
    )
    await siege.withstands({ ...own({}), from: HELP }, 'ignored:own-address', [])
  })

  test('brings automatic answers, which nobody answers', async () => {
    const auto = posted('Lea', { list: OWN_GROUP, original: 'lea@c1.example', head: ['Auto-Submitted: auto-replied'] })
    await siege.withstands(auto, 'ignored:auto-reply', [])
  })

  test('does not make an agent of who says to be one', async () => {
    const order = posted('Bob', { list: OWN_GROUP, original: BOB, top: vouched('own.example'), text: '!close 2\n' })
    await siege.withstands(order, 'held:commands', [])
    expect((await facts('HD-2'))?.facts.state).not.toBe('closed')
  })

  test('a copy that came without it is the same mail', async () => {
    const id = ['Message-ID: <twice@c4.example>']
    await siege.send({ from: 'Tom <tom@c4.example>', head: [...id, `Cc: ${OWN_GROUP}`], text: 'Twice.' })
    const ref = await siege.lastTicket()
    await siege.send(posted('Tom', { list: OWN_GROUP, original: 'tom@c4.example', head: id, text: 'Twice.' }))
    expect(await siege.newest()).toBe('duplicate')
    expect(await siege.lastTicket()).toBe(ref)
  })
})

describe('whoever says to write through a group', () => {
  const evil = { original: ANN, list: 'list@evil.example', subject: '[HD-1] VPN' }
  test.each<[string, () => Letter, string]>([
    [
      'from a domain of their own',
      () => posted('Ann', { ...evil, top: vouched('evil.example') }),
      'held:unauthenticated',
    ],
    [
      'from a domain that says nothing',
      () => posted('Ann', { ...evil, top: checkedBy(TRUSTED, 'dkim=none; spf=none; dmarc=none') }),
      'held:unauthenticated',
    ],
    [
      'from our group, as another host says',
      () => posted('Ann', { ...evil, list: OWN_GROUP, top: vouched('evil.example') }),
      'held:unauthenticated',
    ],
    [
      'from our group, which it denies',
      () => posted('Ann', { ...evil, list: OWN_GROUP, top: checkedBy(TRUSTED, 'dmarc=fail header.from=own.example') }),
      'held:unauthenticated',
    ],
    [
      'through our group, with a field of their own',
      () =>
        posted('Ann', { ...evil, list: OWN_GROUP, top: vouched('own.example'), head: ['Reply-To: x@evil.example'] }),
      'held:unauthenticated',
    ],
    [
      'through our group, answers for Ann and for themselves',
      () =>
        posted('Ann', {
          ...evil,
          list: OWN_GROUP,
          top: vouched('own.example'),
          head: [`Reply-To: ${ANN}, x@evil.example`],
        }),
      'held:unauthenticated',
    ],
    [
      'through a list that names them on Cc',
      () =>
        posted('Ann', { ...evil, list: OWN_GROUP, top: vouched('own.example'), head: ['Cc: Ann <x@evil.example>'] }),
      'held:unauthenticated',
    ],
    [
      'in a direct mail',
      () => ({
        from: 'x@evil.example',
        subject: '[HD-1] VPN',
        top: vouched('evil.example'),
        head: [`X-Original-From: ${ANN}`, `X-Original-Sender: ${ANN}`],
      }),
      'held:stranger-with-reference',
    ],
    [
      'in a direct mail that names a list',
      () => ({
        from: 'x@evil.example',
        subject: '[HD-1] VPN',
        head: ['List-Id: <list.evil.example>', 'Mailing-list: list list@evil.example', `X-Original-From: ${ANN}`],
      }),
      'held:stranger-with-reference',
    ],
    [
      'without a list, for answers to Ann',
      () => ({
        from: '"Ann via Service" <x@evil.example>',
        subject: '[HD-1] VPN',
        top: vouched('evil.example'),
        head: [`Reply-To: ${ANN}`],
      }),
      'held:unauthenticated',
    ],
    [
      'with a mail of Ann within',
      () =>
        posted('Ann', {
          list: OWN_GROUP,
          subject: '[HD-1] VPN',
          type: 'message/rfc822',
          text: `From: ${ANN}\n\nLet me in.\n`,
        }),
      'held:unauthenticated',
    ],
    [
      'under a name that is her address',
      () => posted(ANN, { list: OWN_GROUP, subject: '[HD-1] VPN' }),
      'held:unauthenticated',
    ],
  ])('%s is not Ann', (_name, letter, becomes) => siege.withstands(letter(), becomes, []))
})

describe('a list that does not say who wrote', () => {
  const nameless = (more: Post = {}) => posted('Max', { list: 'all@lists.example', ...more })

  test('holds its mail, and says why', async () => {
    const before = siege.world.mails.length
    await siege.withstands(nameless({ subject: 'A question' }), 'held:no-writer', [])
    await siege.withstands(nameless({ head: ['Reply-To: all@lists.example'] }), 'held:no-writer', [])
    await siege.withstands(nameless({ list: OWN_GROUP }), 'held:no-writer', [])
    await siege.withstands(nameless({ list: HELP }), 'held:no-writer', [])
    siege.clock.advance(60 * 60 * 1000)
    await siege.quiet()
    const told = siege.world.mails
      .slice(before)
      .map(mail => mail.text)
      .join('\n')
    expect(told).toContain('does not say who wrote it')
  })

  test('lets nobody in, whatever it brings along', async () => {
    await siege.withstands(nameless({ subject: '[HD-1]' }), 'held:stranger-with-reference', [])
    await siege.withstands(
      nameless({ head: [`In-Reply-To: <${siege.token.answer}@desk.example>`] }),
      'held:stranger-with-token',
      [],
    )
  })

  test('is opened by an agent for nobody else, and answered to nobody', async () => {
    const opened: string[] = []
    for (const subject of ['One', 'Another']) {
      await siege.send(nameless({ subject }))
      await siege.desk.as('bob', `open M-${await siege.arrivalNumber()}`)
      opened.push(await siege.lastTicket())
    }
    const [one = '', other = ''] = opened
    expect((await facts(one))?.facts).toMatchObject({ replyTo: null, participants: [] })
    expect((await facts(one))?.facts.requester).not.toBe((await facts(other))?.facts.requester)
    expect(await requesterOf(one)).toContain('Max through all@lists.example')
    const before = siege.world.mails.length
    await expect(siege.desk.as('bob', `reply ${one}`, 'Who are you?')).rejects.toThrow()
    await siege.quiet()
    expect(outside(before)).toEqual([])
  })

  test('is blocked by its address, whoever it names', async () => {
    await siege.withstands(posted('Max', { list: 'noise@lists.example' }), 'ignored:blocked', [])
    await siege.withstands(
      posted('Max', { list: 'noise@lists.example', original: 'max@x.example' }),
      'ignored:blocked',
      [],
    )
  })
})

test('a group on Cc of what it sent on itself takes no part', async () => {
  await siege.send(
    posted('Zoe', { list: GROUP, original: 'zoe@c5.example', head: [`Cc: ${GROUP}, help@desk.example`] }),
  )
  const ref = await siege.lastTicket()
  expect((await facts(ref))?.facts.participants).toEqual(['requester zoe@c5.example'])
})

describe('signatures that the desk checks itself', () => {
  const dns = new DnsServer()
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
  let checking: Siege

  beforeAll(async () => {
    const key = keys.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
    for (const domain of ['own.example', 'evil.example', 'example.com']) {
      dns.texts.set(`s1._domainkey.${domain}`, `v=DKIM1; k=rsa; p=${key}`)
    }
    const authentication = { trusted: [], check: true, dns: await dns.start() }
    checking = await Siege.begin({ channel: { aliases: [OWN_GROUP], authentication } })
  })

  afterAll(async () => {
    await checking.end()
    await dns.stop()
  })

  /** Ann's mail, as a group of this domain signs and sends it on. */
  async function signed(list: string, domain: string): Promise<void> {
    const privateKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' })
    const id = list.replace('@', '.')
    const { message } = await transport.sendMail({
      from: `"'Ann' via Group" <${list}>`,
      to: list,
      subject: '[HD-1] VPN',
      text: 'It drops.',
      date: checking.clock.now(),
      headers: { 'List-Id': `<${id}>`, 'X-Original-From': `Ann <${ANN}>` },
      dkim: {
        domainName: domain,
        keySelector: 's1',
        privateKey,
        headerFieldNames:
          'from:to:subject:date:message-id:mime-version:content-type:content-transfer-encoding:list-id:x-original-from',
      },
    })
    await checking.sendRaw(message as Buffer, list)
  }

  test('our own group brings Ann to her ticket; a group of strangers does not, whoever signs for it', async () => {
    await signed(OWN_GROUP, 'own.example')
    expect(await checking.newest()).toBe('appended HD-1 in')
    await signed('list@evil.example', 'evil.example')
    expect(await checking.newest()).toBe('held:unauthenticated')
    await signed('list@example.com', 'example.com')
    expect(await checking.newest()).toBe('held:unauthenticated')
  })
})
