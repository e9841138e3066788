import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SenderJudge } from '../../../../adapters/email/authentication/sender-judge.ts'
import type { JudgeTask } from '../../../../adapters/email/read/worker.ts'
import { makeDesk, type TestDesk } from '../../../support/desk.ts'
import { eventually } from '../../../support/eventually.ts'
import { handOver } from '../../../support/mail/letter.ts'
import { alarmsOf, arrivalsOf } from '../../../support/mail/mailbox-desk.ts'
import { DomainKey, type Signing } from '../../../support/mail/signed-mail.ts'
import { patience } from '../../../support/patience.ts'
import { DnsServer } from '../../../support/servers/dns-server.ts'

const NOW = new Date('2026-12-01T10:00:00Z').getTime()
const OUTSIDE = { ip: '45.33.9.9', helo: 'mx.evil.example', sender: 'mallory@evil.example' }
const FIELDS = ['From: Bob <bob@example.com>', 'To: help@desk.example', 'Subject: VPN', 'MIME-Version: 1.0']

const key = new DomainKey()
const dns = new DnsServer()
let server: string
let folder: string

beforeAll(async () => {
  server = await dns.start()
  folder = await mkdtemp(join(tmpdir(), 'judge-'))
  for (const domain of ['example.com', 'silent.example']) key.publish(dns, domain)
  dns.texts.set('_dmarc.example.com', 'v=DMARC1; p=reject')
})

afterAll(async () => {
  await dns.stop()
  await rm(folder, { recursive: true, force: true })
})

function written(text: string, from = FIELDS[0]): string {
  const type = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit'
  const id = `Message-ID: <${text.length}-${from?.length}@example.com>`
  return [from, ...FIELDS.slice(1), type, id, '', text].join('\r\n')
}

async function signed(text: string, how: Signing = {}): Promise<Buffer> {
  return Buffer.from(await key.sign(written(text), how), 'latin1')
}

function task(raw: JudgeTask['raw'], more: Partial<JudgeTask> = {}): JudgeTask {
  return { raw, from: 'bob@example.com', client: OUTSIDE, options: { dns: server, now: NOW }, ...more }
}

describe('a sender', () => {
  test('is judged in another thread', async () => {
    const judge = new SenderJudge()
    expect(await judge.judge(task({ bytes: await signed('It drops.\r\n') }))).toMatchObject({ result: 'pass' })
    expect(await judge.judge(task({ bytes: Buffer.from(written('It drops.\r\n')) }))).toMatchObject({ result: 'fail' })
    await judge.close()
  })

  test('whose name servers are silent holds up nobody behind it', async () => {
    const judge = new SenderJudge()
    const bytes = await signed('It drops.\r\n')
    await judge.judge(task({ bytes })) // the thread is there
    dns.silent.add('s1._domainkey.silent.example')
    const slow = judge.judge(task({ bytes: await signed('It drops.\r\n', { domain: 'silent.example' }) }))
    await eventually(() => dns.asked.some(each => each.includes('silent.example')), 'its name server was asked')
    const first = await Promise.race([slow.then(() => 'slow'), judge.judge(task({ bytes })).then(() => 'fast')])
    expect(first).toBe('fast')
    expect(await slow).toMatchObject({ result: 'fail' })
    await judge.close()
  })

  test('on whom the thread hangs is confirmed by nobody, and all others are', async () => {
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    const judge = new SenderJudge(patience(1_500))
    const hanging = judge.judge(task({ path: pipe, size: 1 }))
    const other = judge.judge(task({ bytes: await signed('It drops.\r\n') }))
    expect(await other).toMatchObject({ result: 'pass' })
    expect(await hanging).toEqual({ result: 'unaligned', reasons: ['it could not be checked'] })
    // Whoever waits at the other end lets go of what the threads still wait for.
    await writeFile(pipe, '', { flag: 'r+' })
    await judge.close()
  })

  test('with signatures that end all over a large text in a file is judged at once', async () => {
    const judge = new SenderJudge()
    const text = `${'x'.repeat(2_000_000)}\r\n`
    let mail = written(text)
    for (const length of [1, 2, 3, 1_000_000]) mail = await key.sign(mail, { length })
    const path = join(folder, 'large')
    await writeFile(path, mail, 'latin1')
    const found = await judge.judge(task({ path, size: mail.length }))
    expect(found.result).toBe('fail')
    expect(found.reasons.join()).toContain('it covers only the beginning of the text')
    await writeFile(path, await key.sign(written(text)), 'latin1')
    expect(await judge.judge(task({ path, size: mail.length }))).toMatchObject({ result: 'pass' })
    await judge.close()
  })

  test.each([
    ['names of fields', 'h=from', `h=from${':x'.repeat(600)}`],
    ['a signature', 'b=', `b=${'A'.repeat(10_000)}`],
  ])('with more %s than anybody writes is confirmed by nobody', async (_, what, instead) => {
    const judge = new SenderJudge()
    const line = `DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=evil.example; s=s1; h=from; bh=AAAA; b=`
    const mail = `${line.replace(what, instead)}\r\n${await key.sign(written('It drops.\r\n'))}`
    expect(await judge.judge(task({ bytes: Buffer.from(mail, 'latin1') }))).toMatchObject({ result: 'unaligned' })
    await judge.close()
  })
})

describe('a large mail', () => {
  let desk: TestDesk

  beforeAll(async () => {
    desk = await makeDesk('sqlite', { maildir: 'mail' }, { authentication: { dns: server } })
  })

  afterAll(() => desk.remove())

  test('is confirmed by its signature as any other', async () => {
    const date = `Date: ${new Date().toUTCString()}`
    const text = `${'A line of a long text.\r\n'.repeat(60_000)}`
    const mail = await key.sign(`${date}\r\n${written(text)}`)
    expect(mail.length).toBeGreaterThan(1024 * 1024)
    expect(await handOver(desk.port, Buffer.from(mail, 'latin1'), 'bob@example.com', ['help@desk.example'])).toMatch(
      /^250/,
    )
    expect(await alarmsOf(desk)).toEqual([])
    const [arrival] = await arrivalsOf(desk)
    expect(arrival).toMatchObject({ outcome: 'opened' })
    expect((await desk.as('bob', 'explain M-1')).text).toContain('dkim=pass (example.com)')
  })
})
