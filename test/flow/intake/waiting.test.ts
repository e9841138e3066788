import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { pack } from '../../../src/content.ts'
import { standingAlarms } from '../../../src/store/alarms.ts'
import { arrivalByNumber } from '../../../src/store/arrivals.ts'
import { makeDesk, type TestDesk } from '../../support/desk.ts'
import { mailTo, World } from '../../support/smtp-world.ts'
import { ENGINES } from '../../support/store/engines.ts'

const ANN = 'ann@example.com'
const HELP = 'help@desk.example'
const RAW = `From: ${ANN}\r\nTo: ${HELP}\r\nSubject: Large\r\nMessage-ID: <large@example.com>\r\n\r\nIt is large.\r\n`

describe.each(ENGINES)('messages that wait, on %s', engine => {
  let world: World
  let desk: TestDesk

  beforeEach(async () => {
    world = new World()
    await world.start()
    desk = await makeDesk(engine, { smtp: { host: '127.0.0.1', port: world.port, requireTls: false } })
  })

  afterEach(async () => {
    await desk.remove()
    await world.stop()
  })

  const sendRaw = (raw: string) => mailTo(desk.port, { envelope: { from: ANN, to: HELP }, raw })

  test('one without a sender may open a ticket, and is answered once somebody is invited', async () => {
    await sendRaw('Subject: Whose?\r\n\r\nText')
    expect((await desk.as('bob', 'open M-1')).text).toBe('M-1 opened HD-1.')
    await expect(desk.as('bob', 'reply 1', 'Hello?')).rejects.toThrow('HD-1 has no address to send an answer to')
    await desk.as('bob', `invite HD-1 ${ANN}`)
    await desk.as('bob', 'reply 1', 'Hello.')
    expect((await world.next(ANN)).text).toContain('Hello.')
    expect(await desk.expectSound()).toEqual({ opened: 1 })
  })

  test('one may join another ticket than the one it is held for', async () => {
    await mailTo(desk.port, { from: ANN, to: HELP, subject: 'VPN', text: 'It drops.' })
    await mailTo(desk.port, { from: 'dora@example.com', to: HELP, subject: 'Door', text: 'It squeaks.' })
    await mailTo(desk.port, { from: 'carl@example.com', to: HELP, subject: '[HD-1] door', text: 'Mine, too.' })
    expect((await desk.as('bob', 'join m3 hd-2')).text).toBe('M-3 joined HD-2.')
    const shown = (await desk.as('bob', 'show 2')).data as { participants: { address: string }[] }
    expect(shown.participants.map(each => each.address)).toEqual(['dora@example.com', 'carl@example.com'])
    expect(await desk.expectSound()).toEqual({ opened: 2, appended: 1 })
  })

  test('of two who decide at once one wins, and the other is told', async () => {
    await mailTo(desk.port, { from: ANN, to: HELP, subject: 'VPN', text: 'It drops.' })
    await mailTo(desk.port, { from: 'carl@example.com', to: HELP, subject: '[HD-1] VPN', text: 'Mine, too.' })
    const results = await Promise.allSettled([desk.as('bob', 'join M-2'), desk.as('eve', 'open M-2')])
    expect(results.map(result => result.status).sort()).toEqual(['fulfilled', 'rejected'])
    const rejected = results.find(result => result.status === 'rejected')
    expect(String(rejected?.reason)).toMatch(/Somebody else has just decided|There is no held or ignored message M-2/)
    await desk.expectSound()
  })

  test('one over the limit is kept as its head; once the limit is raised it comes in', async () => {
    const { id, size, raw } = { id: pack(Buffer.from(RAW)).sha256, size: RAW.length, raw: RAW }
    const channel = desk.desk.service.deskFor('support')
    const head = pack(Buffer.from(raw.slice(0, raw.indexOf('\r\n\r\n') + 4)))
    const detail = `It has ${size} bytes.`
    expect(await channel.receive({ id, raw: head, quarantine: 'too-large', detail })).toEqual({
      outcome: 'quarantined:too-large',
      ref: null,
    })
    const waiting = await arrivalByNumber(desk.desk.context.store.read, 1)
    if (!waiting) throw new Error('M-1 is not there')
    await expect(desk.desk.service.waiting.retry(waiting)).rejects.toThrow('raise that')
    expect(await sendRaw(RAW)).toBe('250 2.0.0 opened HD-1')
    expect((await world.next(ANN)).subject).toBe('[HD-1] Large')
    expect(await sendRaw(RAW)).toBe('250 2.0.0 stored')
    expect(await desk.expectSound()).toEqual({ opened: 1, duplicate: 2 })
  })

  test('unreadable ones raise one alarm, however many there are', async () => {
    for (let n = 0; n < 3; n += 1) await sendRaw(`\r\nNo header ${n}`)
    const alarms = await standingAlarms(desk.desk.context.store.read)
    expect(alarms.map(alarm => [alarm.channel, alarm.code])).toEqual([['support', 'quarantine']])
    expect((await world.next('bob@staff.example')).subject).toBe('Help desk needs your attention')
    await desk.stop()
    expect(world.to('bob@staff.example')).toHaveLength(1)
  })
})
