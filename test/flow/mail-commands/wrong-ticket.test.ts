// In the conversation of one ticket, what begins with the reference of another is never sent without a question.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CommandRequest } from '../../../src/channel/desk.ts'
import type { MessageParts } from '../../../src/channel/inbound.ts'
import { DeskError } from '../../../src/errors.ts'
import { type MemoryDesk, makeMemoryDesk, messageFrom } from '../../support/memory-desk.ts'

const ANN = 'ann@example.com'
const CARL = 'carl@example.org'
const BOB = 'bob@staff.example'

/** As people and programs write HD-2. */
const FORMS = [
  ...['HD-2', 'HD-2:', 'HD-2,', 'HD-2.', 'HD-2 -', 'hd-2', 'hd2', 'Hd2:', 'HD 2', 'HD 2:', 'HD_2', 'HD#2', 'HD:2'],
  ...['HD\u20132', 'HD\u20142', 'HD\u20112', 'HD\u20102', 'HD\u22122', 'HD\uFF0D2', 'HD\uFE632', 'HD - 2', 'HD – 2'],
  ...[
    '*HD-2*',
    '**HD-2**',
    '_HD-2_',
    '~HD-2~',
    '`HD-2`',
    '```HD-2```',
    '(HD-2)',
    '[HD-2]',
    '{HD-2}',
    '<HD-2>',
    '[[HD-2]]',
  ],
  ...['"HD-2"', "'HD-2'", '“HD-2”', '„HD-2“', '«HD-2»', '« HD-2 »', '‹HD-2›', '「HD-2」', '”HD-2”', '‘HD-2’:'],
  ...['#HD-2', '@HD-2', '#HD2', '- HD-2', '> HD-2', '1) HD-2'.slice(3), '→ HD-2', '🎫 HD-2', '⚠️HD-2'],
  ...[
    'ＨＤ－２',
    'ＨＤ-２',
    'HD-２',
    'HD-\u0662',
    'HD-\u06F2',
    'HD-\u0968',
    'H\u00ADD-2',
    'HD\u00AD-2',
    'HD-\u200B2',
    '\u200BHD-2',
    'HD\u2060-2',
    '\uFEFFHD-2',
    '\u202AHD-2\u202C',
  ],
  ...[
    'HD\u00A02',
    'HD\u202F2',
    'HD-02',
    'HD-0002',
    'FM-2',
    'fm2',
    '[HD-2](https://desk.example/HD-2)',
    'https://desk.example/t/HD-2',
    '<https://desk.example|HD-2>',
  ],
  ...[
    'Re:HD-2',
    'ticket:HD-2',
    'HD-2/HD-3',
    "HD-2's",
    'HD-2’s',
    'HD-2:it',
    'HD-2a',
    '"HD-2:',
    'HD-2-3',
    '-HD-2',
    '\nHD-2:',
    '\n\nHD\u20112',
  ],
]

