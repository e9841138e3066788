// Whether a request is Slack's: https://docs.slack.dev/authentication/verifying-requests-from-slack
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

const OLD_S = 300
const AHEAD_S = 60 // a clock may be a little off

/** When and how a request says that it was signed. */
export interface Signature {
  /** Seconds since 1970, as written. */
  time: string
  digest: Buffer
}

/** The signature that the head of a request names; a sentence without its full stop where it cannot be Slack's. */
export function signatureIn(headers: IncomingHttpHeaders): Signature | string {
  const { 'x-slack-request-timestamp': time, 'x-slack-signature': signature } = headers
  if (time === undefined || signature === undefined) return 'it is not signed'
  const [, digest] = /^v0=([0-9a-f]{64})$/.exec(String(signature)) ?? []
  if (digest === undefined) return 'its signature is invalid'
  if (!/^\d{1,12}$/.test(String(time))) return 'its time is invalid'
  const age = Date.now() / 1000 - Number(time)
  if (age > OLD_S || age < -AHEAD_S) return 'its time differs from the clock of this machine'
  return { time: String(time), digest: Buffer.from(digest, 'hex') }
}

/** Whether it holds for what came, byte by byte. */
export function signs({ time, digest }: Signature, body: Uint8Array, secret: string): boolean {
  return timingSafeEqual(digest, createHmac('sha256', secret).update(`v0:${time}:`).update(body).digest())
}

/**
 * Slack tries the certificate from time to time without a signature, and reads nothing but the status:
 * https://docs.slack.dev/interactivity/implementing-slash-commands
 */
export function isCheckOfCertificate(body: Buffer): boolean {
  return /(?:^|&)ssl_check=1(?:&|$)/.test(body.toString('latin1'))
}
