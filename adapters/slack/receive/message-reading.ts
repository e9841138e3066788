// Reads a message with its files and its writer.
import { rm } from 'node:fs/promises'
import type { Content, InboundMessage, UnreadableMessage } from '../../../src/channel/message.ts'
import { pack, packFile } from '../../../src/content.ts'
import { sentenceOf } from '../../../src/errors.ts'
import type { Mentions } from '../people/mentions.ts'
import type { Person } from '../people/workspace-people.ts'
import { placeOf, type Workspace } from '../workspace.ts'
import type { Files, TakenFiles } from './file-download.ts'
import { messageOf, unreadable } from './inbound-message.ts'
import type { PersonsMessage } from './message-event.ts'
import { type DownloadedFile, packStored, type StoredMessage } from './stored-message.ts'
import { isDirect } from './thread-intake.ts'

export interface Ready {
  message: InboundMessage | UnreadableMessage
  /** A line about each file that stays in Slack. */
  omittedFiles: string[]
  /** Lets go of what the desk has not taken. */
  release(): Promise<void>
}

/** Makes a message of the desk of what somebody wrote, with its files. */
export class MessageReading {
  readonly #workspace: Workspace
  readonly #mentions: Mentions
  readonly #files: Files

  constructor(workspace: Workspace, mentions: Mentions, files: Files) {
    this.#workspace = workspace
    this.#mentions = mentions
    this.#files = files
  }

  /** `inRow` says that it may go on with what they wrote before. Rejects with a temporary `DeskError`. */
  async read(message: PersonsMessage, person: Person, inRow: boolean): Promise<Ready> {
    const tooLarge = this.#tooLarge(message)
    if (tooLarge) return { message: tooLarge, omittedFiles: [], release: async () => undefined }
    const names = await this.#mentions.namesIn(message.event)
    const taken = await this.#files.take(message.event.files)
    let raw: Content | undefined
    const release = async () => {
      await taken.release()
      if (raw && 'path' in raw) await rm(raw.path, { force: true })
    }
    try {
      const stored = { ...this.#facts(message, person, inRow), names, ...fileFacts(taken), event: message.event }
      raw = await packStored(stored, taken.files, this.#workspace.options.spoolPath)
      return {
        message: readable(stored, raw, await contentsOf(taken.files)),
        omittedFiles: taken.omittedFiles,
        release,
      }
    } catch (error) {
      await release()
      throw error
    }
  }

  #facts({ channel, ts, parent }: PersonsMessage, person: Person, inRow: boolean) {
    const { teamId: team, botUserId, options, settings, support, roomId } = this.#workspace
    const isOwnPlace = isDirect(channel) || support.has(channel)
    return {
      ...({ kind: 'message', team, botUserId, deskName: options.deskName, channel, ts, thread: parent ?? ts } as const),
      person,
      internal: channel === roomId,
      shared: !isDirect(channel),
      within: inRow && isOwnPlace && parent === undefined ? settings.oneTicketWithin : null,
    }
  }

  #tooLarge({ channel, ts, parent, user, event }: PersonsMessage): UnreadableMessage | undefined {
    const { teamId: team, options } = this.#workspace
    const id = placeOf({ team, channel, ts })
    const facts = { channel, ts, thread_ts: parent, user }
    try {
      if (JSON.stringify(event).length <= options.maxMessageBytes) return undefined
    } catch (error) {
      return unreadable(id, rawOf('message', facts), sentenceOf(error))
    }
    const detail = 'It is larger than limits.message; it stays in Slack.'
    return { id, raw: rawOf('message', facts), quarantine: 'too-large', detail }
  }
}

/** What is kept of an event that is read once. */
export function rawOf(kind: string, event: object): Content {
  return pack(Buffer.from(JSON.stringify({ kind: `about ${kind}`, event })))
}

function fileFacts({ files, omittedFiles }: TakenFiles): Pick<StoredMessage, 'files' | 'left'> {
  return { files: files.map(({ name, type, size }) => ({ name, type, size })), left: omittedFiles }
}

async function contentsOf(files: readonly DownloadedFile[]): Promise<Content[]> {
  const contents: Content[] = []
  for (const { content } of files)
    contents.push('bytes' in content ? pack(content.bytes) : await packFile(content.path))
  return contents
}

/** What breaks what should not break is kept: it can be read again by a program that knows better. */
function readable(
  stored: StoredMessage,
  raw: Content,
  contents: readonly Content[],
): InboundMessage | UnreadableMessage {
  try {
    return messageOf(stored, raw, contents)
  } catch (error) {
    const { team, channel, ts } = stored
    return unreadable(placeOf({ team, channel, ts }), raw, sentenceOf(error))
  }
}
