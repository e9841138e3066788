import { describe, expect, test } from 'vitest'
import { judgeSender, readAuthenticationResults } from '../../src/core/authentication.ts'

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
