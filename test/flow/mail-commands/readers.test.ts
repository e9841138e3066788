// Who reads an answer, and that whoever writes one has been shown who does and what happened meanwhile.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MessageParts } from '../../../src/channel/inbound.ts'
import type { InboundMessage } from '../../../src/channel/message.ts'
import type { OutboundMessage } from '../../../src/channel/outbound.ts'
import { verify } from '../../../src/flow/upkeep/verify.ts'
import { type MemoryDesk, makeMemoryDesk, messageFrom } from '../../support/memory-desk.ts'
import { ENGINES } from '../../support/store/engines.ts'

const ANN = 'ann@example.com'
const JAN = 'jan@example.com'
const KIM = 'kim@example.com'
const CARL = 'carl@example.com'
const BOB = 'bob@staff.example'
const EVE = 'eve@staff.example'
const PASS: InboundMessage['authentication'] = { result: 'pass', reasons: [] }

describe.each(ENGINES)('an answer on %s', engine => {
  let desk: MemoryDesk

  beforeEach(async () => {
    desk = await makeMemoryDesk(engine)
  })

  afterEach(async () => {
    const { store, files } = desk.context
    expect((await store.consistently(sql => verify(sql, files))).problems).toEqual([])
    await desk.remove()
  })

  const named = (address: string) => ({ address, name: '' })
  const take = async (address: string, about: Partial<MessageParts> = {}) => {
    desk.clock.advance(1000)
    const receipt = await desk.channel.deliver(messageFrom(address, { live: true, authentication: PASS, ...about }))
    await desk.deliver()
    return receipt
  }
  /** In the conversation that began with the first message. */
  const goesOn = (address: string, about: Partial<MessageParts> = {}) =>
    take(address, { ...about, mail: { references: ['<first@example.com>'], ...about.mail } })
  const opened = (cc: string[] = []) =>
    take(ANN, { messageId: '<first@example.com>', subject: 'Room', mail: { cc: cc.map(named) } })
  const as = async (handle: string, line: string, body?: string) => {
    desk.clock.advance(1000)
    const reply = await desk.as(handle, line, body)
    await desk.deliver()
    return reply
  }
  const words = ({ text }: OutboundMessage) =>
    text.markdown.replace(/\uE000(\d+)\uE001/g, (_, n) => text.verbatim[n] ?? '')
  const last = (address: string, part: string): OutboundMessage => {
    const found = desk.channel.sent.findLast(
      each => each.recipients.includes(address) && `${each.subject}\n${words(each)}`.includes(part),
    )
    if (!found) throw new Error(`Nothing with "${part}" was sent to ${address}.`)
    return found
  }
  const readersOf = (part: string) =>
    desk.channel.sent
      .filter(each => !each.automatic && words(each).includes(part))
      .flatMap(each => each.recipients)
      .sort()
  const answering = (mail: OutboundMessage) => ({
    mail: { references: [`<${mail.token}@desk.example>`] },
    authentication: PASS,
  })
  const messages = async () =>
    ((await desk.as('bob', 'show 1')).data as { messages: { direction: string; what: string | null; text: string }[] })
      .messages

  describe('by a mail that changes who reads it', () => {
    const answer = async (text: string, about: Partial<MessageParts> = {}) => {
      const { mail, ...confirmed } = answering(last(BOB, 'your reply goes to'))
      await take(BOB, { ...confirmed, text, ...about, mail: { ...mail, ...about.mail } })
    }

    test('goes to whoever it lets in', async () => {
      await opened()
      await answer(`!invite ${JAN}\n\nHi both`)
      expect(readersOf('Hi both')).toEqual([ANN, JAN])
      expect(words(last(BOB, 'Your commands'))).toContain(`${JAN} now takes part`)
    })

    test.each(['top', 'bottom'])('does not go to whoever it takes off, at its %s', async place => {
      await opened([JAN, KIM])
      const line = `!uninvite ${JAN}`
      await answer(place === 'top' ? `${line}\n\nWithout Jan` : `Without Jan\n\n${line}\n!claim`)
      expect(readersOf('Without Jan')).toEqual([ANN, KIM])
      expect(words(last(BOB, 'Your commands'))).toContain(`${JAN} no longer takes part`)
    })

    test('goes to nobody where that cannot be done', async () => {
      await opened([JAN])
      await answer('Without Jan\n\n!uninvite jna@example.com')
      expect(readersOf('Without Jan')).toEqual([])
      expect(words(last(BOB, 'Your mail was not sent to the requester'))).toContain(
        'jna@example.com does not take part',
      )
    })

    test('is asked about where somebody else changed it meanwhile', async () => {
      await opened([JAN])
      await as('eve', `invite 1 ${CARL}`)
      await answer(`!uninvite ${JAN}\n\nWithout Jan`)
      expect(readersOf('Without Jan')).toEqual([])
    })
  })

  describe('goes to those on the message that it answers', () => {
    test('whoever is copied reads it, and whoever was left off the next message does not', async () => {
      await opened([JAN, KIM])
      await as('bob', 'reply 1', 'How cold?')
      expect(readersOf('How cold?')).toEqual([ANN, JAN, KIM])
      await goesOn(ANN, { text: 'For you alone', mail: { cc: [named(KIM)] } })
      const notice = last(BOB, 'For you alone')
      expect(words(notice).split('\n')[0]).toContain(`your reply goes to ${ANN} and ${KIM}, from`)
      expect(words(notice)).toContain(`Not on the last message, so they will not get your answer: ${JAN}`)
      await as('bob', 'reply 1', 'Without Jan')
      expect(readersOf('Without Jan')).toEqual([ANN, KIM])
      expect(last(ANN, 'Without Jan').cc.map(each => each.address)).toEqual([KIM])
    })

    test('also where everything falls into one moment', async () => {
      const first = messageFrom(ANN, {
        messageId: '<first@example.com>',
        mail: { cc: [named(JAN)] },
        authentication: PASS,
      })
      await desk.channel.deliver(first)
      await desk.channel.deliver(
        messageFrom(ANN, { mail: { references: ['<first@example.com>'] }, authentication: PASS }),
      )
      await desk.as('bob', 'show 1')
      await desk.as('bob', 'reply 1', 'Without Jan')
      await desk.as('bob', `invite 1 ${CARL}`)
      await desk.as('bob', 'reply 1', 'With Carl')
      await desk.deliver()
      expect(readersOf('Without Jan')).toEqual([ANN])
      expect(readersOf('With Carl')).toEqual([ANN, CARL])
    })

    test('by mail, too: the notification names who reads it', async () => {
      await opened([JAN])
      await as('bob', 'claim 1')
      await goesOn(ANN, { text: 'For you alone' })
      await take(BOB, { ...answering(last(BOB, 'For you alone')), text: 'It stays with us' })
      expect(readersOf('It stays with us')).toEqual([ANN])
    })

    test('a colleague who writes is answered with the requester, and whoever else is on that mail', async () => {
      await opened([JAN, KIM])
      await goesOn(JAN, { text: 'Cold here, too' })
      await as('bob', 'reply 1', 'We look')
      expect(readersOf('We look')).toEqual([ANN, JAN])
    })

    test('whoever is let in since reads it, and until the requester writes without them', async () => {
      await opened()
      const { text } = await as('bob', `invite 1 ${CARL}`)
      expect(text).toContain(`answers go to ${ANN} and ${CARL}`)
      await as('bob', 'reply 1', 'Carl comes')
      expect(readersOf('Carl comes')).toEqual([ANN, CARL])
      await goesOn(ANN, { text: 'Without Carl' })
      await as('bob', 'reply 1', 'As you like')
      expect(readersOf('As you like')).toEqual([ANN])
      await as('bob', `invite 1 ${CARL}`)
      await as('bob', 'reply 1', 'Carl again')
      expect(readersOf('Carl again')).toEqual([ANN, CARL])
    })

    test('what nobody confirms adds nobody, and a mail of a machine leaves nobody off', async () => {
      await opened([JAN])
      await goesOn(ANN, { kind: 'auto-reply', text: 'I am away' })
      await as('bob', 'reply 1', 'To both')
      expect(readersOf('To both')).toEqual([ANN, JAN])
      await goesOn(ANN, { mail: { cc: [named(CARL)] }, authentication: { result: 'unaligned', reasons: [] } })
      await as('bob', 'reply 1 --anyway', 'Not to a stranger')
      expect(readersOf('Not to a stranger')).not.toContain(CARL)
    })

    test('both who asked read it where two tickets became one', async () => {
      await opened([JAN])
      await take(KIM, { messageId: '<kim@example.com>', subject: 'Room, too' })
      await as('bob', 'merge 2 into 1')
      await goesOn(ANN, { text: 'And now?' })
      await as('bob', 'reply 1', 'Repaired')
      expect(readersOf('Repaired')).toEqual([ANN, KIM])
    })

    test('with --only it goes to the requester alone', async () => {
      await opened([JAN])
      const { text } = await as('bob', 'reply 1 --only', 'Between us')
      expect(text).toBe(`On its way to ${ANN} (HD-1).`)
      expect(readersOf('Between us')).toEqual([ANN])
    })
  })

  describe('goes to nobody who was taken off', () => {
    test('by an agent; being copied brings them back no more, what they hold lets them in no more', async () => {
      await opened([JAN])
      await as('bob', 'reply 1', 'Hello both')
      const held = last(JAN, 'Hello both')
      const { text } = await as('bob', `uninvite 1 ${JAN}`)
      expect(text).toBe(`${JAN} no longer takes part in HD-1; answers go to ${ANN}.`)
      await goesOn(ANN, { mail: { cc: [named(JAN)] }, text: 'All of us' })
      await as('bob', 'reply 1', 'Not to Jan')
      expect(readersOf('Not to Jan')).toEqual([ANN])
      expect(await take(JAN, { ...answering(held), text: 'Let me in' })).toMatchObject({
        outcome: 'held:stranger-with-token',
      })
      expect(await goesOn(JAN, { text: 'And now?' })).toMatchObject({ outcome: 'held:stranger-with-references' })
      await as('bob', `invite 1 ${JAN}`)
      await as('bob', 'reply 1', 'Welcome back')
      expect(readersOf('Welcome back')).toEqual([ANN, JAN])
    })

    test('by the requester, who alone may say so', async () => {
      await opened([JAN, KIM])
      await goesOn(JAN, { mail: { cc: [named(ANN), named(KIM)] }, text: `remove ${KIM}\n\nShe is away.` })
      await as('bob', 'reply 1', 'First')
      expect(readersOf('First')).toEqual([ANN, JAN, KIM])
      await goesOn(ANN, { mail: { cc: [named(JAN), named(KIM)] }, text: `remove ${JAN}\n\nThanks` })
      await as('bob', 'reply 1', 'Second')
      expect(readersOf('Second')).toEqual([ANN, KIM])
      await goesOn(KIM, { mail: { cc: [named(ANN)] }, text: `add ${JAN}` })
      await as('bob', 'reply 1', 'Third')
      expect(readersOf('Third')).toEqual([ANN, KIM])
      await goesOn(ANN, { text: `add ${JAN}` })
      await as('bob', 'reply 1', 'Fourth')
      expect(readersOf('Fourth')).toEqual([ANN, JAN])
    })

    test('are all named to whoever writes, however many they are', async () => {
      const many = Array.from({ length: 40 }, (_, n) => `colleague-${n}@example.com`)
      await opened(many)
      const told = words(last(BOB, 'your reply goes to')).split('\n', 1)[0] ?? ''
      const { text } = await desk.as('bob', 'show 1')
      for (const each of many) for (const place of [told, text]) expect(place).toContain(each)
      await take(BOB, { ...answering(last(BOB, 'your reply goes to')), text: 'To all' })
      expect(readersOf('To all')).toEqual([ANN, ...many].sort())
    })

    test('and the requester stays, and who takes no part is not found', async () => {
      await opened([JAN])
      await expect(as('bob', `uninvite 1 ${ANN}`)).rejects.toThrow('cannot be removed')
      await expect(as('bob', `uninvite 1 ${CARL}`)).rejects.toThrow(`besides the requester, these do: ${JAN}`)
      await expect(as('bob', 'uninvite 1 jan')).rejects.toThrow('not a mail address')
    })
  })

  describe('waits where its writer has not seen what happened', () => {
    const refused = async (handle: string, text: string, line = 'reply 1') => {
      const before = desk.channel.sent.filter(each => !each.automatic).length
      const reply = await as(handle, line, text)
      expect(reply.undone).toBe(true)
      expect(desk.channel.sent.filter(each => !each.automatic)).toHaveLength(before)
      expect((await messages()).at(-1)).toMatchObject({ direction: 'internal', what: 'unsent', text })
      return reply.text
    }

    test.each([
      ['a colleague answered', () => as('bob', 'reply 1', 'Turn it off'), /Bob Berg answered[\s\S]*> Turn it off/],
      ['the requester wrote', () => goesOn(ANN, { text: 'It works again' }), /wrote[\s\S]*> It works again/],
      ['a colleague closed it', () => as('bob', 'close 1'), /Bob Berg closed it/],
      [
        'it became part of another',
        async () => {
          await take(KIM, { subject: 'Other' })
          await as('bob', 'merge 1 into 2')
        },
        /Bob Berg merged HD-1 into HD-2/,
      ],
      ['somebody was let in', () => as('bob', `invite 1 ${CARL}`), /added carl/i],
    ])('%s', async (_, change, said) => {
      await opened()
      const { seq } = await shownBy('eve')
      await change()
      expect(await refused('eve', 'Try this', `reply 1 --read ${seq}`)).toMatch(said)
      await as('eve', 'reply 1 --anyway')
      expect(readersOf('Try this')).toContain(ANN)
    })

    const shownBy = async (_handle: string) => ({
      seq: (await desk.context.store.read<{ seq: number }>`SELECT event_seq AS seq FROM tickets WHERE number = 1`)[0]
        ?.seq,
    })

    test('though its writer did something blindly since a colleague answered', async () => {
      await opened()
      await as('eve', 'reply 1', 'Take the stairs')
      for (const line of ['note 1 She is new', 'tag 1 vip', 'spent 1 5m']) await as('bob', line)
      const reply = await as('bob', 'reply 1', 'Take the lift')
      expect(reply.text).toMatch(/Nothing was sent[\s\S]*Take the stairs/)
      expect(readersOf('Take the lift')).toEqual([])
      await as('bob', 'show 1')
      await as('bob', 'reply 1', 'Take the lift, then')
      expect(readersOf('Take the lift, then')).toEqual([ANN])
    })

    test('a line without a number counts from what its writer was told last', async () => {
      await opened()
      await as('bob', 'reply 1', 'Turn it off')
      expect(await refused('eve', 'Try this')).toContain('Bob Berg answered')
      // Repeating it does not send it, the word does.
      expect(await refused('eve', 'Try this')).toContain('Bob Berg answered')
      await as('eve', 'reply 1 --anyway')
      expect(readersOf('Try this')).toEqual([ANN])
      await expect(as('eve', 'reply 1 --anyway')).rejects.toThrow('You have no saved answer on HD-1')
    })

    test.each(['reply 1', 'resolve 1 --tell --category hardware/printer'])(
      '%s from an event that is still to come sends nothing',
      async line => {
        await opened()
        await expect(as('eve', `${line} --read 999`, 'Try this')).rejects.toThrow('no event 999 yet')
        expect(readersOf('Try this')).toEqual([])
      },
    )

    test('what changes once more after the refusal is asked about once more', async () => {
      await opened()
      await as('bob', 'reply 1', 'Turn it off')
      await refused('eve', 'Try this')
      await as('bob', `invite 1 ${CARL}`)
      expect((await as('eve', 'reply 1 --anyway')).undone).toBe(true)
      expect(readersOf('Try this')).toEqual([])
      await as('eve', 'reply 1 --anyway')
      expect(readersOf('Try this')).toEqual([ANN, CARL])
    })

    test('what oneself did is no news, and what machines write is none', async () => {
      await opened()
      const { seq } = await shownBy('bob')
      await as('bob', 'claim 1')
      await goesOn(ANN, { kind: 'auto-reply', text: 'I am away' })
      expect((await as('bob', `reply 1 --read ${seq}`, 'Hello')).undone).toBeUndefined()
    })

    test('the same words from two forms leave once', async () => {
      await opened()
      const { seq } = await shownBy('bob')
      await as('bob', `reply 1 --read ${seq}`, 'Once')
      expect((await as('bob', `reply 1 --read ${seq}`, 'Once')).text).toContain('already')
      expect(readersOf('Once')).toEqual([ANN])
      await as('bob', `reply 1 --read ${seq}`, 'Something else')
      expect(readersOf('Something else')).toEqual([ANN])
    })

    test('what was meant for the requester alone stays so', async () => {
      await opened([JAN])
      await as('bob', 'reply 1', 'Turn it off')
      await as('eve', 'reply 1 --only', 'Between us')
      await as('eve', 'reply 1 --anyway')
      expect(readersOf('Between us')).toEqual([ANN])
    })

    test('so does a text that resolves it, and nothing is resolved', async () => {
      await opened()
      await as('bob', 'reply 1', 'Turn it off')
      const reply = await as('eve', 'resolve 1 --tell --category hardware/printer', 'A new toner')
      expect(reply.undone).toBe(true)
      expect(reply.actions?.[0]?.line).toBe('resolve HD-1 --anyway --tell --category hardware/printer --read 4')
      expect((await desk.as('bob', 'show 1')).data).toMatchObject({ state: 'open' })
      await as('eve', reply.actions?.[0]?.line ?? '')
      expect(readersOf('A new toner')).toEqual([ANN])
      expect((await desk.as('bob', 'show 1')).data).toMatchObject({ state: 'resolved' })
    })

    test('by mail: it is kept, its writer is shown what changed, and one line sends it', async () => {
      await opened()
      const notice = last(EVE, 'New:')
      await as('bob', 'reply 1', 'Turn it off')
      await take(EVE, { ...answering(notice), text: 'Use another one.' })
      expect(readersOf('Use another one.')).toEqual([])
      const told = last(EVE, 'Nothing was sent')
      expect(words(told)).toMatch(/Bob Berg answered[\s\S]*Turn it off[\s\S]*> Use another one\.[\s\S]*!anyway/)
      await take(EVE, { ...answering(told), text: '!anyway' })
      expect(readersOf('Use another one.')).toEqual([ANN])
    })

    test('the same request that comes several times at once is done once', async () => {
      await opened()
      for (const line of ['reply 1', 'note 1', 'reply 1 --anyway']) {
        const request = { actor: { handle: 'bob' }, channel: 'test', line, body: `By ${line}`, id: line }
        const replies = await Promise.all(Array.from({ length: 6 }, () => desk.service.perform(request)))
        expect(new Set(replies.map(each => each.text)).size).toBe(1)
        expect((await messages()).filter(each => each.text === request.body)).toHaveLength(1)
      }
    })

    describe('and of several that are kept', () => {
      const keptTwice = async () => {
        await opened()
        await as('eve', 'show 1')
        await as('bob', 'reply 1', 'Turn it off')
        return [await as('eve', 'reply 1', 'The first text'), await as('eve', 'reply 1', 'The second text')] as const
      }
      const press = (reply: { actions?: { line: string }[] }) => as('eve', reply.actions?.[0]?.line ?? '')

      test('each button sends its own, once, in whichever order', async () => {
        const [first, second] = await keptTwice()
        await press(first)
        expect(readersOf('The first text')).toEqual([ANN])
        expect(readersOf('The second text')).toEqual([])
        await expect(press(first)).rejects.toThrow('already')
        await press(second)
        expect(readersOf('The second text')).toEqual([ANN])
        await expect(press(second)).rejects.toThrow('already')
        expect(readersOf('The first text')).toEqual([ANN])
      })

      test('nobody but its writer sends one', async () => {
        const [first] = await keptTwice()
        await expect(as('bob', first.actions?.[0]?.line ?? '')).rejects.toThrow('You have no saved answer')
        expect(readersOf('The first text')).toEqual([])
      })

      test('a line that does not say which is asked about, and each way does what it says', async () => {
        await keptTwice()
        const asked = await as('eve', 'reply 1 --anyway').catch(error => error)
        expect(asked.message).toMatch(/2 of your answers are saved here[\s\S]*> The second text[\s\S]*> The first text/)
        expect(readersOf('text')).toEqual([])
        const lines = [...asked.message.matchAll(/write: (.*)$/gm)].map(found => found[1])
        expect(asked.actions.map((each: { line: string }) => each.line)).toEqual(lines)
        await as('eve', lines[1])
        expect(readersOf('The first text')).toEqual([ANN])
        expect(readersOf('The second text')).toEqual([])
      })

      test('the same text twice is one', async () => {
        await keptTwice()
        await as('eve', 'reply 1 --anyway', 'Neither of them')
        await as('bob', 'reply 1 --anyway', 'Off, I say')
        await as('eve', 'reply 1', 'Well then')
        await as('eve', 'reply 1', 'Well then')
        await as('eve', 'reply 1 --anyway')
        expect(readersOf('Well then')).toEqual([ANN])
        await expect(as('eve', 'reply 1 --anyway')).rejects.toThrow('You have no saved answer')
      })

      test('by mail, !anyway sends the one of which the mail tells that it answers', async () => {
        await opened()
        const notice = last(EVE, 'New:')
        await as('bob', 'reply 1', 'Turn it off')
        await take(EVE, { ...answering(notice), text: 'The first text.' })
        const told = last(EVE, 'The first text.')
        await take(EVE, { ...answering(notice), text: 'The second text.' })
        await take(EVE, { ...answering(told), text: '!anyway' })
        expect(readersOf('The first text.')).toEqual([ANN])
        expect(readersOf('The second text.')).toEqual([])
      })
    })

    test('one that was kept before its ticket became part of another is found, with what changed', async () => {
      await opened()
      await take(CARL, { messageId: '<second@example.com>', subject: 'Pay' })
      await as('eve', 'show 2')
      await as('bob', 'reply 2', 'Turn it off')
      await as('eve', 'reply 2', 'Well then')
      await as('bob', 'merge 2 into 1 --anyway')
      const refused = await as('eve', 'reply 2 --anyway')
      expect(refused.text).toContain('Bob Berg merged HD-2 into HD-1')
      expect(readersOf('Well then')).toEqual([])
      await as('eve', refused.actions?.[0]?.line ?? '')
      expect(readersOf('Well then')).toEqual([ANN, CARL])
    })

    test.each(['3', '99', '999999999', '3-0123456789'])('--read %s, which is yet to come, is refused', async read => {
      await opened()
      await as('bob', 'claim 1')
      await expect(as('eve', `reply 1 --read ${read}`, 'Well then')).rejects.toThrow('HD-1 has no event')
      expect(readersOf('Well then')).toEqual([])
    })

    test('--read is of the whole once the ticket is part of another', async () => {
      await opened()
      await take(CARL, { messageId: '<second@example.com>', subject: 'Pay' })
      await as('bob', 'claim 2')
      await as('bob', 'merge 2 into 1 --anyway') // event 3 of HD-2, 2 of HD-1
      await expect(as('eve', 'reply 2 --read 3', 'Well then')).rejects.toThrow('HD-1 has no event 3')
      await as('bob', 'note 1', 'Psst')
      await as('bob', 'reply 1', 'Turn it off')
      const refused = await as('eve', 'reply 2 --read 3', 'Well then')
      expect(refused.text).toContain('Turn it off')
      expect(readersOf('Well then')).toEqual([])
    })

    test('by mail, !anyway beside the text sends it at once', async () => {
      await opened()
      const notice = last(EVE, 'New:')
      await goesOn(ANN, { text: 'yes, 5' })
      await as('bob', 'close 1')
      await take(EVE, { ...answering(notice), text: 'Glad to hear it.\n\n!anyway' })
      expect(readersOf('Glad to hear it.')).toEqual([ANN])
    })

    test('by mail, if others read it than the notification named', async () => {
      await opened([JAN])
      const notice = last(EVE, 'New:')
      expect(words(notice)).toContain(`your reply goes to ${ANN} and ${JAN}`)
      await as('eve', `uninvite 1 ${JAN}`)
      await as('eve', `invite 1 ${CARL}`)
      await take(EVE, { ...answering(notice), text: 'The price is 100.' })
      expect(readersOf('The price is 100.')).toEqual([])
      expect(words(last(EVE, 'Nothing was sent'))).toContain(
        `The recipients have changed since you looked. They are now: ${ANN} and ${CARL}`,
      )
    })
  })
})
