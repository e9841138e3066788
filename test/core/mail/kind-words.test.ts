import { describe, expect, test } from 'vitest'
import type { Evidence } from '../../../src/core/mail/mail-evidence.ts'
import { classify } from '../../../src/core/mail/mail-kind.ts'
import { cpuTime } from '../../support/cpu-time.ts'

interface Given extends Partial<Omit<Evidence, 'header'>> {
  headers?: Record<string, string>
}

function kindOf({ headers = {}, ...given }: Given) {
  return classify({
    header: name => [headers[name] ?? []].flat(),
    contentType: 'text/plain',
    reportType: '',
    fromAddress: 'ann@example.com',
    envelopeFrom: 'ann@example.com',
    ...given,
  }).kind
}

const SUBJECTS = [
  'Automatic reply: Your order',
  'Out of Office: Your order',
  'Automatische Antwort: Ihre Frage',
  'Abwesenheitsnotiz: Ihre Frage',
  'Réponse automatique : votre question',
  'Respuesta automática: su pregunta',
  'Risposta automatica: domanda',
  'Resposta automática: pergunta',
  'Automatisch antwoord: vraag',
  'Odpowiedź automatyczna: pytanie',
  'Automatisk svar: spørgsmål',
  'Autosvar: fråga',
  'Automaattinen vastaus: kysymys',
  'Automatická odpověď: dotaz',
  'Автоматический ответ: вопрос',
  'Автоматична відповідь: питання',
  'Otomatik Yanıt: soru',
  '自動応答: 質問',
  '自动回复: 问题',
  '자동 회신: 질문',
]

describe('words of absence', () => {
  test.each(SUBJECTS)('%s: a machine only where something else says so too', subject => {
    expect(kindOf({ subject })).toBe('person')
    expect(kindOf({ subject, envelopeFrom: '' })).toBe('auto-reply')
    const suppressed = { 'x-auto-response-suppress': 'All' }
    expect(kindOf({ subject, headers: suppressed })).toBe('person') // nothing is answered
    expect(kindOf({ subject, headers: { ...suppressed, 'in-reply-to': '<a@b.example>' } })).toBe('auto-reply')
    expect(kindOf({ subject, headers: { 'auto-submitted': 'auto-generated' } })).toBe('auto-reply')
    expect(kindOf({ subject, headers: { 'auto-submitted': 'no', 'x-auto-response-suppress': 'All' } })).toBe('person')
    expect(kindOf({ subject: `Re: ${subject}`, headers: { 'x-auto-response-suppress': 'All' } })).toBe('person')
  })

  test('of a program, in an answer that asks nothing, are those of a program', () => {
    const given = { headers: { 'in-reply-to': '<a@b.example>' }, text: 'I am away until Monday.' }
    expect(kindOf({ ...given, subject: 'Automatic reply: Printer' })).toBe('auto-reply')
    expect(kindOf({ ...given, subject: 'Automatic reply: Printer', text: 'Who reads this?' })).toBe('person')
    expect(kindOf({ ...given, subject: 'Re: Automatic reply: Printer' })).toBe('person')
    expect(kindOf({ ...given, subject: 'Out of office: Printer' })).toBe('person')
    const notes = 'I will be out of the office starting 03/10/2026 and will not return until 03/20/2026.'
    expect(kindOf({ subject: 'Ann Berg is out of the office.', text: notes })).toBe('auto-reply')
    expect(kindOf({ subject: 'Out of office', text: notes })).toBe('person')
  })

  test('of a list are those of the list', () => {
    const headers = { 'list-id': '<club.example>', 'x-loop': 'club' }
    expect(kindOf({ subject: 'Out of office hours', headers })).toBe('bulk')
  })
})

describe('a bounce that follows no RFC', () => {
  test.each<[string, Given]>([
    ['a daemon without an envelope', { fromAddress: 'mailer-daemon@mx.example', envelopeFrom: null }],
    ['a daemon without a domain', { fromAddress: null, fromName: 'MAILER-DAEMON', envelopeFrom: null }],
    [
      'a postmaster with words',
      {
        fromAddress: 'postmaster@mx.example',
        subject: 'Undeliverable: Hello',
        text: 'Delivery has failed to these recipients or groups:',
      },
    ],
    [
      'a name and words',
      {
        fromName: 'Mail Delivery System',
        subject: 'Mail delivery failed',
        text: 'The following address(es) failed:\n\n a@b.example',
      },
    ],
    ['null envelope and words', { envelopeFrom: '', subject: 'Returned mail: User unknown' }],
    ['words in another language', { envelopeFrom: '', subject: 'Unzustellbar: Ihre Frage' }],
    ['Exchange', { headers: { 'x-ms-exchange-message-is-ndr': '' } }],
    [
      'two kinds of words',
      { subject: 'failure notice', text: 'Hi. This is the qmail-send program at mx.example.\n\n<a@b.example>:\nno' },
    ],
  ])('%s', (_, given) => {
    expect(kindOf(given)).toBe('bounce')
  })
})

