// Uploads files.
import { DeliveryError, type OutboundAttachment } from '../../../src/channel/outbound.ts'
import { codeOf } from '../../../src/errors.ts'
import { isUnknownResult } from '../api/api-error.ts'
import type { Pacer } from '../api/pacer.ts'
import type { WriteApi } from '../api/write-api.ts'
import { cutLine, escapedLine } from '../blocks/block-limits.ts'
import type { FoundMessage, Mark, Poster } from './poster.ts'

/** https://slack.com/help/articles/201330736-Add-files-to-Slack */
const MOST_BYTES = 1024 ** 3

/** From this attempt on a file whose bytes do not get through is told of in its place, or later answers would wait for it. */
const LAST_UPLOAD_ATTEMPT = 4

/** What is kept of an attempt's time for showing the files and telling of the others. */
const SPARED_MS = 8_000

const NAME = 200

/** Files that go below a text which is there already. */
export interface Upload {
  channel: string
  thread: string
  /** `ts` of the text. */
  after: string
  attachments: OutboundAttachment[]
  /** Of the text. */
  mark: Mark
  attempt: number
  /** On the pacer's clock. */
  until: number
}

interface Refusal {
  file: OutboundAttachment
  why: string
}

/**
 * Hands files over: https://docs.slack.dev/messaging/working-with-files#upload. They are one message below the text. What
 * Slack does not take is told of in the thread, so that nothing is lost silently.
 */
export class Uploads {
  readonly #calls: WriteApi
  readonly #pacer: Pacer
  readonly #poster: Poster

  constructor(calls: WriteApi, pacer: Pacer, poster: Poster) {
    this.#calls = calls
    this.#pacer = pacer
    this.#poster = poster
  }

  /** Rejects with a `DeliveryError`; another attempt takes what is there already for handed over. */
  async send(upload: Upload): Promise<void> {
    const missing = upload.attempt > 1 ? await this.#missing(upload.attachments, upload) : upload.attachments
    const ready: { id: string; file: OutboundAttachment }[] = []
    const refused: Refusal[] = []
    for (const [at, file] of missing.entries()) {
      try {
        ready.push({ id: await this.#store(file, upload, missing.length - at), file })
      } catch (error) {
        if (!(error instanceof DeliveryError && error.permanent)) throw error
        refused.push({ file, why: error.message })
      }
    }
    if (ready.length > 0) refused.push(...(await this.#share(ready, upload)))
    if (refused.length > 0) await this.#tellOf(refused, upload)
  }

  /** Puts the bytes where Slack wants them, unseen yet. Gives the file's id. `pendingCount`: how many wait, with it. */
  async #store(file: OutboundAttachment, { channel, attempt, until }: Upload, pendingCount: number): Promise<string> {
    if (file.size === 0) throw new DeliveryError('It is empty.', { permanent: true })
    if (file.size > MOST_BYTES) throw new DeliveryError('It is too large for Slack.', { permanent: true })
    const method = 'files.getUploadURLExternal'
    const { upload_url, file_id } = await this.#calls.make({ method, channel, until }, ({ files }) =>
      files.getUploadURLExternal({ filename: nameOf(file), length: file.size }),
    )
    if (!upload_url || !file_id) throw new DeliveryError('Slack gave no place for a file.', { permanent: false })
    const permanent = attempt >= LAST_UPLOAD_ATTEMPT
    const time = Math.max(1, this.#pacer.remainingMs(until) - SPARED_MS)
    // The last attempt decides about each file, so none of them may use up the time of the others.
    const why = await this.#put(await contentOf(file), upload_url, permanent ? Math.ceil(time / pendingCount) : time)
    if (why === '') return file_id
    throw new DeliveryError(`The bytes of a file did not get through to Slack. (${why})`, { permanent })
  }

  /** Gives why it failed, or ''. */
  async #put(bytes: Uint8Array, url: string, milliseconds: number): Promise<string> {
    const headers = { 'content-type': 'application/octet-stream' }
    const signal = AbortSignal.timeout(milliseconds)
    try {
      const body = new Uint8Array(bytes)
      const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'error', signal })
      await answer.arrayBuffer()
      return answer.ok ? '' : `HTTP ${answer.status}`
    } catch (error) {
      // The error itself may name the address, which lets whoever knows it put a file there.
      return codeOf((error as Error).cause) || (error as Error).name
    }
  }

  /** Shows the files in the thread; what Slack refuses is given back. */
  async #share(ready: { id: string; file: OutboundAttachment }[], upload: Upload): Promise<Refusal[]> {
    const { channel, thread, until } = upload
    const [first, ...others] = ready.map(({ id, file }) => ({ id, title: nameOf(file) }))
    if (!first) return []
    const method = 'files.completeUploadExternal'
    try {
      await this.#calls.make({ method, channel, until }, ({ files }) =>
        files.completeUploadExternal({ files: [first, ...others], channel_id: channel, thread_ts: thread }),
      )
      return []
    } catch (error) {
      if (error instanceof DeliveryError && error.permanent) {
        return ready.map(({ file }) => ({ file, why: error.message }))
      }
      const files = ready.map(({ file }) => file)
      const isThere = isUnknownResult(error) && (await this.#missing(files, upload).catch(() => files)).length === 0
      if (!isThere) throw error
      return []
    }
  }

  /** The files that are not below the text yet: the same name and size twice are two files. */
  async #missing(
    files: OutboundAttachment[],
    { channel, thread, after, until }: Upload,
  ): Promise<OutboundAttachment[]> {
    const since = Number(after)
    const messages = await this.#poster.messages({ channel, since, until }, thread)
    const there = messages.flatMap(message => this.#ownFiles(message))
    return files.filter(file => {
      const at = there.findIndex(
        ({ name, title, size }) => size === file.size && (name === nameOf(file) || title === nameOf(file)),
      )
      if (at >= 0) there.splice(at, 1)
      return at < 0
    })
  }

  #ownFiles(message: FoundMessage): NonNullable<FoundMessage['files']> {
    return this.#poster.isOurs(message) ? (message.files ?? []) : []
  }

  async #tellOf(refused: Refusal[], { channel, thread, mark, attempt, until }: Upload): Promise<void> {
    const lines = refused.map(({ file, why }) => `• ${escapedLine(`${nameOf(file)}: ${why}`, 500)}`)
    const text = ['These files could not be sent here. Please ask for them another way:', ...lines].join('\n')
    const fileMark: Mark = { ...mark, id: `${mark.id}/files` }
    await this.#poster.post({ channel, thread, mark: fileMark, pieces: [{ text }], attempt, until })
  }
}

function nameOf({ name }: OutboundAttachment): string {
  return cutLine(name, NAME) || 'file'
}

async function contentOf(file: OutboundAttachment): Promise<Uint8Array> {
  try {
    return await file.read()
  } catch (cause) {
    const sentence =
      'A file of this message could not be read: an administrator must look into the log. Nothing is lost.'
    throw new DeliveryError(sentence, { permanent: false, cause })
  }
}
