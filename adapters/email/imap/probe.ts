// Finds out what answers behind a host and port.
import { readFileSync } from 'node:fs'
import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { codeOf, sentenceOf } from '../../../src/errors.ts'
import type { ImapSettings } from '../settings.ts'

const CONNECT_MS = 10_000
const HANDSHAKE_MS = 8_000
const PROMPT_MS = 2_000 // most servers greet at once
const SLOW_MS = 10_000 // some keep a stranger waiting
const ANSWER_MS = 10_000

/** What was found behind a host and port: a server that speaks IMAP as configured, or what is wrong, as advice. */
export type ProbeResult = { trouble: string } | { tls: TLSSocket | undefined }

/**
 * Tries whether IMAP is spoken there as configured, TLS included, whether or not its certificate is trusted. Whoever
 * asked ends the socket it gives.
 */
export async function probe(settings: ImapSettings): Promise<ProbeResult> {
  if (settings.ca !== undefined) {
    try {
      readFileSync(settings.ca)
    } catch (error) {
      return { trouble: `the file ${settings.ca} cannot be read (${codeOf(error)}): correct imap.ca.` }
    }
  }
  try {
    return settings.security === 'tls' ? await reachByTls(settings) : await reachInTheClear(settings)
  } catch (error) {
    return { trouble: networkAdvice(error, settings) }
  }
}

async function reachByTls(settings: ImapSettings): Promise<ProbeResult> {
  const plain = await openPlain(settings)
  let secured: TLSSocket
  try {
    secured = await upgrade(plain, settings)
  } catch (error) {
    plain.destroy()
    const greeting = await greetingInTheClear(settings, PROMPT_MS)
    if (greeting === null) {
      return {
        trouble: `something listens there, but does not speak TLS (${sslReason(error)}): check imap.host and port; IMAP with TLS is on port 993.`,
      }
    }
    return {
      trouble:
        wrongService(greeting, 'port 993') ??
        'there is an IMAP server, but it does not use TLS from the start: write security: starttls, or port 993.',
    }
  }
  const greeting = await readUntil(secured, hasLine, SLOW_MS)
  const trouble = greeting === '' ? silent(settings) : wrongService(greeting, 'port 993')
  if (trouble === undefined) return { tls: secured }
  secured.destroy()
  return { trouble }
}

async function reachInTheClear(settings: ImapSettings): Promise<ProbeResult> {
  const socket = await openPlain(settings)
  let greeting = await readUntil(socket, hasLine, PROMPT_MS)
  if (greeting === '' && (await greetsByTls(settings))) {
    socket.destroy()
    return {
      trouble: `the server uses TLS from the start: write security: tls, or port 143 for security: ${settings.security}.`,
    }
  }
  if (greeting === '') greeting = await readUntil(socket, hasLine, SLOW_MS)
  const trouble = greeting === '' ? silent(settings) : wrongService(greeting, 'port 143')
  if (trouble !== undefined || settings.security === 'plain') {
    socket.destroy()
    return trouble === undefined ? { tls: undefined } : { trouble }
  }
  socket.write('a1 CAPABILITY\r\n')
  const capabilities = await readUntil(socket, hasAnswer('a1'), ANSWER_MS)
  if (!/\bSTARTTLS\b/i.test(capabilities)) {
    socket.destroy()
    return {
      trouble:
        'the server offers no STARTTLS on this port: write security: tls and port 993, or security: plain if you trust the network with the password.',
    }
  }
  socket.write('a2 STARTTLS\r\n')
  const answer = await readUntil(socket, hasAnswer('a2'), ANSWER_MS)
  try {
    if (!/^a2 OK/im.test(answer)) throw new Error(lastLine(answer))
    return { tls: await upgrade(socket, settings) }
  } catch (error) {
    socket.destroy()
    return {
      trouble: `STARTTLS failed (${sslReason(error)}): write security: tls and port 993, or ask the administrator of the server.`,
    }
  }
}

