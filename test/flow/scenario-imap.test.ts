import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { compileMail } from '../../adapters/email/send/mail-sender.ts'
import { makeDesk, type TestDesk } from '../support/desk.ts'
import { eventually } from '../support/eventually.ts'
import { type Dovecot, dovecotMissing, startDovecot } from '../support/servers/dovecot.ts'
import { type OauthProvider, startOauthProvider } from '../support/servers/oauth-provider.ts'
import { answerTo, World } from '../support/smtp-world.ts'
import { ENGINES } from '../support/store/engines.ts'

const ANN = 'ann@example.com'
const BOB = 'bob@staff.example'

const WAYS = ENGINES.flatMap(engine => [
  { engine, by: 'a password' as const },
  { engine, by: 'XOAUTH2' as const },
])

describe.skipIf(dovecotMissing()).each(WAYS)(
  'the whole path through a mailbox, with $by, on $engine',
  ({ engine, by }) => {
    let provider: OauthProvider
    let dovecot: Dovecot
    let world: World
    let desk: TestDesk

    beforeEach(async () => {
      provider = await startOauthProvider({ person: 'support' })
      dovecot = await startDovecot({
        users: { support: 'secret' },
        oauth: { introspectionUrl: provider.introspectionUrl },
      })
      world = new World()
      await world.start()
      const { clientId, clientSecret, authority } = provider
      const { imapsPort: port, certFile: ca } = dovecot
      const mailbox = { host: 'localhost', port, user: 'support', ca, poll: '1s', folders: [{ import: 'all' }] }
      const oauth = { provider: 'microsoft', tenant: 'tenant', application: true, clientId, clientSecret, authority }
      desk = await makeDesk(
        engine,
        { smtp: { host: '127.0.0.1', port: world.port, requireTls: false } },
        by === 'XOAUTH2' ? { imap: [mailbox], oauth } : { imap: [{ ...mailbox, password: 'secret' }] },
      )
    })

    afterEach(async () => {
      await desk.remove()
      await world.stop()
      await dovecot.remove()
      await provider.close()
    })

    test('mail, acknowledgement, claim, answer, reply, close, reopen', async () => {
      const mail = (more: object) => compileMail({ to: 'help@desk.example', ...more })
      const first = { from: `Ann Ode <${ANN}>`, subject: 'Printer on fire', text: 'It burns.' }
      await dovecot.deliver('support', await mail(first))
      expect((await world.next(ANN)).subject).toBe('[HD-1] Printer on fire')
      const told = await world.next(BOB)
      expect(told.subject, told.text).toBe('[HD-1] New: Printer on fire')
      await desk.as('bob', 'claim HD-1')
      await desk.as('bob', 'reply hd1', 'Water is on its way.')
      const answer = await world.next(ANN)
      expect(answer.subject).toBe('Re: [HD-1] Printer on fire')

      await dovecot.deliver('support', await mail(answerTo(answer, ANN, 'It is out. Thank you!')))
      expect((await world.next(BOB)).subject).toBe('[HD-1] Ann Ode wrote: Printer on fire')
      await desk.as('bob', 'close 1')
      await dovecot.deliver('support', await mail(answerTo(answer, ANN, 'It burns again.')))
      expect((await world.next(BOB)).text).toContain('> It burns again.')
      const { state } = (await desk.as('bob', 'show 1')).data as { state: string }
      expect(state).toBe('open')
      expect(await desk.expectSound()).toEqual({ opened: 1, appended: 2 })
    })

    test.runIf(by === 'XOAUTH2')(
      'a refused token is an alarm; mail waits, and is taken once it is mended',
      async () => {
        await dovecot.deliver('support', `From: ${ANN}\r\nSubject: One\r\nMessage-ID: <1@x>\r\n\r\nOne`)
        await world.next(ANN)
        provider.refusing = { error: 'invalid_client', description: 'The secret is expired.' }
        provider.revoke()
        await dovecot.restart()
        expect((await world.next(BOB)).subject).toContain('New: One')
        const alarm = await world.next(BOB)
        expect(alarm.text).toContain('relaydesk login support')
        await dovecot.deliver('support', `From: ${ANN}\r\nSubject: Two\r\nMessage-ID: <2@x>\r\n\r\nTwo`)
        provider.refusing = undefined
        const second = () => world.to(ANN).find(mail => mail.subject?.includes('Two'))
        await eventually(second, 'the second mail is acknowledged')
        const standing = () => desk.desk.context.store.read`SELECT code FROM alarms WHERE settled_at IS NULL`
        await eventually(async () => ((await standing()).length === 0 ? true : undefined), 'no alarm stands')
      },
    )
  },
)
