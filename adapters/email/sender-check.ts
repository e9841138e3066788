import { Resolver } from 'node:dns/promises'
import { createReadStream } from 'node:fs'
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { Authentication } from '../../src/channel.ts'
import { judgeSender, type MethodResult, UNKNOWN } from '../../src/core/authentication.ts'
import type { RawMessage } from './head.ts'
import type { AuthenticationSettings } from './settings.ts'

const QUERY_MS = 2_000
const TRIES = 2
const SLOWEST_MS = 10_000
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
   * Never rejects: of what cannot be found out, e.g. because no name server answers, nothing is known. Of a client in
   * a private network nothing but signatures says anything, since it hands on what others wrote.
   */
  async check(raw: RawMessage, from: string | null, client: Client | null): Promise<Authentication> {
    const outside = client !== null && isPublic(client.ip) ? client : null
    if (!outside && !(await isSigned(raw))) return UNKNOWN
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<Authentication>(resolve => {
      timer = setTimeout(() => resolve(UNKNOWN), SLOWEST_MS)
    })
    try {
      return await Promise.race([this.#ask(raw, from, outside), late])
    } catch {
      return UNKNOWN
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

/** Whether an address is one of the internet. */
export function isPublic(ip: string): boolean {
  if (isIP(ip) === 0) return false
  return ipaddr.process(ip).range() === 'unicast'
}

const SIGNED = /^dkim-signature[ \t]*:/im

async function isSigned(raw: RawMessage): Promise<boolean> {
  const start = 'bytes' in raw ? raw.bytes.subarray(0, 256 * 1024) : await startOf(raw.path)
  return SIGNED.test(
    Buffer.from(start)
      .toString('latin1')
      .split(/\r?\n\r?\n/, 1)[0] ?? '',
  )
}

async function startOf(path: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of createReadStream(path, { end: 256 * 1024 })) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
