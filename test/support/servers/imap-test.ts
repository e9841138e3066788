import { readFile } from 'node:fs/promises'
import { ImapFlow } from 'imapflow'
import { afterEach, expect } from 'vitest'
import type { TestDesk } from '../desk.ts'
import { arrivalsOf, deskOn, type MailboxDeskOptions } from '../mail/mailbox-desk.ts'
import { type CuttingProxy, type Overhears, startProxy } from './cutting-proxy.ts'
import { type Dovecot, startDovecot } from './dovecot.ts'
import type { DovecotOptions } from './dovecot-config.ts'

/** Makes what a test on a mailbox needs; all of it is gone after the test, last made first. */
export interface ImapTest {
  server(options?: DovecotOptions): Promise<Dovecot>
  desk(dovecot: Dovecot, options?: MailboxDeskOptions): Promise<TestDesk>
  proxy(port: number, before?: Overhears): Promise<CuttingProxy>
  /** Somebody else who looks into the mailbox of `support`, with its INBOX open. */
  colleague(dovecot: Dovecot): Promise<ImapFlow>
  /** Something of the test's own that ends with it. */
  afterwards(end: () => Promise<void> | void): void
}

/** Call it once in a test file. */
export function imapTest(): ImapTest {
  const ends: (() => Promise<void> | void)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })
  return {
    async server(options) {
      const dovecot = await startDovecot(options)
      ends.push(() => dovecot.remove())
      return dovecot
    },
    async desk(dovecot, options) {
      const made = await deskOn(dovecot, options)
      ends.push(() => made.remove())
      return made
    },
    async proxy(port, before) {
      const made = await startProxy(port, before)
      ends.push(() => made.stop())
      return made
    },
    async colleague(dovecot) {
      const client = new ImapFlow({
        host: 'localhost',
        port: dovecot.imapsPort,
        secure: true,
        auth: { user: 'support', pass: 'secret' },
        tls: { ca: await readFile(dovecot.certFile) },
        logger: false,
      })
      client.on('error', () => undefined)
      ends.push(() => client.close())
      await client.connect()
      await client.mailboxOpen('INBOX')
      return client
    },
    afterwards: end => void ends.push(end),
  }
}

/** Subjects of so many mails. */
export function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `Mail ${n + 1}`)
}

/** Each of these came once, in this order, and nothing else did. */
export async function expectOnce(desk: TestDesk, subjects: string[]): Promise<void> {
  const rows = await arrivalsOf(desk)
  expect(rows.map(row => row.subject)).toEqual(subjects)
  expect(rows.filter(row => row.outcome === 'duplicate')).toEqual([])
  await desk.expectSound()
}
