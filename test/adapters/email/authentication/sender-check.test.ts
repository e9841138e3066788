import { generateKeyPairSync } from 'node:crypto'
import { createTransport } from 'nodemailer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SenderCheck } from '../../../../adapters/email/authentication/sender-check.ts'
import { DnsServer } from '../../../support/servers/dns-server.ts'

const OUTSIDE = { ip: '45.33.1.1', helo: 'mx.example.com', sender: 'ann@example.com' }
const INSIDE = null

describe('DKIM, SPF and DMARC, with name servers of our own', () => {
  const dns = new DnsServer()
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
  let check: SenderCheck

  beforeAll(async () => {
    check = new SenderCheck({ dns: await dns.start() })
    const key = keys.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
    dns.texts.set('s1._domainkey.example.com', `v=DKIM1; k=rsa; p=${key}`)
    dns.texts.set('s1._domainkey.evil.example', `v=DKIM1; k=rsa; p=${key}`)
    dns.texts.set('example.com', 'v=spf1 ip4:45.33.1.1 -all')
    dns.texts.set('_dmarc.example.com', 'v=DMARC1; p=reject')
    dns.texts.set('evil.example', 'v=spf1 +all')
  })

  afterAll(() => dns.stop())

  async function mail(domain: string | null, from = 'ann@example.com'): Promise<Buffer> {
    const privateKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' })
    const dkim = domain === null ? {} : { dkim: { domainName: domain, keySelector: 's1', privateKey } }
    const { message } = await transport.sendMail({
      from,
      to: 'help@desk.example',
      subject: 'VPN',
      text: 'It drops.',
      ...dkim,
    })
    return message as Buffer
  }

  const result = async (bytes: Buffer, client: typeof OUTSIDE | null) =>
    (await check.check({ bytes }, 'ann@example.com', client)).result

  test('signed by its domain', async () => {
    expect(await result(await mail('example.com'), OUTSIDE)).toBe('pass')
    expect(await result(await mail('example.com'), INSIDE)).toBe('pass')
  })

  test('sent from where its domain sends', async () => {
    expect(await result(await mail(null), OUTSIDE)).toBe('pass')
  })

  test('sent from elsewhere, or signed by another, against what its domain asks for', async () => {
    expect(await result(await mail(null), { ...OUTSIDE, ip: '45.33.9.9' })).toBe('fail')
    expect(await result(await mail('evil.example'), { ...OUTSIDE, ip: '45.33.9.9', sender: 'x@evil.example' })).toBe(
      'fail',
    )
  })

  test('the same against a domain that only watches', async () => {
    dns.texts.set('_dmarc.example.com', 'v=DMARC1; p=none')
    try {
      expect(await result(await mail(null), { ...OUTSIDE, ip: '45.33.9.9' })).toBe('unaligned')
      expect(await result(await mail('example.com'), OUTSIDE)).toBe('pass')
    } finally {
      dns.texts.set('_dmarc.example.com', 'v=DMARC1; p=reject')
    }
  })

  test('changed on its way', async () => {
    const changed = Buffer.from((await mail('example.com')).toString().replace('It drops.', 'Pay here.'))
    expect(await result(changed, { ...OUTSIDE, ip: '45.33.9.9' })).toBe('fail')
    expect(await result(changed, INSIDE)).toBe('none')
  })

  test('of what a server of ours hands on without a signature nothing is asked', async () => {
    dns.asked.length = 0
    expect(await result(await mail(null), INSIDE)).toBe('none')
    expect(dns.asked).toEqual([])
  })

  test('no name server: it ends, and who sends cannot gain by it', async () => {
    const alone = new SenderCheck({ dns: '127.0.0.1:9' })
    const bytes = await mail('example.com')
    expect((await alone.check({ bytes }, 'ann@example.com', OUTSIDE)).result).toBe('unaligned')
    expect((await alone.check({ bytes }, 'ann@example.com', INSIDE)).result).toBe('none')
    const many = Buffer.concat([Buffer.from('DKIM-Signature: v=1\r\n'.repeat(20)), bytes])
    expect((await check.check({ bytes: many }, 'ann@example.com', OUTSIDE)).result).toBe('unaligned')
  })
})
