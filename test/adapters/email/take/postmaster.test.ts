import { afterEach, describe, expect, test } from 'vitest'
import { isPostmaster } from '../../../../src/core/text/address.ts'
import { makeDesk, type TestDesk } from '../../../support/desk.ts'
import { SmtpTalk } from '../../../support/servers/smtp-talk.ts'

const ANN = 'ann@example.com'

let desk: TestDesk | undefined

afterEach(async () => {
  await desk?.remove()
  desk = undefined
})

test.each<[string, boolean]>([
  ['postmaster', true],
  ['PostMaster', true],
  ['postmaster@desk.example', true],
  ['POSTMASTER@DESK.EXAMPLE', true],
  ['postmaster@xn--mnchen-3ya.example', true],
  ['postmaster@m\u00fcnchen.example', true],
  ['postmaster@example.com', false],
  ['postmaster@desk.example/.evil.example', false],
  ['postmaster@desk.example#.evil.example', false],
  ['postmaster@evil.example@desk.example', false],
  ['postmaster@sub.desk.example', false],
  ['postmaster+x@desk.example', false],
  ['xpostmaster@desk.example', false],
  ['postmaster@', false],
])('%s: %s', (address, expected) => {
  expect(isPostmaster(address, ['help@desk.example', 'help@m\u00fcnchen.example'])).toBe(expected)
})

describe('mail to the postmaster', () => {
  const more = { aliases: ['it@second.example'] }

  async function handOver(to: string, mail: string, from = ANN): Promise<string> {
    const talk = new SmtpTalk(desk?.port ?? 0)
    await talk.open('EHLO', from, to)
    const said = await talk.say(`${mail.replaceAll('\n', '\r\n')}\r\n.`)
    talk.end()
    return said
  }

  test.each(['postmaster', 'Postmaster', 'postmaster@desk.example', 'POSTMASTER@Second.Example'])(
    'is taken by SMTP: %s',
    async to => {
      desk = await makeDesk('sqlite', { maildir: 'mail' }, more)
      const header = to.includes('@') ? to : 'Postmaster <postmaster@desk.example>'
      expect(await handOver(to, `From: ${ANN}\nTo: ${header}\nSubject: A\n\nYour server is odd.`)).toBe(
        '250 2.0.0 opened HD-1',
      )
      const { participants } = (await desk.as('bob', 'show 1')).data as { participants: { address: string }[] }
      expect(participants.map(each => each.address)).toEqual([ANN]) // no answer goes back to the desk
      await desk.expectSound()
    },
  )

  test('is taken by LMTP, beside others, and of other domains it is not', async () => {
    desk = await makeDesk('sqlite', { maildir: 'mail' }, { ...more, listen: { protocol: 'lmtp' } })
    const talk = new SmtpTalk(desk.port)
    expect(await talk.open('LHLO', ANN, 'help@desk.example', 'postmaster')).toMatch(/^354/)
    expect(await talk.say(`From: ${ANN}\r\nSubject: A\r\n\r\nText\r\n.`)).toBe('250 2.0.0 opened HD-1')
    expect(await talk.reply()).toBe('250 2.0.0 opened HD-1')
    await talk.say(`MAIL FROM:<${ANN}>`)
    expect(await talk.say('RCPT TO:<postmaster@example.com>')).toMatch(/^550/)
    expect(await talk.say('RCPT TO:<abuse@desk.example>')).toMatch(/^550/)
    talk.end()
  })

  test('makes no loop: neither a bounce nor a mail of the desk itself is answered', async () => {
    desk = await makeDesk('sqlite', { maildir: 'mail' }, more)
    const bounce =
      'From: MAILER-DAEMON@desk.example\nTo: postmaster@desk.example\nSubject: Undelivered Mail\nAuto-Submitted: auto-replied\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nIt failed.\n--b--'
    expect(await handOver('postmaster@desk.example', bounce, '')).toBe('250 2.0.0 stored')
    const own = 'From: help@desk.example\nTo: postmaster@desk.example\nSubject: B\n\nText'
    expect(await handOver('postmaster@desk.example', own)).toBe('250 2.0.0 stored')
    // A mail server that reports as its postmaster is none of our addresses.
    const cron = 'From: postmaster@desk.example\nTo: postmaster@desk.example\nSubject: Disk is full\n\nSee to it.'
    expect(await handOver('postmaster@desk.example', cron)).toBe('250 2.0.0 opened HD-1')
    const { participants } = (await desk.as('bob', 'show 1')).data as { participants: { address: string }[] }
    expect(participants.map(each => each.address)).toEqual(['postmaster@desk.example'])
    expect(await desk.expectSound()).toMatchObject({ opened: 1 })
  })
})
