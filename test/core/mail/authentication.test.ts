import { describe, expect, test } from 'vitest'
import { judgeSender, readAuthenticationResults } from '../../../src/core/mail/authentication.ts'

describe('Authentication-Results (RFC 8601)', () => {
  test.each([
    ['a bare id', 'mx.example.org; none', 'mx.example.org', []],
    [
      'a version',
      'mx.example.org 1; spf=pass smtp.mailfrom=ann@example.com',
      'mx.example.org',
      ['spf pass example.com'],
    ],
    [
      'Google',
      'mx.google.com;\r\n dkim=pass header.i=@example.com header.s=s1 header.b="a;b";\r\n spf=pass (google.com: domain of x@bounce.example.com designates 1.2.3.4 as permitted sender) smtp.mailfrom=x@bounce.example.com;\r\n dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=example.com',
      'mx.google.com',
      ['dkim pass example.com', 'spf pass bounce.example.com', 'dmarc pass example.com'],
    ],
    [
      'Microsoft, without an id',
      'spf=pass (sender IP is 1.2.3.4) smtp.mailfrom=example.com; dkim=none (message not signed) header.d=none;dmarc=bestguesspass action=none header.from=example.com;compauth=pass reason=109',
      '',
      ['spf pass example.com', 'dkim none none', 'dmarc bestguesspass example.com', 'compauth pass '],
    ],
    [
      'comments that hold what looks like a result',
      'mx.example.org (dmarc=pass; spf=pass (nested)); dmarc=fail (p=none) header.from=example.com',
      'mx.example.org',
      ['dmarc fail example.com'],
    ],
    [
      'a version of the method',
      'mx; dkim/1=fail reason="bad; signature" header.d=Example.COM.',
      'mx',
      ['dkim fail example.com'],
    ],
    ['nothing of use', ';;;===', '', []],
  ])('%s', (_what, value, server, expected) => {
    const read = readAuthenticationResults(value)
    expect(read.server).toBe(server)
    expect(read.results.map(each => `${each.method} ${each.result} ${each.domain}`)).toEqual(expected)
  })
})

describe('whether a sender is confirmed', () => {
  const judged = (value: string, from = 'ann@example.com') =>
    judgeSender(from, readAuthenticationResults(`mx; ${value}`).results).result

  test.each([
    ['dmarc=pass header.from=example.com', 'pass'],
    ['dmarc=pass header.from=evil.example', 'unaligned'],
    ['dmarc=pass', 'unaligned'],
    ['dmarc=fail', 'fail'],
    ['dmarc=fail header.from=example.com; spf=pass smtp.mailfrom=evil.example', 'fail'],
    ['dmarc=fail header.from=example.com; dkim=pass header.d=example.com', 'fail'],
    ['dmarc=none header.from=example.com; dkim=pass header.d=mail.example.com', 'pass'],
    ['dmarc=none; spf=pass smtp.mailfrom=bounce.example.com', 'pass'],
    ['spf=pass smtp.mailfrom=list.example.net; dkim=fail header.d=example.com', 'unaligned'],
    ['spf=softfail smtp.mailfrom=example.com', 'unaligned'],
    ['spf=none smtp.mailfrom=example.com; dkim=none', 'none'],
    ['dkim=temperror header.d=example.com', 'unaligned'],
    ['spf=pass smtp.mailfrom="a@example.com;"@evil.com; dmarc=none header.from=example.com', 'unaligned'],
    [`spf=pass smtp.mailfrom=${'a'.repeat(400)}@evil.com`, 'unaligned'],
    ['spf=pass smtp.mailfrom="ann@example.com"', 'pass'],
    ['iprev=pass policy.iprev=1.2.3.4; auth=pass smtp.auth=x', 'none'],
  ])('%s is %s', (value, result) => {
    expect(judged(value)).toBe(result)
  })

  test.each([
    ['Google', 'dmarc=fail (p=NONE sp=NONE dis=NONE) header.from=example.com', 'unaligned'],
    ['OpenDMARC', 'dmarc=fail (p=none dis=none) header.from=example.com', 'unaligned'],
    ['Rspamd', 'dmarc=fail reason="No valid SPF, No valid DKIM" header.from=example.com (policy=none)', 'unaligned'],
    ['Microsoft', 'dmarc=fail action=none header.from=example.com;compauth=none reason=405', 'unaligned'],
    ['Stalwart', 'dmarc=fail header.from=example.com policy.dmarc=none', 'unaligned'],
    ['Fastmail', 'dmarc=fail (p=none,d=none,d.eval=none) policy.policy-from=p header.from=example.com', 'unaligned'],
    ['Google, of a stricter domain', 'dmarc=fail (p=REJECT sp=REJECT dis=NONE) header.from=example.com', 'fail'],
    ['Google, of a stricter subdomain', 'dmarc=fail (p=NONE sp=REJECT dis=NONE) header.from=it.example.com', 'fail'],
    ['Microsoft, of a stricter domain', 'dmarc=fail action=oreject header.from=example.com', 'fail'],
    ['Stalwart, of a stricter domain', 'dmarc=fail (p=none) header.from=example.com policy.dmarc=reject', 'fail'],
    ['who tells no policy', 'dmarc=fail (no luck) header.from=example.com', 'fail'],
    ['two', 'dmarc=fail (p=none) header.from=example.com; dmarc=fail (p=reject) header.from=example.com', 'fail'],
    ['a reason that says so', 'dmarc=fail reason="p=none" header.from=example.com', 'fail'],
    ['a property of another name', 'dmarc=fail x.action=none header.from=example.com', 'fail'],
    [
      'strict alignment, and a signature of a subdomain',
      'dmarc=fail (p=none) header.from=example.com; dkim=pass header.d=it.example.com',
      'unaligned',
    ],
  ])('a domain that wants nothing done about it says nothing against its mail: %s', (_, value, result) => {
    expect(judged(value)).toBe(result)
  })

  test('domains that share a public suffix are not one organisation', () => {
    expect(judged('dkim=pass header.d=evil.co.uk', 'ann@example.co.uk')).toBe('unaligned')
    expect(judged('dkim=pass header.d=evil.github.io', 'ann@example.github.io')).toBe('unaligned')
    expect(judged('dkim=pass header.d=example.co.uk', 'ann@mail.example.co.uk')).toBe('pass')
  })

  test('a message without a sender is none that can be confirmed', () => {
    expect(judgeSender(null, [{ method: 'dmarc', result: 'pass', domain: 'example.com' }]).result).toBe('unaligned')
    expect(judgeSender(null, []).result).toBe('none')
  })
})

