import { describe, expect, test } from 'vitest'
import type { Evidence } from '../../../src/core/mail/mail-evidence.ts'
import { classify } from '../../../src/core/mail/mail-kind.ts'

interface Given {
  headers?: Record<string, string | string[]>
  contentType?: string
  reportType?: string
  fromAddress?: string | null
  envelopeFrom?: string | null
}

function evidence(given: Given): Evidence {
  return {
    header: name => [given.headers?.[name] ?? []].flat(),
    contentType: given.contentType ?? 'text/plain',
    reportType: given.reportType ?? '',
    fromAddress: given.fromAddress === undefined ? 'ann@example.com' : given.fromAddress,
    envelopeFrom: given.envelopeFrom === undefined ? 'ann@example.com' : given.envelopeFrom,
  }
}

const kindOf = (given: Given) => classify(evidence(given)).kind

describe('what a person wrote', () => {
  test.each<[string, Given]>([
    ['a plain mail', {}],
    ['a mail whose envelope nobody knows', { envelopeFrom: null }],
    ['Auto-Submitted: no', { headers: { 'auto-submitted': 'no' } }],
    ['Auto-Submitted: No', { headers: { 'auto-submitted': ' No ' } }],
    ['Auto-Submitted: no with a comment (RFC 3834)', { headers: { 'auto-submitted': 'no (written by hand)' } }],
    ['Auto-Submitted: no with a parameter (RFC 3834)', { headers: { 'auto-submitted': 'no; by="hand"' } }],
    ['a priority', { headers: { precedence: 'first-class', 'x-priority': '1' } }],
    ['X-Autoreply: no', { headers: { 'x-autoreply': 'no' } }],
    ['a postmaster who writes by hand', { fromAddress: 'postmaster@example.com' }],
    ['a mail without a sender', { fromAddress: null }],
    ['a mail that asks for no automatic answers', { headers: { 'x-auto-response-suppress': 'All' } }],
  ])('%s', (_, given) => {
    expect(classify(evidence(given))).toEqual({ kind: 'person', reasons: [], bulk: null })
  })
})

describe('a bounce', () => {
  test.each<[string, Given]>([
    ['a report of delivery status', { contentType: 'multipart/report', reportType: 'delivery-status' }],
    ['X-Failed-Recipients', { headers: { 'x-failed-recipients': 'ann@example.com' } }],
    ['a mail system with a null envelope sender', { fromAddress: 'mailer-daemon@example.com', envelopeFrom: '' }],
    [
      'a report that also calls itself an automatic answer',
      {
        contentType: 'multipart/report',
        reportType: 'delivery-status',
        headers: { 'auto-submitted': 'auto-replied' },
      },
    ],
  ])('%s', (_, given) => {
    expect(kindOf(given)).toBe('bounce')
  })
})

describe('an automatic answer', () => {
  test.each<[string, Given]>([
    ['Auto-Submitted: auto-replied', { headers: { 'auto-submitted': 'auto-replied' } }],
    ['Auto-Submitted: auto-replied (vacation)', { headers: { 'auto-submitted': 'Auto-Replied (vacation)' } }],
    ['Auto-Submitted: auto-notified; owner', { headers: { 'auto-submitted': 'auto-notified; owner-email="a@b.c"' } }],
    ['a disposition notification', { contentType: 'multipart/report', reportType: 'disposition-notification' }],
    ['X-Autoreply', { headers: { 'x-autoreply': 'yes' } }],
    ['X-Autorespond', { headers: { 'x-autorespond': 'Out of office' } }],
    ['Precedence: auto_reply', { headers: { precedence: 'auto_reply' } }],
    ['with a null envelope sender', { headers: { 'auto-submitted': 'auto-replied' }, envelopeFrom: '' }],
  ])('%s', (_, given) => {
    expect(kindOf(given)).toBe('auto-reply')
  })
})

describe('bulk and machine mail', () => {
  test.each<[string, Given]>([
    ['Auto-Submitted: auto-generated', { headers: { 'auto-submitted': 'auto-generated' } }],
    ['Precedence: bulk', { headers: { precedence: 'Bulk' } }],
    ['Precedence: list', { headers: { precedence: 'list' } }],
    ['a mailing list', { headers: { 'list-id': '<news.example.com>' } }],
    ['a newsletter', { headers: { 'list-unsubscribe': '<mailto:off@example.com>' } }],
    ['a null envelope sender and nothing else', { envelopeFrom: '' }],
  ])('%s', (_, given) => {
    expect(kindOf(given)).toBe('bulk')
  })
})

describe('the reasons', () => {
  test('are one clause each, and there for whatever is no person', () => {
    const verdict = classify(evidence({ headers: { precedence: 'bulk', 'list-id': '<news>' } }))
    expect(verdict.reasons).toEqual(['Precedence: bulk', 'list-id'])
    expect(classify(evidence({ envelopeFrom: '' })).reasons).toHaveLength(1)
  })

  test('stay short, whatever the header says', () => {
    const [reason] = classify(
      evidence({ headers: { 'auto-submitted': `auto-generated ${'x'.repeat(10_000)}` } }),
    ).reasons
    expect(reason?.length).toBeLessThan(100)
  })
})
