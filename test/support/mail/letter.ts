import { SmtpTalk } from '../servers/smtp-talk.ts'

/** A mail field by field, as somebody writes it who keeps to no rule. */
export interface Letter {
  /** The field From as it stands, '' for none. A stranger's unless told. */
  from?: string
  subject?: string
  /** Fields above all others, as servers put them there. */
  top?: readonly string[]
  /** Further fields, each as it stands. One of them may replace To, Date or Message-ID. */
  head?: readonly string[]
  text?: string | Buffer
  /** Content-Type of the text, or of all parts. */
  type?: string
  /** Parts: the lines of each, its own fields first. */
  parts?: readonly (string | Buffer)[]
  /** On the envelope; the address in From unless told. */
  sender?: string
  recipients?: readonly string[]
}

export const STRANGER = 'x@evil.example'
const BOUNDARY = 'boundary-of-a-test'
const CRLF = '\r\n'

let count = 0

/** The bytes of a letter; all that is not given is as in any mail. */
export function writeLetter(letter: Letter, date: Date): Buffer {
  count += 1
  const { from = STRANGER, subject = `Question ${count}`, top = [], head = [], text = 'Please help.\r\n' } = letter
  const own = (field: string) =>
    head.some(each => each.toLowerCase().startsWith(`${field.split(':')[0]}:`.toLowerCase()))
  const usual = [
    `To: help@desk.example`,
    `Date: ${date.toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <letter-${count}@sender.example>`,
    'MIME-Version: 1.0',
    `Content-Type: ${typeOf(letter)}`,
  ]
  const fields = [
    ...top,
    ...(from ? [`From: ${from}`] : []),
    `Subject: ${subject}`,
    ...usual.filter(field => !own(field)),
    ...head.filter(field => field !== ''),
  ]
  return Buffer.concat([Buffer.from(`${fields.join(CRLF)}${CRLF}${CRLF}`), bodyOf(letter, text)])
}

function typeOf({ type, parts }: Letter): string {
  if (!parts) return type ?? 'text/plain; charset=utf-8'
  return `${type ?? 'multipart/mixed'}; boundary="${BOUNDARY}"`
}

function bodyOf({ parts }: Letter, text: string | Buffer): Buffer {
  if (!parts) return lined(text)
  const between = Buffer.from(`${CRLF}--${BOUNDARY}${CRLF}`)
  const bodies = parts.flatMap(part => [between, lined(part)])
  return Buffer.concat([...bodies, Buffer.from(`${CRLF}--${BOUNDARY}--${CRLF}`)])
}

/** Line ends as mail has them; bytes stay as they are. */
function lined(text: string | Buffer): Buffer {
  return typeof text === 'string' ? Buffer.from(text.replace(/\r?\n/g, CRLF)) : text
}

/** A part of text. */
export function textPart(text: string): string {
  return `Content-Type: text/plain; charset=utf-8\r\n\r\n${text}`
}

/** A file, its fields as they stand. */
export function filePart(fields: readonly string[], content: string | Buffer): string {
  const base64 = Buffer.from(content as string)
    .toString('base64')
    .replace(/.{76}(?=.)/g, `$&${CRLF}`)
  return [...fields, 'Content-Transfer-Encoding: base64', '', base64].join(CRLF)
}

/** The address that a field From seems to name. */
export function addressIn(from: string): string {
  return /<([^<>]*)>[^<>]*$/.exec(from)?.[1] ?? from.trim()
}

/** Hands bytes over by SMTP as they are; gives what the desk says in the end. */
export async function handOver(
  port: number,
  raw: Buffer,
  sender: string,
  recipients: readonly string[],
): Promise<string> {
  const talk = new SmtpTalk(port)
  try {
    const ready = await talk.open('EHLO', sender, ...recipients)
    if (!ready.startsWith('354')) return ready
    talk.write(Buffer.from(raw.toString('latin1').replace(/^\./gm, '..'), 'latin1'))
    talk.write(raw.subarray(-2).toString('latin1') === CRLF ? '' : CRLF)
    return await talk.say('.')
  } finally {
    talk.end()
  }
}

/** What a server of ours writes that looked at a mail. */
export function checkedBy(server: string, results: string): string[] {
  return [`Authentication-Results: ${server}; ${results}`, `Received: from client.example by ${server} with ESMTP`]
}
