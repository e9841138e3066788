import { copyFile, readFile, rm, stat } from 'node:fs/promises'
import type { DeliveryFailure, InboundMessage } from '../../src/channel.ts'
import { sentenceOf } from '../../src/errors.ts'
import type { EmailChannel } from './adapter.ts'
import { IN_MEMORY } from './collect.ts'
import type { RawMessage } from './head.ts'

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
}

/** Reads one file and stores nothing. Never rejects: what is wrong with the file or the message is in `error`. */
export async function inspectFile(channel: EmailChannel, file: string): Promise<Inspection> {
  const spooled: string[] = []
  try {
    const raw = await load(channel, file, spooled)
    const { message, from, bounced } = await channel.parse(raw, null, LONGEST_TEXT)
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
      error: null,
    }
  } catch (error) {
    return { file, ...NOTHING, error: `It cannot be read: ${sentenceOf(error)}.` }
  } finally {
    await Promise.all(spooled.map(path => rm(path, { force: true })))
  }
}

async function load(channel: EmailChannel, file: string, spooled: string[]): Promise<RawMessage> {
  const { size } = await stat(file)
  if (size <= IN_MEMORY) return { bytes: await readFile(file) }
  const path = await channel.spoolPath()
  spooled.push(path)
  await copyFile(file, path)
  return { path, size }
}
