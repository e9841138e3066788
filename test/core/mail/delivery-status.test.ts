import { describe, expect, test } from 'vitest'
import { failedRecipients } from '../../../src/core/mail/delivery-status.ts'
import { cpuTime } from '../../support/cpu-time.ts'

const MESSAGE = 'Reporting-MTA: dns; mail.example.com\nArrival-Date: Mon, 5 Jan 2026 10:00:00 +0000'

function status(...recipients: string[][]): string {
  return [MESSAGE, ...recipients.map(fields => fields.join('\n'))].join('\n\n')
}

describe('a delivery status', () => {
  test('names who could not be reached, and whether for good', () => {
    const body = status(
      ['Final-Recipient: rfc822; Ann@Example.com', 'Action: failed', 'Status: 5.1.1', 'Diagnostic-Code: smtp; 550 no'],
      ['Final-Recipient: rfc822;bob@example.com', 'Action: failed', 'Status: 4.4.7'],
    )
    expect(failedRecipients(body)).toMatchObject([
      { address: 'ann@example.com', status: '5.1.1', hard: true },
      { address: 'bob@example.com', status: '4.4.7', hard: false },
    ])
  })

  test.each([
    ['5.1.1', true],
    ['5.0.0', true],
    ['5.1.10', true],
    ['5.2.1', true],
    ['5.4.4', true],
    ['5.2.2', false], // mailbox full
    ['5.2.3', false], // this message is too long
    ['5.3.4', false],
    ['5.6.1', false],
    ['5.7.1', false], // this message was refused
    ['4.2.2', false],
    ['2.0.0', false],
  ])('%s is for good: %s', (code, hard) => {
    const [recipient] = failedRecipients(status(['Final-Recipient: rfc822; a@b.example', `Status: ${code}`]))
    expect(recipient).toMatchObject({ address: 'a@b.example', status: code, hard })
  })

  test('of a delay or a success names nobody', () => {
    for (const action of ['delayed', 'delivered', 'relayed', 'expanded', 'Delayed']) {
      const fields = ['Final-Recipient: rfc822; ann@example.com', `Action: ${action}`, 'Status: 4.4.1']
      expect(failedRecipients(status(fields))).toMatchObject([])
    }
  })

  test('is read as mail programs write it: CRLF, folded lines, any case, comments', () => {
    const body = [
      'reporting-mta: dns; mail.example.com',
      '',
      'ORIGINAL-RECIPIENT: rfc822;old@example.com',
      'final-recipient: rfc822;',
      ' <ann@example.com>',
      'action:  Failed',
      'status: 5.1.1 (no such user)',
      '',
    ].join('\r\n')
    expect(failedRecipients(body)).toMatchObject([{ address: 'ann@example.com', status: '5.1.1', hard: true }])
  })

  test('falls back on the original recipient, and on no status', () => {
    expect(failedRecipients(status(['Original-Recipient: rfc822; ann@example.com', 'Action: failed']))).toMatchObject([
      { address: 'ann@example.com', status: '', hard: false },
    ])
  })

  test('keeps recipients apart that a line of blanks separates', () => {
    const one = (name: string) => `Final-Recipient: rfc822; ${name}@example.com\nAction: failed\nStatus: 5.1.1`
    const found = failedRecipients(`${MESSAGE}\n\n${one('ann')}\n \n${one('bob')}`)
    expect(found.map(each => each.address)).toMatchObject(['ann@example.com', 'bob@example.com'])
  })

  test('is read with empty lines between its fields, and without any between recipients', () => {
    const fields = (name: string) => [`Final-Recipient: rfc822; ${name}@example.com`, 'Action: failed', 'Status: 5.1.1']
    const named = [{ address: 'ann@example.com' }, { address: 'bob@example.com' }].map(each => ({
      ...each,
      hard: true,
    }))
    for (const gap of ['\n', '\n\n', '\n\n\n']) {
      expect(failedRecipients([MESSAGE, ...fields('ann'), ...fields('bob')].join(gap))).toMatchObject(named)
    }
  })

  test('names whom we wrote to where the mail went on to another kind of address (RFC 3464 section 2.3.1)', () => {
    const original = 'Original-Recipient: rfc822; ann@example.com'
    for (const final of ['local; ann', 'x400; /PN=ann/O=org/C=de/', 'x-unix; |/bin/filter ann']) {
      const found = failedRecipients(status([`Final-Recipient: ${final}`, original, 'Action: failed', 'Status: 5.1.1']))
      expect(found).toMatchObject([{ address: 'ann@example.com' }])
    }
  })

  test('without a recipient names nobody', () => {
    for (const body of ['', MESSAGE, 'not a status at all', `${MESSAGE}\n\nAction: failed\nStatus: 5.1.1`])
      expect(failedRecipients(body)).toMatchObject([])
  })

  test('of any length is read soon', () => {
    const spent = cpuTime()
    for (const piece of ['\n', '\n ', ' ', '\r', '\n\f', 'Status: 5', 'Final-Recipient: ;\n'])
      failedRecipients(`x${piece.repeat(100_000)}y`)
    expect(spent()).toBeLessThan(3_000)
  })
})
