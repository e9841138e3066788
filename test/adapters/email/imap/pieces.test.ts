// A mailbox of Dovecot that holds more than is asked for at once: here that is five messages.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { TestDesk } from '../../../support/desk.ts'
import { arrivalsOf, deskOn, flagsIn, mailFrom, untilCame, untilFlags } from '../../../support/mail/mailbox-desk.ts'
import { type Dovecot, dovecotMissing, startDovecot } from '../../../support/servers/dovecot.ts'

vi.mock('../../../../adapters/email/imap/imap-limits.ts', async original => ({
  ...(await original<typeof import('../../../../adapters/email/imap/imap-limits.ts')>()),
  WINDOW: 5,
}))

const MESSAGES = 17
const subjects = Array.from({ length: MESSAGES }, (_, n) => `Mail ${n + 1}`)

describe.skipIf(dovecotMissing()).each(['keyword', 'move:Done'])('with after: %s', after => {
  let dovecot: Dovecot
  let desk: TestDesk | undefined

  beforeAll(async () => {
    dovecot = await startDovecot({ users: { support: 'secret' } })
    for (const subject of subjects) await dovecot.deliver('support', mailFrom(subject))
  })

  afterAll(async () => {
    await desk?.remove()
    await dovecot.remove()
  })

  test('all of them come in, in their order, and are marked; what comes later follows', async () => {
    desk = await deskOn(dovecot, { mailbox: { folders: [{ name: 'INBOX', import: 'all', after }] } })
    await untilCame(desk, `Mail ${MESSAGES}`)
    await dovecot.deliver('support', mailFrom('Later'))
    await untilCame(desk, 'Later')
    const all = [...subjects, 'Later']
    expect((await arrivalsOf(desk)).map(row => row.subject)).toEqual(all)
    if (after === 'keyword') await untilFlags(dovecot, Object.fromEntries(all.map(each => [each, ['$Relaydesk']])))
    else await untilFlags(dovecot, {})
    if (after !== 'keyword') expect(Object.keys(await flagsIn(dovecot, 'Done')).toSorted()).toEqual(all.toSorted())
  })
})
