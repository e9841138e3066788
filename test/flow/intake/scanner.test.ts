import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { standingAlarms } from '../../../src/store/alarms.ts'
import { makeDesk, type TestDesk } from '../../support/desk.ts'
import { ClamdServer, EICAR } from '../../support/servers/clamd.ts'
import { mailTo, World } from '../../support/smtp-world.ts'

const MAIL = { from: 'ann@example.com', to: 'help@desk.example', subject: 'Invoice', text: 'See the file.' }

describe('a virus scanner', () => {
  const world = new World()
  let scanner: ClamdServer
  let desk: TestDesk

  beforeEach(async () => {
    await world.start()
    scanner = new ClamdServer(2_000_000)
    const send = { smtp: { host: '127.0.0.1', port: world.port, requireTls: false } }
    desk = await makeDesk('sqlite', send, {}, { scanner: { clamd: await scanner.start() } })
  })

  afterEach(async () => {
    await desk.remove()
    await scanner.stop()
    await world.stop()
  })

  const explained = async (number: number) => (await desk.as('bob', `explain M-${number}`)).text

  test('lets clean files in, holds what it finds something in, and does not look at mail without files', async () => {
    await mailTo(desk.port, MAIL)
    expect(scanner.scanned).toBe(0)
    await mailTo(desk.port, { ...MAIL, attachments: [{ filename: 'a.txt', content: 'harmless' }] })
    expect(await mailTo(desk.port, { ...MAIL, attachments: [{ filename: 'b.bin', content: EICAR }] })).toContain(
      'stored',
    )
    expect(scanner.scanned).toBe(2)
    expect(await explained(3)).toContain('held:virus')
    expect(await explained(3)).toContain('Eicar-Test-Signature')
    expect((await desk.as('bob', 'open M-3')).text).toContain('M-3 opened HD-3')
    await desk.expectSound()
  })

  test('that cannot look holds files instead of letting them by, with an alarm that ends by itself', async () => {
    const file = { filename: 'large.bin', content: Buffer.alloc(3_000_000, 7) }
    await mailTo(desk.port, { ...MAIL, attachments: [file] })
    expect(await explained(1)).toMatch(/size limit exceeded|larger than StreamMaxLength/)
    const alarms = async () => (await standingAlarms(desk.desk.context.store.read)).map(each => each.code)
    expect(await alarms()).toEqual([])
    await mailTo(desk.port, { ...MAIL, attachments: [{ filename: 'a.txt', content: 'harmless' }] })
    await scanner.stop()
    expect(await mailTo(desk.port, { ...MAIL, subject: 'Plain' })).toContain('opened')
    await mailTo(desk.port, { ...MAIL, attachments: [{ filename: 'b.txt', content: 'other' }] })
    expect(await explained(4)).toContain('held:unscanned')
    expect(await alarms()).toEqual(['scanner'])
    await scanner.start(scanner.port)
    await mailTo(desk.port, { ...MAIL, attachments: [{ filename: 'c.txt', content: 'third' }] })
    expect(await alarms()).toEqual([])
    await desk.expectSound()
  })
})