function openPlain({ host, port }: ImapSettings): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectPlain({ host, port })
    const late = setTimeout(() => {
      socket.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }))
    }, CONNECT_MS)
    socket.once('connect', () => {
      clearTimeout(late)
      socket.off('error', reject)
      socket.on('error', () => undefined)
      resolve(socket)
    })
    socket.once('error', error => {
      clearTimeout(late)
      reject(error)
    })
  })
}

/** A handshake that any certificate passes; what is wrong with it is looked at afterwards. */
function upgrade(socket: Socket, { host, ca }: ImapSettings): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const secured = connectTls({
      socket,
      host,
      ...(isIP(host) ? {} : { servername: host }),
      ...(ca === undefined ? {} : { ca: readFileSync(ca) }),
      rejectUnauthorized: false,
    })
    const late = setTimeout(() => secured.destroy(new Error('no answer')), HANDSHAKE_MS)
    secured.once('secureConnect', () => {
      clearTimeout(late)
      resolve(secured)
    })
    secured.on('error', error => {
      clearTimeout(late)
      reject(error)
    })
    secured.once('close', () => {
      clearTimeout(late)
      reject(new Error('the connection was closed'))
    })
  })
}

async function greetingInTheClear(settings: ImapSettings, within: number): Promise<string | null> {
  const socket = await openPlain(settings)
  const greeting = await readUntil(socket, hasLine, within)
  socket.destroy()
  return greeting || null
}

async function greetsByTls(settings: ImapSettings): Promise<boolean> {
  const socket = await openPlain(settings)
  try {
    await upgrade(socket, settings)
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** What came until it is enough, the connection ended, or the time is over; '' for nothing. */
function readUntil(socket: Socket, enough: (text: string) => boolean, within: number): Promise<string> {
  return new Promise(resolve => {
    let text = ''
    const end = () => {
      clearTimeout(late)
      socket.off('data', read)
      socket.off('close', end)
      socket.pause()
      resolve(text)
    }
    const read = (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (enough(text) || text.length > 65_536) end()
    }
    const late = setTimeout(end, within)
    socket.on('data', read)
    socket.once('close', end)
    socket.resume() // it was paused by an earlier reading
    if (socket.destroyed) end()
  })
}

const hasLine = (text: string) => text.includes('\n')
const hasAnswer = (tag: string) => (text: string) => new RegExp(`^${tag} [^\n]*\n`, 'm').test(text)

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() || 'no answer'
}

/** Undefined for a greeting of IMAP (RFC 3501 section 7.1). */
function wrongService(greeting: string, port: string): string | undefined {
  const line = greeting.split('\n')[0]?.trim().slice(0, 120) ?? ''
  if (/^\* (OK|PREAUTH)\b/i.test(line)) return undefined
  if (/^\* BYE\b/i.test(line))
    return `the server turns everybody away ("${line}"): try again later, or ask its administrator.`
  if (/^220[ -]/.test(line))
    return `a server for sending mail (SMTP) answers there ("${line}"): for IMAP write ${port}.`
  if (/^\+OK\b/.test(line)) return `a POP3 server answers there ("${line}"): for IMAP write ${port}.`
  return `there is no IMAP server there ("${line}"): check imap.host, and write ${port}.`
}

function silent({ host, port }: ImapSettings): string {
  return `something listens on port ${port} of ${host} but does not answer: check imap.host, port and security (993 with tls, 143 with starttls).`
}

/** OpenSSL's own word for it. */
function sslReason(error: unknown): string {
  return (error as { reason?: string }).reason ?? sentenceOf(error)
}

function networkAdvice(error: unknown, { host, port }: ImapSettings): string {
  const code = codeOf(error)
  if (code === 'ENOTFOUND') return `there is no host named ${host}: check the spelling of imap.host.`
  if (code === 'EAI_AGAIN') return `no name server answers: check the network of this machine, then the name ${host}.`
  if (code === 'ECONNREFUSED') {
    return `nothing listens on port ${port} of ${host}: write port 993 with security: tls, or 143 with starttls; else IMAP is switched off there.`
  }
  if (code === 'ECONNRESET')
    return `${host} closed the connection at once: check imap.port, or whether a firewall is in the way.`
  return `${host} does not answer on port ${port} (${code || sentenceOf(error)}): check imap.host and port, and let the firewall allow connections to it.`
}
