// Answers that agents give by commands in a mail: they leave as any other does, to whoever was shown, or are kept.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MessageParts } from '../../../src/channel/inbound.ts'
import type { InboundMessage } from '../../../src/channel/message.ts'
import { DeliveryError, type OutboundMessage } from '../../../src/channel/outbound.ts'
import { type MemoryDesk, makeMemoryDesk, messageFrom } from '../../support/memory-desk.ts'

const ANN = 'ann@example.com'
const JAN = 'jan@example.com'
const KIM = 'kim@example.com'
const CARL = 'carl@example.org'
const BOB = 'bob@staff.example'
const PASS: InboundMessage['authentication'] = { result: 'pass', reasons: [] }
const SAID = 'It is S3CRET.'

describe('an answer in a mail of an agent', () => {
  let desk: MemoryDesk

  beforeEach(async () => {
    desk = await makeMemoryDesk('sqlite')
    await take(ANN, { messageId: '<first@example.com>', subject: 'Room', mail: { cc: [named(JAN)] } })
  })

  afterEach(() => desk.remove())

  const named = (address: string) => ({ address, name: '' })
  const take = async (address: string, about: Partial<MessageParts> = {}) => {
    desk.clock.advance(1000)
    const receipt = await desk.channel.deliver(messageFrom(address, { live: true, authentication: PASS, ...about }))
    await desk.deliver()
    return receipt
  }
  const as = async (handle: string, line: string, body?: string) => {
    desk.clock.advance(1000)
    const reply = await desk.as(handle, line, body)
    await desk.deliver()
    return reply
  }
  const first = { references: ['<first@example.com>'], to: [named('help@desk.example')] }
  const goesOn = (about: Partial<MessageParts>) => take(ANN, { ...about, mail: { ...first, ...about.mail } })
  const words = ({ text }: OutboundMessage) =>
    text.markdown.replace(/\uE000(\d+)\uE001/g, (_, n) => text.verbatim[n] ?? '')
  const last = (part: string): OutboundMessage => {
    const found = desk.channel.sent.findLast(
      each => each.recipients.includes(BOB) && `${each.subject}\n${words(each)}`.includes(part),
    )
    if (!found) throw new Error(`Nothing with "${part}" was sent to ${BOB}.`)
    return found
  }
  const notice = () => last('[HD-1] New: Room')
  const refusal = () => last('Nothing was sent')
  const answer = (mail: OutboundMessage, text: string, about: Partial<MessageParts> = {}) =>
    take(BOB, {
      subject: `Re: ${mail.subject}`,
      text,
      ...about,
      mail: { references: [`<${mail.token}@desk.example>`], ...about.mail },
    })
  const readers = (part = SAID) =>
    desk.channel.sent
      .filter(each => !each.automatic && words(each).includes(part))
      .flatMap(each => each.recipients)
      .sort()

  /** The same answer, in each way to give it. */
  const WAYS: [string, (text: string) => string][] = [
    ['as the text of the mail', text => text],
    ['behind !reply', text => `!reply ${text}`],
    ['below !reply', text => `!reply\n\n${text}`],
    ['with what solved it', text => `!resolve --tell --category printer ${text}`],
  ]

  describe.each(WAYS)('%s', (_way, write) => {
    test('leaves to those who were shown', async () => {
      await answer(notice(), write(SAID))
      expect(readers()).toEqual([ANN, JAN])
    })

    test('is kept where others read it than its notification named, though there is a newer one', async () => {
      const old = notice()
      await goesOn({ text: 'Kim is here, too.', mail: { cc: [named(JAN), named(KIM)] } })
      await answer(old, write(SAID))
      expect(readers()).toEqual([])
      expect(words(refusal())).toContain('Kim is here, too.')
      await answer(refusal(), '!anyway')
      expect(readers()).toEqual([ANN, JAN, KIM])
    })

    test('is kept where a colleague answered meanwhile', async () => {
      const old = notice()
      await as('eve', 'reply 1', 'I do it.')
      await answer(old, write(SAID))
      expect(readers()).toEqual([])
      expect(words(refusal())).toMatch(/Eve Ek answered at/)
    })

    test('is kept where its ticket was merged meanwhile', async () => {
      const old = notice()
      await take(CARL, { subject: 'The room' })
      await as('eve', 'merge 1 into 2')
      await answer(old, write(SAID))
      expect(readers()).toEqual([])
    })

    test('leaves at once with !only and !anyway', async () => {
      const old = notice()
      await goesOn({ text: 'Kim is here, too.', mail: { cc: [named(KIM)] } })
      await answer(old, `!only\n!anyway\n${write(SAID)}`)
      expect(readers()).toEqual([ANN])
    })

    test('does not go to whom the mail takes off', async () => {
      await answer(notice(), `!uninvite ${JAN}\n${write(SAID)}`)
      expect(readers()).toEqual([ANN])
    })

    test('does not go to whom the mail takes off at its end', async () => {
      await answer(notice(), `${write(SAID)}\n\n!uninvite ${JAN}`)
      expect(readers()).toEqual([ANN])
    })

    test('goes to whom the mail lets in', async () => {
      await answer(notice(), `${write(SAID)}\n\n!invite ${KIM}`)
      expect(readers()).toEqual([ANN, JAN, KIM])
    })

    test('goes to nobody where they cannot be taken off, and is not lost', async () => {
      await answer(notice(), `!uninvite jna@example.com\n${write(SAID)}`)
      expect(readers()).toEqual([])
      expect(words(last('jna@example.com does not take part'))).toBeDefined()
      expect((await as('bob', 'show 1')).text + words(last('jna@example.com'))).toContain(SAID)
    })

    test('that is kept leaves with one word, without whom the mail took off', async () => {
      const old = notice()
      await goesOn({ text: 'One more thing.', mail: { cc: [named(JAN)] } })
      await answer(old, `!uninvite ${JAN}\n${write(SAID)}`)
      expect(readers()).toEqual([])
      expect(words(refusal())).toContain(`To send it to ${ANN} anyway`)
      await answer(refusal(), '!anyway')
      expect(readers()).toEqual([ANN])
    })
  })

  describe('to a notification that left late', () => {
    const late = async (about: Partial<MessageParts>) => {
      desk.clock.advance(1000)
      const message = messageFrom(ANN, {
        authentication: PASS,
        live: true,
        ...about,
        mail: { ...first, ...about.mail },
      })
      await desk.channel.deliver(message)
    }

    test('leaves to those whom it names, though they came after it was queued', async () => {
      await late({ text: 'Just a word.', mail: { cc: [named(JAN)] } })
      await desk.as('eve', `invite 1 ${KIM}`)
      await desk.deliver()
      expect(words(last('Just a word.')).split('\n')[0]).toContain(KIM)
      await answer(last('Just a word.'), SAID)
      expect(readers()).toEqual([ANN, JAN, KIM])
    })

    test('is kept where somebody came back whom it no longer named', async () => {
      await late({ text: 'Just a word.', mail: { cc: [named(JAN)] } })
      await desk.as('eve', `uninvite 1 ${JAN}`)
      await desk.deliver()
      expect(words(last('Just a word.')).split('\n')[0]).not.toContain(JAN)
      await as('eve', `invite 1 ${JAN}`)
      await answer(last('Just a word.'), SAID)
      expect(readers()).toEqual([])
    })

    test('is kept where an attempt before may have named others', async () => {
      await late({ text: 'Just a word.', mail: { cc: [named(JAN)] } })
      let fails = true
      desk.channel.onSend = message => {
        if (!fails || !message.recipients.includes(BOB)) return undefined
        throw new DeliveryError('451 later', { permanent: false })
      }
      await desk.deliver()
      fails = false
      await desk.as('eve', `invite 1 ${KIM}`)
      desk.clock.advance(3_600_000)
      await desk.deliver()
      await answer(last('Just a word.'), SAID)
      expect(readers()).toEqual([])
    })
  })

  describe('that names another ticket', () => {
    beforeEach(() => take(CARL, { subject: 'Salary' }))
    const told = () => words(last('but mentions HD-2')).replace(/\s+/g, ' ')

    test.each([
      ['first', `HD-2: ${SAID}`],
      ['in another form', `(hd 2) ${SAID}`],
      ['behind words of no other use', `For HD–2: ${SAID}`],
      ['below !reply', `!reply\n\nHD-2: ${SAID}`],
      ['behind !reply', `!reply HD-2: ${SAID}`],
    ])('%s is asked about', async (_where, text) => {
      await answer(notice(), text)
      expect(readers()).toEqual([])
      if (text.startsWith('!reply HD')) expect(words(last('For HD-2'))).toContain('Salary')
      else expect(told()).toContain('answers HD-1 but mentions HD-2')
    })

    test.each(['Re: [HD-2] New: Salary', '[HD-2] Salary', 'AW: [hd-2] Salary'])(
      'in its subject %j is asked about',
      async subject => {
        await answer(notice(), SAID, { subject })
        await answer(notice(), `!reply ${SAID}`, { subject })
        expect(readers()).toEqual([])
        expect(told()).toContain('answers HD-1 but mentions HD-2')
      },
    )

    test('leaves as its writer is told to write it', async () => {
      await answer(notice(), `HD-2: ${SAID}`)
      expect(told()).toContain('write !reply HD-1 on its own line above your text')
      await answer(notice(), `!reply HD-1\n\nHD-2: ${SAID}`)
      expect(readers(`HD-2: ${SAID}`)).toEqual([ANN, JAN])
    })

    test.each([
      ['in the middle', `As in HD-2, I think: ${SAID}`, 'Re: [HD-1] New: Room'],
      ['in a quote above it', `> HD-2 is still open, why?\n\n${SAID}`, 'Re: [HD-1] New: Room'],
      ['beside its own in the subject', SAID, 'Re: [HD-1] New: Room, as in [HD-2]'],
      ['without brackets in the subject', SAID, 'Re: Room, as in HD-2'],
      ['that is its own', `HD-1: ${SAID}`, 'Re: Room'],
      ['with another word for a prefix', `Covid-19 and RFC-2: ${SAID}`, 'Re: [RFC-2] Room'],
    ])('%s leaves', async (_where, text, subject) => {
      await answer(notice(), text, { subject })
      expect(readers(SAID)).toEqual([ANN, JAN])
    })

    test('that is part of it by now leaves', async () => {
      await as('bob', 'merge 2 into 1')
      await as('bob', 'show 1')
      await answer(notice(), `!anyway\n\nHD-2: ${SAID}`, { subject: 'Re: [HD-2] New: Salary' })
      expect(readers()).toEqual([ANN, CARL, JAN].sort())
    })
  })

  describe('that was kept', () => {
    beforeEach(async () => {
      const old = notice()
      await goesOn({ text: 'One more thing.', mail: { cc: [named(JAN)] } })
      await answer(old, SAID)
      expect(readers()).toEqual([])
    })

    test('leaves where the mail says more than !anyway', async () => {
      await answer(refusal(), '!anyway\n!claim')
      expect(readers()).toEqual([ANN, JAN])
      expect((await as('bob', 'show 1')).data).toMatchObject({ owner: 'bob' })
    })

    test('leaves to the requester alone with !only', async () => {
      await answer(refusal(), '!anyway\n!only')
      expect(readers()).toEqual([ANN])
    })

    test('is chosen of several by the line that the mail about them names', async () => {
      const old = notice()
      await goesOn({ text: 'And one more.', mail: { cc: [named(JAN)] } })
      await answer(old, '!reply Other words.')
      await answer(refusal(), '!anyway')
      expect(readers('Other words.')).toEqual([])
      const asked = words(last('2 of your answers are saved here'))
      const lines = [...asked.matchAll(/write: (!reply HD-1 --anyway --read \d+)$/gm)].map(found => found[1] ?? '')
      expect(lines).toHaveLength(2)
      await answer(refusal(), lines[0] ?? '')
      expect([readers('Other words.'), readers()]).toEqual([[ANN, JAN], []])
    })

    test.each(['!only', '!read 3'])('%s alone is no answer, and its writer is told', async line => {
      const before = desk.channel.sent.length
      await answer(refusal(), line)
      expect(desk.channel.sent.slice(before).map(words).join()).toContain('it only works together with an answer')
    })
  })
})