describe('a person who writes about bounces', () => {
  const text = 'Hello,\n\nmy mail to Bob came back with "550 user unknown". Can you help?\n'
  test.each<[string, Given]>([
    ['in the text', { text }],
    ['in the subject', { subject: 'Mail delivery failed, please help', text: 'What does this mean?' }],
    ['in an answer', { subject: 'Re: Undeliverable: Hello', text: 'This one is undeliverable too.' }],
    ['in a forward', { subject: 'Fwd: failure notice', text: '> This is the qmail-send program' }],
    [
      'in both',
      { subject: 'Undeliverable mail to Bob', text: 'Your server says that my message could not be delivered.' },
    ],
    [
      'as postmaster in the subject',
      { fromAddress: 'postmaster@example.com', subject: 'Mail delivery problem', text: 'Your server is slow.' },
    ],
    ['as postmaster', { fromAddress: 'postmaster@example.com', subject: 'Meeting', text: 'See you at ten.' }],
  ])('%s', (_, given) => {
    expect(kindOf(given)).toBe('person')
  })
})

test('an answer with a null envelope sender is an automatic one (RFC 3834 section 3.3)', () => {
  const headers = { 'in-reply-to': '<1@desk.example>' }
  expect(kindOf({ headers, envelopeFrom: '' })).toBe('auto-reply')
  expect(kindOf({ headers, envelopeFrom: null })).toBe('person')
})

test('what cron sends is of a machine', () => {
  expect(kindOf({ headers: { 'x-cron-env': '<SHELL=/bin/sh>' } })).toBe('bulk')
})

describe('reports of mails that arrived', () => {
  const report = { contentType: 'multipart/report', fromAddress: 'mailer-daemon@mx.example', envelopeFrom: '' }
  test.each<[string, Given]>([
    ['of delivery', { ...report, reportType: 'delivery-status', delivered: true }],
    ['of reading', { ...report, reportType: 'disposition-notification' }],
    ['of complaints (ARF)', { ...report, reportType: 'feedback-report' }],
  ])('%s are no bounces', (_, given) => {
    expect(kindOf(given)).toBe('auto-reply')
  })
})

describe('a mail system that tells of no failure', () => {
  const system = { fromAddress: 'postmaster@mx.example', envelopeFrom: '' }
  test.each<[string, string]>([
    ['Your mailbox is almost full', 'Your mailbox is almost full. Please reduce its size.'],
    ['Quota warning', 'Your mailbox desk@mx.example has reached 95% of 1 GB.'],
    [
      'Delivery Status Notification (Success)',
      'Your message has been successfully delivered to the following: a@b.example',
    ],
    ['Message status - delivered', 'The message that you sent was delivered to the following:\n a@b.example'],
  ])('sends no bounce: %s', (subject, text) => {
    expect(kindOf({ ...system, subject, text })).toBe('bulk')
  })

  test.each<[string, string]>([
    ['Mailbox full', 'Your message could not be delivered: the mailbox is full.'],
    ['Your mailbox is full', 'Your message to a@b.example was returned to you.'],
    ['Delivery report', 'The message was delivered to the following: a@b.example. It failed for c@d.example.'],
  ])('sends a bounce otherwise: %s', (subject, text) => {
    expect(kindOf({ ...system, subject, text })).toBe('bounce')
  })
})

test('texts and subjects of any length are looked at soon', () => {
  const spent = cpuTime()
  for (const piece of [
    'delivery ',
    'your message ',
    ' ',
    '-',
    'following address ',
    '>',
    'auto',
    're:',
    'this is the a ',
  ])
    kindOf({ subject: piece.repeat(100_000), text: piece.repeat(100_000), fromName: piece.repeat(100_000) })
  expect(spent()).toBeLessThan(1_000)
})