describe('domains', () => {
  const by = (domain: string, from = 'bob@example.com') =>
    ['dkim', 'spf'].map(method => judgeSender(from, [{ method, result: 'pass', domain }]).result)

  test.each([
    'example.com/.evil.example',
    'example.com#.evil.example',
    'example.com?.evil.example',
    'example.com\\.evil.example',
    'example.com:80.evil.example',
    'example.com:.evil.example',
    'x@example.com',
    'evil.example@example.com',
    'http://example.com',
    'http://example.com/.evil.example',
    '//example.com/.evil.example',
    'x://example.com#.evil.example',
    '[example.com]',
    '[example.com].evil.example',
    'example.com].evil.example',
    'example.com%2f.evil.example',
    'ex%61mple.com',
    'example.com;.evil.example',
    'example.com&.evil.example',
    'example.com,.evil.example',
    'example.com .evil.example',
    ' example.com',
    'example.com\0.evil.example',
    'example.com\n',
    'example.com..',
    'example..com',
    '.example.com',
    '-.example.com',
    '_x.example.com',
    '*.example.com',
    'ｅxample.com',
    'example。com',
    'exam\u00adple.com',
    'example.com\u200b',
    `${'a'.repeat(64)}.example.com`,
    `${'a.'.repeat(130)}example.com`,
    'com',
    '',
    'evil.example',
    'notexample.com',
    'example.com.evil.example',
  ])('%s vouches for nobody at example.com', domain => {
    expect(by(domain)).toEqual(['unaligned', 'unaligned'])
    // Blanks around it are none of it there, and a server may tell an address.
    if (domain !== domain.trim() || domain.endsWith('@example.com')) return
    const { results, malformed } = readAuthenticationResults(
      `mx; dkim=pass header.d=${domain}; spf=pass smtp.mailfrom=${domain}`,
    )
    expect(malformed || /unaligned|none/.test(judgeSender('bob@example.com', results).result)).toBe(true)
  })

  test.each([
    ['example.com', 'bob@example.com'],
    ['EXAMPLE.com.', 'bob@example.com'],
    ['mail.example.com', 'bob@example.com'],
    ['example.com', 'bob@mail.example.com.'],
    ['xn--exmple-cua.com', 'bob@exämple.com'],
    ['exämple.com', 'bob@xn--exmple-cua.com'],
    ['mail.exämple.com', 'bob@EXÄMPLE.com'],
    ['example.co.uk', 'bob@it.example.co.uk'],
    ['foo.github.io', 'bob@mail.foo.github.io'],
  ])('%s vouches for %s', (domain, from) => {
    expect(by(domain, from)).toEqual(['pass', 'pass'])
  })

  test.each(['com', 'co.uk', 'github.io', 'localhost', '1.2.3.4', '[1.2.3.4]', 'xn--55qx5d.cn', '公司.cn'])(
    '%s vouches for nobody, itself included',
    domain => {
      expect(by(domain, `bob@${domain}`)).toEqual(['unaligned', 'unaligned'])
      expect(by(domain, `bob@it.${domain}`)).toEqual(['unaligned', 'unaligned'])
    },
  )
})

