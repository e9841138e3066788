// What relaydesk inspect shows of a message.
import { readFile, rm, stat } from 'node:fs/promises'
import type { DeliveryFailure, InboundMessage, MailDetails } from '../../../src/channel/message.ts'
import { type QuotedPart, quotedPartsOf } from '../../../src/core/mail/quoted-parts.ts'
import { codeOf, DeskError, sentenceOf } from '../../../src/errors.ts'
import { copyPrivately } from '../../../src/rights.ts'
import type { EmailChannel } from '../adapter.ts'
import { IN_MEMORY } from '../mime/collect.ts'
import type { RawMessage } from '../mime/raw-head.ts'

/** How a message was read, for programs. */
export interface Inspection {
  file: string
  subject: string
  from: { address: string; name: string }
  kind: InboundMessage['kind']
  /** The visible reply. */
  reply: string
  /** The full text. */
  text: string
  attachments: { name: string; type: string; size: number; sha256: string }[]
  bounce: { recipients: DeliveryFailure[] } | null
  /** Why it is of that kind. */
  reasons: string[]
  /** What sort of bulk it is. */
  bulk: InboundMessage['bulk']
  alert: InboundMessage['alert']
  /** The mail that it forwards. */
  forwarded: MailDetails['forwarded']
  /** What was left out of `reply`. */
  cut: QuotedPart[]
  /** Its layout without what could harm; '' for plain text. */
  html: string
  /** Pictures of the layout that lie elsewhere. */
  remotePictures: number
  error: string | null
}

const LONGEST_TEXT = 10_000_000 // characters

const NOTHING = {
  subject: '',
  from: { address: '', name: '' },
  kind: 'person' as const,
  reply: '',
  text: '',
  attachments: [],
  bounce: null,
  reasons: [],
  bulk: null,
  alert: null,
  forwarded: null,
  cut: [],
  html: '',
  remotePictures: 0,
}

/**
 * Reads one file and stores nothing. Never rejects: what is wrong with the file or the message is in `error`; `refuse` is
 * told of a file that is not there or cannot be read, which is no message at all.
 */
export async function inspectFile(
  channel: EmailChannel,
  file: string,
  refuse?: (error: DeskError) => void,
): Promise<Inspection> {
  const spooled: string[] = []
  try {
    const raw = await load(channel, file, spooled)
    const { message, from, bounced, html } = await channel.reader.parse(raw, null, {
      longestText: LONGEST_TEXT,
      html: { remote: false },
    })
    if ('quarantine' in message) return { file, ...NOTHING, error: message.detail }
    const { attachments } = message
    spooled.push(...attachments.flatMap(({ content }) => ('path' in content ? [content.path] : [])))
    return {
      file,
      subject: message.subject,
      from: from ?? NOTHING.from,
      kind: message.kind,
      reply: message.visible,
      text: message.text,
      attachments: attachments.map(({ name, type, content: { size, sha256 } }) => ({ name, type, size, sha256 })),
      bounce: bounced && { recipients: bounced },
      reasons: [...message.kindReasons],
      bulk: message.bulk,
      alert: message.alert,
      forwarded: message.mail.forwarded,
      cut: quotedPartsOf(message.text, message.visible),
      html: html?.html ?? '',
      remotePictures: html?.remote ?? 0,
      error: null,
    }
  } catch (error) {
    if (error instanceof DeskError && error.code === 'no-input') refuse?.(error)
    const sentence = error instanceof DeskError ? error.message : `It cannot be read: ${sentenceOf(error)}.`
    return { file, ...NOTHING, error: sentence }
  } finally {
    await Promise.all(spooled.map(path => rm(path, { force: true })))
  }
}

async function load(channel: EmailChannel, file: string, spooled: string[]): Promise<RawMessage> {
  const found = await stat(file).catch(error => refuseFile(file, error))
  if (found.isDirectory()) throw new DeskError('no-input', `${file} is a folder: name the files in it.`)
  if (found.size <= IN_MEMORY) return { bytes: await readFile(file).catch(error => refuseFile(file, error)) }
  const path = await channel.spoolPath()
  spooled.push(path)
  await copyPrivately(file, path)
  return { path, size: found.size }
}

function refuseFile(file: string, error: unknown): never {
  const code = codeOf(error)
  const sentence = code === 'ENOENT' ? `There is no file ${file}.` : `${file} cannot be read: ${code}.`
  throw new DeskError('no-input', sentence, { cause: error })
}
