import { expect, test } from 'vitest'
import type { Evidence } from '../../../src/core/mail/mail-evidence.ts'
import { classify } from '../../../src/core/mail/mail-kind.ts'

// What is taken for a bounce or an automatic answer by mistake is ignored, and so lost: these must reach somebody.

function kindOf(headers: Record<string, string>, about: Partial<Evidence>): string {
  const header = (name: string) => (headers[name] === undefined ? [] : [headers[name]])
  const blank = { contentType: 'text/plain', reportType: '', fromAddress: 'ann@example.com', envelopeFrom: null }
  return classify({ header, ...blank, ...about }).kind
}

const GENERATED = { 'auto-submitted': 'auto-generated' }

test.each<[string, Record<string, string>, Partial<Evidence>, string]>([
  [
    'a web form in which somebody complains that mail does not arrive',
    GENERATED,
    { subject: 'Message not delivered', text: 'My mails to the shop could not be delivered. What shall I do?' },
    'bulk',
  ],
  [
    'an alert with words of failure',
    GENERATED,
    { subject: 'CRITICAL: backup', text: 'Permanent error on disk 3' },
    'bulk',
  ],
  [
    'an alert that says that a machine wrote it',
    GENERATED,
    { subject: 'Nightly delivery report', text: 'This is an automatically generated report.' },
    'bulk',
  ],
  [
    'an administrator who asks about mail',
    {},
    {
      fromAddress: 'sysadmin@example.com',
      fromName: 'System Administrator',
      subject: 'Undeliverable mail',
      text: 'Hello, mail to Bob could not be delivered since Monday. Can you help?',
    },
    'person',
  ],
  [
    'somebody who will be away and writes through Exchange',
    { 'x-auto-response-suppress': 'DR, OOF, AutoReply' },
    { subject: 'Out of office tomorrow: who takes the printer?', text: 'Hi' },
    'person',
  ],
])('%s', (_what, headers, about, kind) => {
  expect(kindOf(headers, about)).toBe(kind)
})

test('an automatic answer through Exchange is one', () => {
  const headers = { 'x-auto-response-suppress': 'All', 'in-reply-to': '<a@b.example>' }
  expect(kindOf(headers, { subject: 'Automatic reply: Printer', text: 'I am away.' })).toBe('auto-reply')
})
