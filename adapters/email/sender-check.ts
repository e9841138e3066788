import { Resolver } from 'node:dns/promises'
import { createReadStream } from 'node:fs'
import type { Authentication } from '../../src/channel.ts'
import { judgeSender, type MethodResult } from '../../src/core/authentication.ts'
import { UNKNOWN } from '../../src/core/sender.ts'
import type { RawMessage } from './head.ts'
import type { AuthenticationSettings } from './settings.ts'

const QUERY_MS = 2_000
const TRIES = 2
const SLOWEST_MS = 10_000
const MOST_SIGNATURES = 5
const UNSURE: Authentication = { result: 'unaligned', reasons: ['it could not be checked'] }
const MOST_QUERIES = 60 // of one message; SPF alone allows ten (RFC 7208 section 4.6.4)

/** Who handed a message over. */
export interface Client {
  /** Address of the other side of the connection. */
  ip: string
  /** What it called itself. */
  helo: string
  /** Envelope sender, '' for none. */
  sender: string
}

/** Checks DKIM, SPF and DMARC of messages that no trusted server has checked (RFC 6376, 7208, 7489). */
export class SenderCheck {
  readonly #resolver = new Resolver({ timeout: QUERY_MS, tries: TRIES })

  constructor({ dns }: Pick<AuthenticationSettings, 'dns'>) {
    if (dns !== undefined) this.#resolver.setServers([dns])
  }

  /**
   * Never rejects. `client` is whoever handed it over from the internet; null where a server of ours or a mailbox did:
   * then nothing but signatures says anything, since it hands on what others wrote.
   */
  async check(raw: RawMessage, from: string | null, client: Client | null): Promise<Authentication> {
    const signatures = await signaturesOf(raw)
    if (!client && signatures === 0) return UNKNOWN
    // Whoever sends must not be able to choose that nothing is found out.
    const unsure = client ? UNSURE : UNKNOWN
    if (signatures > MOST_SIGNATURES) return unsure
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<Authentication>(resolve => {
      timer = setTimeout(() => resolve(unsure), SLOWEST_MS)
    })
    try {
      return await Promise.race([this.#ask(raw, from, client), late])
    } catch {
      return unsure
    } finally {
      clearTimeout(timer)
    }
  }

  async #ask(raw: RawMessage, from: string | null, client: Client | null): Promise<Authentication> {
    const { authenticate } = await import('mailauth')
    const input = 'bytes' in raw ? Buffer.from(raw.bytes) : createReadStream(raw.path)
    const { dkim, spf, dmarc } = await authenticate(input, {
      ...(client ?? {}),
      resolver: this.#asking(),
      trustReceived: false,
      disableArc: true,
      disableBimi: true,
    })
    const results: MethodResult[] = [
      ...(dmarc ? [{ method: 'dmarc', result: dmarc.status.result, domain: dmarc.domain ?? '' }] : []),
      ...(dkim?.results ?? []).map(each => ({
        method: 'dkim',
        result: each.status.result,
        domain: each.signingDomain ?? '',
      })),
      ...(spf ? [{ method: 'spf', result: spf.status.result, domain: spf.domain ?? '' }] : []),
    ]
    const judged = judgeSender(from, results)
    // Who passes on what others wrote has broken no promise of theirs.
    return client || judged.result === 'pass' ? judged : { ...judged, result: 'none' }
  }

  #asking(): (name: string, type: string) => Promise<string[] | string[][]> {
    let asked = 0
    return (name, type) => {
      asked += 1
      if (asked > MOST_QUERIES) throw Object.assign(new Error('Too many queries.'), { code: 'ESERVFAIL' })
      return this.#resolver.resolve(name, type as 'TXT') // mailauth knows what each type gives
    }
  }
}

/** How many signatures stand in its head. */
async function signaturesOf(raw: RawMessage): Promise<number> {
  const start = 'bytes' in raw ? raw.bytes.subarray(0, 256 * 1024) : await startOf(raw.path)
  const head =
    Buffer.from(start)
      .toString('latin1')
      .split(/\r?\n\r?\n/, 1)[0] ?? ''
  return head.match(/^dkim-signature[ \t]*:/gim)?.length ?? 0
}

async function startOf(path: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of createReadStream(path, { end: 256 * 1024 })) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
