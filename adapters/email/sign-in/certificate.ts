// What to write where a server shows a certificate that nobody vouches for.
import { isIP } from 'node:net'
import { checkServerIdentity, type DetailedPeerCertificate, type TLSSocket } from 'node:tls'
import type { Finding } from '../../../src/channel/adapter.ts'

const DAY_MS = 24 * 60 * 60_000
const SOON_DAYS = 14

/** Where a certificate was shown, and the words for it in the configuration. */
export interface CertificateOrigin {
  host: string
  port: number
  /** The protocol in which STARTTLS was said, if it was. */
  starttls?: 'imap' | 'smtp'
  /** File that is trusted already. */
  ca: string | undefined
  /** Part of the configuration, such as `imap`. */
  settings: string
}

/** Whether a server's certificate is trusted, and how it can be. */
export function checkCertificate(socket: TLSSocket, shown: CertificateOrigin, now: Date): Finding {
  const certificate = socket.getPeerCertificate(true)
  const what = `the certificate of ${shown.host} is trusted`
  const code = socket.authorizationError === null ? '' : String(socket.authorizationError ?? '')
  const until = new Date(certificate.valid_to)
  if (socket.authorized || code === '') {
    const days = Math.floor((until.getTime() - now.getTime()) / DAY_MS)
    const soon = days < SOON_DAYS ? { advice: `it expires in ${days} days: make sure that it is renewed.` } : {}
    return { what: `${what} (until ${day(until)})`, ok: true, ...soon }
  }
  return { what, ok: false, advice: certificateAdvice(code, certificate, shown, now) }
}

function certificateAdvice(
  code: string,
  certificate: DetailedPeerCertificate,
  shown: CertificateOrigin,
  now: Date,
): string {
  const { host, settings } = shown
  const from = new Date(certificate.valid_from)
  const until = new Date(certificate.valid_to)
  if (code === 'CERT_HAS_EXPIRED') {
    return `it expired on ${day(until)}: the administrator of ${host} must renew it (today is ${day(now)}; if that is wrong, set the clock).`
  }
  if (code === 'CERT_NOT_YET_VALID') {
    return `it is valid from ${from.toISOString()}, but here it is ${now.toISOString()}: set the clock of this machine.`
  }
  const mismatch = checkServerIdentity(host, certificate) !== undefined
  const names = namesOf(certificate)
  const named = names.length > 0 ? names.slice(0, 5).join(', ') : 'nobody'
  const rename = `it is for ${named}, not for ${host}: write one of its names as ${settings}.host.`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return rename
  return `${trustAdvice(code, certificate, shown)}${mismatch ? ` And ${rename}` : ''}`
}

function trustAdvice(code: string, certificate: DetailedPeerCertificate, shown: CertificateOrigin): string {
  const { ca, settings } = shown
  const issuer = String(certificate.issuer?.O ?? certificate.issuer?.CN ?? 'an unknown issuer')
  const trusted = ca === undefined ? '' : `${ca} does not vouch for it. `
  if (code === 'DEPTH_ZERO_SELF_SIGNED_CERT' || code === 'SELF_SIGNED_CERT_IN_CHAIN') {
    const kind =
      code === 'DEPTH_ZERO_SELF_SIGNED_CERT'
        ? 'it is self-signed'
        : `it is from a private authority (${issuer}) that this machine does not know`
    return `${trusted}${kind}. To trust it, run ${fetchLine(shown)} and write ${settings}.ca: mail-server.pem. First ask the administrator of the server whether its SHA-256 fingerprint is ${certificate.fingerprint256}.`
  }
  if (/ISSUER|VERIFY_LEAF/.test(code)) {
    return `${trusted}it is from ${issuer}, which this machine does not know. Get the certificate of that authority (PEM) from the administrator of the server, put it into a file, and write ${settings}.ca: FILE.`
  }
  return `${trusted}it is refused (${code}): ask the administrator of the server for another one.`
}

/** Writes all that the server shows into a file. */
export function fetchLine({ host, port, starttls }: Pick<CertificateOrigin, 'host' | 'port' | 'starttls'>): string {
  const address = isIP(host) === 6 ? `[${host}]` : host
  const upgrade = starttls ? ` -starttls ${starttls}` : ''
  const name = isIP(host) ? '' : ` -servername ${host}`
  return `"openssl s_client -connect ${address}:${port}${upgrade}${name} -showcerts </dev/null | sed -n '/BEGIN CERT/,/END CERT/p' > mail-server.pem"`
}

function namesOf({ subjectaltname, subject }: DetailedPeerCertificate): string[] {
  const listed = (subjectaltname ?? '').split(', ').map(name => name.replace(/^(DNS|IP Address):/, ''))
  const names = listed.filter(Boolean)
  return names.length > 0 ? names : [subject?.CN].flat().filter((name): name is string => Boolean(name))
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10)
}