describe('the reference of another ticket', () => {
  let desk: MemoryDesk

  beforeEach(async () => {
    const desks = [
      { id: 'help', name: 'Help desk', prefix: 'HD' },
      { id: 'rooms', name: 'Rooms', prefix: 'FM' },
    ]
    desk = await makeMemoryDesk('sqlite', { desks })
    await take(ANN, { subject: 'The blue printer', chat: { thread: 'T/1' } })
    await take(CARL, { subject: 'My salary', chat: { thread: 'T/2' } })
    await desk.deliver()
  })

  afterEach(() => desk.remove())

  const take = (address: string, about: Partial<MessageParts> = {}) =>
    desk.channel.deliver(messageFrom(address, { live: true, ...about }))
  const type = (line: string, more: Partial<CommandRequest> = {}) =>
    desk.service.perform({ actor: { handle: 'bob' }, channel: 'chat', thread: 'T/1', line, ...more })
  const readers = async (text: string) => {
    await desk.deliver()
    const sent = desk.channel.sent.filter(each => [each.text.markdown, ...each.text.verbatim].join('\n').includes(text))
    return [...new Set(sent.flatMap(each => each.recipients))]
      .filter(each => each !== BOB && !each.startsWith('eve'))
      .sort()
  }
  const question = async (line: string, more: Partial<CommandRequest> = {}): Promise<DeskError> => {
    const asked = await type(line, more).then(
      reply => new Error(`It was done: ${reply.text}`),
      error => error as Error,
    )
    expect(asked).toBeInstanceOf(DeskError)
    return asked as DeskError
  }

  test.each(FORMS)('%j is asked about', async form => {
    for (const command of ['reply', 'note', 'tried', 'call', 'resolve --tell --category printer', 'wait', 'decline']) {
      const asked = await question(`${command} ${form} it is S3CRET`)
      expect(asked.message).toMatch(/conversation of HD-1/)
      expect(asked.message).toMatch(/For HD-2 \(My salary/)
      expect(asked.message).toMatch(/For HD-1 \(The blue printer/)
    }
    expect(await readers('S3CRET')).toEqual([])
    expect(JSON.stringify((await desk.as('bob', 'show 1')).data)).not.toContain('S3CRET')
    expect(JSON.stringify((await desk.as('bob', 'show 2')).data)).not.toContain('S3CRET')
  })

  test('gives both ways as a button, and each does what it says', async () => {
    const { actions } = await question('reply HD–2: it is S3CRET --anyway')
    expect(actions.map(each => each.label)).toEqual(['Reply on HD-2', 'Reply on HD-1'])
    expect(actions[0]?.form?.intro).toContain(CARL)
    const [there, here] = actions
    const text = (action: typeof there) => action?.form?.fields[0]?.value ?? ''
    expect([text(there), text(here)]).toEqual(['it is S3CRET', 'HD–2: it is S3CRET'])
    await type(there?.line ?? '', { body: text(there) })
    expect(await readers('S3CRET')).toEqual([CARL])
    await type(here?.line ?? '', { body: text(here) })
    expect(await readers('HD–2: it is S3CRET')).toEqual([ANN])
  })

  test('gives both ways as a line, and each does what it says', async () => {
    const { message } = await question('reply HD–2: it is S3CRET')
    const lines = [...message.matchAll(/write: (.*)$/gm)].map(found => found[1] ?? '')
    expect(lines).toEqual(['reply --ticket HD-2 it is S3CRET', 'reply HD-1 HD–2: it is S3CRET'])
    await type(lines[0] ?? '')
    expect(await readers('S3CRET')).toEqual([CARL])
    await type(lines[1] ?? '')
    expect(await readers('HD–2: it is S3CRET')).toEqual([ANN])
  })

  test.each([
    ...['to HD-2 that', 'to ticket HD–2:', 'on (HD-2)', 'ticket HD 2', ':ticket: HD-2', 'the HD-2', 'No. HD-2'],
    ...[
      'für HD-2:',
      'zu HD-2',
      'Bitte im Fall HD-2',
      'pour HD-2 :',
      'à HD-2',
      'para o HD-2',
      'al HD-2',
      'voor HD-2',
      'per HD-2',
    ],
    ...['n° HD-2', '№ HD-2', '--force HD-2', '--tell HD-2', '--as=eve HD-2', 'ticket 2', 'Ticket #2:', 'for ticket 2'],
  ])('%j is asked about', async text => {
    for (const command of ['reply', 'note', 'tried', 'wait']) {
      const asked = await question(`${command} ${text} it is S3CRET`)
      expect(asked.message).toMatch(/conversation of HD-1[\s\S]*For HD-2 \(My salary/)
    }
    expect(await readers('S3CRET')).toEqual([])
  })

  test.each(['"Access denied"', "'Access denied'", '"It says \\"no\\""', '`no`'])(
    'a text below the line keeps its quotes: %s',
    async text => {
      await type(`reply\n${text}`)
      const { messages } = (await desk.as('bob', 'show 1')).data as { messages: { text: string }[] }
      expect(messages.at(-1)?.text).toBe(text)
    },
  )

  test('is text behind the reference of the conversation, and behind two hyphens', async () => {
    await type('reply HD–1: HD-2 is the same')
    expect(await readers('HD-2 is the same')).toEqual([ANN])
    await type('reply -- HD-2 is another')
    expect(await readers('HD-2 is another')).toEqual([ANN])
  })

  test('may be that of one that became part of it', async () => {
    await desk.as('bob', 'merge 2 into HD 1')
    await type('note HD-2: S3CRET')
    expect(JSON.stringify((await desk.as('bob', 'show 1')).data)).toContain('"S3CRET"')
    await type('unmerge HD–2')
    expect((await desk.as('bob', 'show 2')).data).toMatchObject({ ref: 'HD-2' })
  })

  test.each([
    ['claim HD–2', { owner: 'bob' }],
    ['close (HD-2)', { state: 'closed' }],
    ['tag “HD-2” vip', { tags: ['vip'] }],
    ['set HD 2 impact=high urgency=high', { priority: 'P1' }],
    ['claim #2', { owner: 'bob' }],
  ])('is clear where there is no text: %s', async (line, wanted) => {
    await type(line)
    expect((await desk.as('bob', 'show 2')).data).toMatchObject(wanted)
    expect((await desk.as('bob', 'show 1')).data).toMatchObject({ owner: null, state: 'new', tags: [], priority: null })
  })

  test('that there is none of is asked about, too', async () => {
    const asked = await question('reply HD-99: S3CRET')
    expect(asked.message).toContain('There is no ticket HD-99')
    expect(asked.actions.map(each => each.label)).toEqual(['Reply on HD-1'])
  })

  test.each([
    ...[
      '1. HD-2',
      '1) HD-2:',
      '\n1. HD-2',
      '1️⃣ HD-2',
      '[x] HD-2',
      'Hi HD-2,',
      '"Well, HD-2',
      '@carl HD-2',
      'carl (HD-2):',
      'cc: HD-2',
    ],
    ...['this is for HD-2:', 'see https://desk.example/t/HD-2', 'Please look at HD-2', 'HD (2)', '[HD]-2', 'HD no. 2'],
    ...[
      'HD+2',
      'HD=2',
      "HD'2",
      'HD\\2',
      'HD\n2',
      '#2',
      '(#2):',
      '*#2*',
      '2:',
      '“2:',
      '*2*:',
      'case 2',
      'for case no. 2',
      '№ 2',
    ],
  ])('%j is asked about before it leaves', async text => {
    for (const command of ['reply', 'resolve --tell --category printer']) {
      const asked = await question(`${command} ${text} it is S3CRET`)
      expect(asked.message).toMatch(/conversation of HD-1[\s\S]*For HD-2 \(My salary/)
    }
    expect(await readers('S3CRET')).toEqual([])
  })

  test.each(['Same as HD-2', 'See HD-2', 'Like in HD-2'])('%j among agents is a text', async text => {
    expect((await type(`note ${text}`)).text).toContain('Noted on HD-1')
  })

  test('with nothing behind it is the ticket that is meant', async () => {
    await expect(type('reply HD-2')).rejects.toThrow('Write what to answer: reply HD-2')
    await desk.as('eve', 'reply 2 We look for it')
    const kept = await type('reply --ticket HD-2 --read 1 it is S3CRET')
    expect(kept.text).toContain('write: reply HD-2 --anyway')
    await type('reply HD-2 --anyway')
    expect(await readers('S3CRET')).toEqual([CARL])
  })

  test.each([
    'MS-365 is down',
    '2 printers',
    '#99 is off',
    '2 of them: one',
    'At 2: the printer',
    'It is as HD-99 says',
    'Whatever it was, it is HD-2 now',
    'Full HD, 2 of them',
    'on #2 floor',
    'Ticket 99 of 100',
    'For 2 days',
    'ticket 1 is it',
    'UHD-2 screens',
    'HD screens',
    'JIRA-2: done',
    'HDX-2',
  ])('%j names none', async text => {
    await type(`reply ${text}`)
    expect(await readers(text)).toEqual([ANN])
  })

  test('says nothing of a ticket to who is no agent', async () => {
    const actor = { kind: 'email', address: 'zed@example.net', name: 'Zed' }
    await expect(type('reply HD-2 x', { actor })).rejects.toThrow(/Commands are for agents/)
    await expect(type('solved HD-2 yes', { actor })).rejects.toThrow(/Only the requester can say/)
  })

  test('is understood where there is no conversation', async () => {
    await type('reply “HD–2”: it is S3CRET', { thread: 'T/9' })
    expect(await readers('S3CRET')).toEqual([CARL])
    await expect(type('reply HD-2:it is', { thread: 'T/9' })).rejects.toThrow(/is not a ticket/)
  })

  test('in a form stays its text', async () => {
    await type('reply HD-1', { body: 'HD-2 is the same --anyway' })
    expect(await readers('HD-2 is the same --anyway')).toEqual([ANN])
  })

  describe('in a mail that answers a notification', () => {
    const answer = async (text: string) => {
      const notice = desk.channel.sent.find(each => each.recipients.includes(BOB) && each.subject.includes('blue'))
      await take(BOB, { mail: { references: [`<${notice?.token}@desk.example>`] }, text })
    }

    test.each(FORMS.filter(each => !each.includes('\n')))('%j is asked about', async form => {
      for (const command of ['reply', 'note', 'call', 'wait']) await answer(`!${command} ${form} it is S3CRET`)
      expect(await readers('S3CRET')).toEqual([])
      const told = desk.channel.sent
        .filter(each => each.recipients.includes(BOB))
        .map(each => each.text.markdown + each.text.verbatim.join())
      expect(told.filter(each => each.includes('For HD-2 (My salary')).length).toBeGreaterThanOrEqual(1)
    })

    test('is answered with what to do', async () => {
      await answer('!reply HD–2: it is S3CRET')
      await desk.deliver()
      const told = desk.channel.sent.map(each => each.text.markdown + each.text.verbatim.join()).join('\n')
      expect(told).toContain('write a separate mail')
      expect(told).toContain('write: !reply HD-1 HD–2: it is S3CRET')
    })

    test('an option of the answer stands on a line of its own', async () => {
      desk.clock.advance(1_000)
      await desk.as('eve', 'reply 1', 'Turn it off.')
      desk.clock.advance(1_000)
      await answer('And on again.')
      expect(await readers('And on again.')).toEqual([])
      await answer('And on again.\n\n!anyway')
      expect(await readers('And on again.')).toEqual([ANN])
      expect(await readers('anyway')).toEqual([])
    })

    test('an option stands anywhere in a line that was wrapped', async () => {
      await answer('!reply A long answer that\nwent on --anyway and on')
      expect(await readers('went on and on')).toEqual([ANN])
    })
  })
})

test.each([
  ['list toString', 'No tickets match.'],
  ['search constructor', 'No tickets match.'],
  ['list __proto__', 'No tickets match.'],
  ['list hasOwnProperty', 'No tickets match.'],
])('%s is an ordinary word', async (line, text) => {
  const desk = await makeMemoryDesk('sqlite')
  expect((await desk.as('bob', line)).text).toBe(text)
  await desk.remove()
})

test.each([
  ['list older 999999999d', /not a length of time/],
  ['list newer 99999999999999999999999h', /not a length of time/],
  ['away until 999999999d', /Say until when/],
  ['log constructor ann@example.com x', /Write: log/],
  ['belongs M-1 constructor', /Write: belongs/],
  ['solved HD-1 toString', /Write: solved/],
  ['help constructor', /There is no command/],
  ['view toString', /Say what it shows|Choose a name/],
  ['constructor', /There is no command/],
])('%s is refused in words', async (line, sentence) => {
  const desk = await makeMemoryDesk('sqlite')
  await expect(desk.as('bob', line)).rejects.toThrow(sentence)
  await desk.remove()
})