describe('what stands far behind, or is miswritten', () => {
  const judged = (value: string) => {
    const { results, malformed } = readAuthenticationResults(value)
    return [judgeSender('bob@example.com', results).result, malformed]
  }
  const PASSED = 'mx; dkim=pass header.d=example.com'
  const FAILED = 'dmarc=fail header.from=example.com'

  test.each([
    ['twenty results', `${PASSED}; ${'dkim=none; '.repeat(20)}${FAILED}`],
    ['a thousand results', `${PASSED}; ${'spf=none; '.repeat(1_000)}${FAILED}`],
    ['20,000 letters', `${PASSED}; x-note=${'a'.repeat(20_000)}; ${FAILED}`],
    ['a comment of 30,000 letters', `${PASSED} (${'a'.repeat(30_000)}); ${FAILED}`],
    ['blanks', `${PASSED};${' '.repeat(50_000)}${FAILED}`],
    ['another verdict', `${PASSED}; dmarc=pass header.from=example.com; ${FAILED}`],
    ['a verdict on another domain', `${PASSED}; dmarc=pass header.from=evil.example; ${FAILED}`],
  ])('dmarc=fail behind %s counts', (_, value) => {
    expect(judged(value)).toEqual(['fail', false])
  })

  test.each([
    `${PASSED} (no end; ${FAILED}`,
    `${PASSED} header.b="no end; ${FAILED}`,
    `${PASSED} (((); ${FAILED}`,
    `${PASSED} fail`,
    `${PASSED} header.d=evil.example`,
    'mx; dkim=pass, header.d=example.com',
    'mx; dkim=pa(x)ss header.d=example.com',
    'mx; dkim=pass= header.d=example.com',
    'mx; dkim==pass header.d=example.com',
    'mx; dkim header.d=example.com',
    'mx; dmarc:pass header.from=example.com',
    'mx; dkim=pass =x header.d=example.com',
    `mx; x=${'a'.repeat(1_000_001)}; dkim=pass header.d=example.com`,
  ])('%# is malformed', value => {
    expect(judged(value)[1]).toBe(true)
  })

  test('what many servers write is not', () => {
    for (const value of [
      'mx.google.com; dkim=pass header.i=@example.com header.s=s1 header.b="AbC/d+e=="; spf=pass (google.com: domain of bob@example.com designates 1.2.3.4 as permitted sender) smtp.mailfrom=bob@example.com; dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=example.com',
      'spf=pass (sender IP is 1.2.3.4) smtp.mailfrom=example.com; dkim=pass (signature was verified) header.d=example.com;dmarc=pass action=none header.from=example.com;compauth=pass reason=100',
      'mx; dmarc=pass(p=REJECT) header.from=example.com',
      'mx; arc=none; dkim=pass (2048-bit key) header.d=example.com header.i=@example.com header.a=rsa-sha256 header.s=s1 header.b=abc/D+e; dkim-atps=neutral; iprev=pass policy.iprev=1.2.3.4 (mx.example.com); x-tls=pass',
      'mx 1; dkim / 1 = pass reason = "good; signature" header.d = example.com',
      'amazonses.com; spf=pass (spfCheck: domain of example.com designates 1.2.3.4 as permitted sender) client-ip=1.2.3.4; envelope-from=bob@example.com; helo=mx.example.com; dkim=pass header.i=@example.com; dmarc=none header.from=example.com;',
      'mx; spf=pass smtp.mailfrom="bob smith"@example.com smtp.helo=mx.example.com',
    ]) {
      expect(judged(value), value).toEqual(['pass', false])
    }
  })

  test('a thousand results are told in a few words', () => {
    const { reasons } = judgeSender(
      'bob@example.com',
      readAuthenticationResults(`mx; ${'spf=none; '.repeat(1_000)}${FAILED}`).results,
    )
    expect(reasons).toHaveLength(20)
    expect(reasons[0]).toBe('dmarc=fail (example.com)')
  })
})
