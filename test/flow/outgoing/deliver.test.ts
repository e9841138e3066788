import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DeliveryError } from '../../../src/channel/outbound.ts'
import { listOutbox } from '../../../src/store/outbox.ts'
import { type MemoryDesk, makeMemoryDesk, messageFrom } from '../../support/memory-desk.ts'
import { ENGINES } from '../../support/store/engines.ts'

const ANN = 'ann@example.com'
const HOUR = 3_600_000

describe.each(ENGINES)('delivering on %s', engine => {
  let desk: MemoryDesk

  beforeEach(async () => {
    desk = await makeMemoryDesk(engine)
    await desk.channel.deliver(messageFrom(ANN))
    await desk.deliver()
    desk.channel.sent.length = 0
  })

  afterEach(() => desk.remove())

  const toAnn = () =>
    desk.channel.sent
      .filter(message => message.recipients.includes(ANN))
      .map(({ text }) => [text.markdown, ...text.verbatim].join('\n'))

  test('a failure for now is tried again under the same id, less and less often, and given up after five days', async () => {
    const attempts: { at: number; id: string; token: string }[] = []
    desk.channel.onSend = message => {
      if (message.recipients[0] !== ANN) return undefined
      attempts.push({ at: desk.clock.now().getTime(), id: message.id, token: message.token })
      throw new DeliveryError('451 later', { permanent: false })
    }
    await desk.as('bob', 'reply 1', 'Restart it.')
    for (let minutes = 0; minutes < 6 * 24 * 60; minutes += 5) {
      await desk.deliver()
      desk.clock.advance(5 * 60_000)
    }
    const waits = attempts.slice(1).map((attempt, index) => attempt.at - (attempts[index]?.at ?? 0))
    expect(new Set(attempts.map(each => each.id)).size).toBe(1)
    expect(new Set(attempts.map(each => each.token)).size).toBe(1)
    expect(waits).toEqual([...waits].sort((a, b) => a - b))
    expect(attempts.length).toBeGreaterThan(15)
    expect(attempts.length).toBeLessThan(30)
    expect((attempts.at(-1)?.at ?? 0) - (attempts[0]?.at ?? 0)).toBeGreaterThan(4.5 * 24 * HOUR)
    const shown = (await desk.as('bob', 'show 1')).text
    expect(shown).toContain(`NOT DELIVERED to ${ANN}: 451 later`)
    expect(desk.channel.sent.at(-1)?.subject).toBe('[HD-1] Not delivered: VPN')
  })

  test('an attempt is counted before it is made', async () => {
    let during: number | undefined
    desk.channel.onSend = async () => {
      during = (await listOutbox(desk.context.store.read, true, 1))[0]?.attempts
      return undefined
    }
    await desk.as('bob', 'reply 1', 'Restart it.')
    await desk.deliver()
    expect(during).toBe(1)
  })

  test('a younger answer waits for an older one to the same person that is still queued', async () => {
    let refuse = true
    desk.channel.onSend = () => {
      if (refuse) throw new DeliveryError('451 later', { permanent: false })
      return undefined
    }
    await desk.as('bob', 'reply 1', 'First.')
    await desk.deliver()
    refuse = false
    await desk.as('bob', 'reply 1', 'Second.')
    await desk.deliver()
    expect(toAnn()).toHaveLength(0)
    desk.clock.advance(2 * 60_000)
    await desk.deliver()
    const texts = toAnn()
    expect(texts.map(text => /First|Second/.exec(text)?.[0])).toEqual(['First', 'Second'])
  })

  test('an older answer that was given up blocks nothing', async () => {
    desk.channel.onSend = message => {
      if (message.recipients[0] === ANN) throw new DeliveryError('550 no', { permanent: true })
      return undefined
    }
    await desk.as('bob', 'reply 1', 'First.')
    await desk.deliver()
    desk.channel.onSend = () => undefined
    await desk.as('bob', 'reply 1', 'Second.')
    await desk.deliver()
    expect(toAnn()).toHaveLength(1)
  })

  test('an acknowledgement still queued is dropped once an answer is queued', async () => {
    await desk.channel.deliver(messageFrom('carl@example.com', { subject: 'Wi-Fi' }))
    await desk.as('bob', 'reply 2', 'Come closer.')
    await desk.deliver()
    const toCarl = desk.channel.sent.filter(message => message.recipients.includes('carl@example.com'))
    expect(toCarl.map(message => message.automatic)).toEqual([false])
  })

  test('of several recipients only those who were not reached are tried again', async () => {
    const cc = [{ address: 'carl@example.com', name: 'Carl' }]
    await desk.channel.deliver(messageFrom('dora@example.com', { subject: 'Door', mail: { cc } }))
    await desk.deliver()
    desk.channel.sent.length = 0
    desk.channel.onSend = message =>
      message.recipients.length === 2
        ? {
            accepted: ['dora@example.com'],
            refused: [{ recipient: 'carl@example.com', permanent: false, reason: '451 greylisted' }],
          }
        : undefined
    await desk.as('bob', 'reply 2', 'Push.')
    await desk.deliver()
    desk.clock.advance(2 * 60_000)
    await desk.deliver()
    expect(desk.channel.sent.map(message => message.recipients)).toEqual([
      ['dora@example.com', 'carl@example.com'],
      ['carl@example.com'],
    ])
  })

  test('an error that nobody thought about counts as temporary', async () => {
    desk.channel.onSend = () => {
      throw new TypeError('x is undefined')
    }
    await desk.as('bob', 'reply 1', 'Restart it.')
    await desk.deliver()
    const [line] = await listOutbox(desk.context.store.read, false, 1)
    expect(line).toMatchObject({ state: 'queued', attempts: 1, error: 'x is undefined' })
  })

  test('a notification that cannot be delivered raises an alarm, and no further mail', async () => {
    desk.channel.onSend = message => {
      if (message.automatic) throw new DeliveryError('550 no', { permanent: true })
      return undefined
    }
    await desk.channel.deliver(messageFrom(ANN, { mail: { references: ['<1@example.com>'] } }))
    await desk.deliver()
    await desk.deliver()
    expect(desk.channel.sent).toHaveLength(0)
    const alarms = await desk.context.store.read`SELECT code FROM alarms WHERE settled_at IS NULL`
    expect(alarms.length).toBeGreaterThan(0)
  })
})
