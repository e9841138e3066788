import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MessageParts } from '../../../src/channel/inbound.ts'
import type { OutboundMessage } from '../../../src/channel/outbound.ts'
import { type MemoryDesk, makeMemoryDesk, messageFrom } from '../../support/memory-desk.ts'

const ANN = 'ann@example.com'
const BOB = 'bob@staff.example'

describe('commands by mail', () => {
  let desk: MemoryDesk

  beforeEach(async () => {
    desk = await makeMemoryDesk('sqlite')
    await take(ANN, { subject: 'Printer' })
    await desk.deliver()
  })

  afterEach(() => desk.remove())

  const take = (address: string, about: Partial<MessageParts> = {}) =>
    desk.channel.deliver(messageFrom(address, { live: true, ...about }))
  const sentTo = (address: string): OutboundMessage[] =>
    desk.channel.sent.filter(each => each.recipients.includes(address))
  const shown = async () =>
    (await desk.as('bob', 'show 1')).data as { state: string; messages: { direction: string; visible: string }[] }
  const answer = async (text: string) => {
    const notice = sentTo(BOB).find(each => each.subject.includes('New:'))
    await take(BOB, { mail: { references: [`<${notice?.token}@desk.example>`] }, text })
    await desk.deliver()
  }
  const words = (address: string) =>
    sentTo(address)
      .flatMap(({ text }) => [text.markdown, ...text.verbatim])
      .join('\n')

  test.each([
    ['!wait for vendor until friday 17:00 "parts"', { state: 'waiting-on-third-party', owner: 'bob' }],
    ['!wait', { state: 'waiting-on-requester' }],
    ['!schedule monday', { state: 'scheduled' }],
    ['!set impact=high urgency=high category=printer', { priority: 'P1', category: 'hardware/printer' }],
    ['!assign @eve', { owner: 'eve' }],
    ['!claim\n!handover @eve "you know it"', { owner: 'bob', offeredTo: 'eve' }],
    ['!tag vip', { tags: ['vip'] }],
    ['!resolve --told --category printer New toner', { state: 'resolved', category: 'hardware/printer' }],
    ['!spent 20m on the phone', { counts: expect.objectContaining({ spent: [{ agent: 'bob', minutes: 20 }] }) }],
  ])('%s', async (text, wanted) => {
    await answer(text)
    expect(await shown()).toMatchObject(wanted)
  })

  test('a text beside a command that takes none goes to the requester', async () => {
    await answer('We come on Friday.\n\n!schedule friday "visit"')
    expect(await shown()).toMatchObject({ state: 'scheduled' })
    expect(words(ANN)).toContain('We come on Friday.')
    expect(words(ANN)).not.toContain('visit')
  })

  test('what solved it leaves only with --tell', async () => {
    await answer('!resolve --told --category printer\n\nThe secret reset code.')
    expect(await shown()).toMatchObject({ state: 'resolved' })
    expect(words(ANN)).not.toContain('secret')
    expect(words(ANN)).toContain('Is it solved for you?')
  })

  test('a command that is refused does nothing, and the agent is told why', async () => {
    await answer('!resolve New toner')
    expect(await shown()).toMatchObject({ state: 'new' })
    expect(words(BOB)).toContain('say the category')
  })

  test('what tells the requester may hold no mail of others', async () => {
    const notice = sentTo(BOB).find(each => each.subject.includes('New:'))
    const { content } = { content: messageFrom(BOB).raw }
    await take(BOB, {
      mail: { references: [`<${notice?.token}@desk.example>`] },
      text: '!resolve --tell --category printer See below.',
      attachments: [{ name: 'secret.eml', type: 'message/rfc822', contentId: null, content }],
    })
    await desk.deliver()
    expect(await shown()).toMatchObject({ state: 'new' })
    expect(sentTo(ANN)).toHaveLength(1)
  })
})
