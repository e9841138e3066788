// Brings the files of messages along.
import { type FileHandle, open, rm } from 'node:fs/promises'
import { oneLine } from '../../../src/core/text/address.ts'
import { safeFileName } from '../../../src/core/text/file-danger.ts'
import { DeskError } from '../../../src/errors.ts'
import { PRIVATE_FILE } from '../../../src/rights.ts'
import { type ReadApi, Refusal } from '../api/read-api.ts'
import { type Fields, fieldsOf, listOf, numberOf, textOf } from '../text/text-fields.ts'
import type { Workspace } from '../workspace.ts'
import { type DownloadedFile, type FileContent, IN_MEMORY } from './stored-message.ts'

const DOWNLOAD_MS = 120_000
const MOST_FILES = 50 // a person can share ten with one message

export interface TakenFiles {
  files: DownloadedFile[]
  /** A line about each that stays in Slack. */
  omittedFiles: string[]
  /** Lets go of everything; what the desk has taken is its own. */
  release(): Promise<void>
}

interface Download {
  file: Fields
  name: string
  url: URL
}

/** Brings the files of messages along. https://docs.slack.dev/reference/objects/file-object */
export class Files {
  readonly #workspace: Workspace
  readonly #reader: ReadApi
  readonly #signal: AbortSignal
  #warnedOfScope = false

  constructor(workspace: Workspace, reader: ReadApi, signal: AbortSignal) {
    this.#workspace = workspace
    this.#reader = reader
    this.#signal = signal
  }

  /**
   * All files of a message that the desk may have, together at most as large as a message may be. Rejects with a
   * temporary `DeskError` if one of them cannot be had just now; then nothing is kept.
   */
  async take(value: unknown): Promise<TakenFiles> {
    const files: DownloadedFile[] = []
    const omittedFiles: string[] = []
    const downloads = await this.#downloadsOf(listOf(value), omittedFiles)
    const letGo = await this.#workspace.options.budget.take(downloads.reduce((sum, each) => sum + sizeOf(each.file), 0))
    const release = async () => {
      letGo()
      for (const { content } of files) if ('path' in content) await rm(content.path, { force: true })
    }
    try {
      let room = this.#workspace.options.maxMessageBytes
      for (const each of downloads) {
        const downloaded = await this.#download(each, room)
        if (downloaded) files.push(downloaded)
        else omittedFiles.push(lineOf(each.file))
        room -= downloaded?.size ?? 0
      }
      return { files, omittedFiles, release }
    } catch (error) {
      await release()
      throw error
    }
  }

  /** Those that can be had, and are not too large by what Slack says of them. */
  async #downloadsOf(files: Fields[], omittedFiles: string[]): Promise<Download[]> {
    const downloads: Download[] = []
    let room = this.#workspace.options.maxMessageBytes
    for (const [at, announced] of files.slice(0, MOST_FILES).entries()) {
      const file = await this.#described(announced)
      const url = this.#addressOf(file)
      if (url && sizeOf(file) <= room) {
        downloads.push({ file, name: nameOf(file, at + 1), url })
        room -= sizeOf(file)
      } else omittedFiles.push(lineOf(file))
    }
    const more = files.length - MOST_FILES
    if (more > 0) omittedFiles.push(`(${more} more ${more === 1 ? 'file stays' : 'files stay'} in Slack)`)
    return downloads
  }

  /** In channels shared with other workspaces, files are only announced. */
  async #described(file: Fields): Promise<Fields> {
    const id = textOf(file.id)
    if (file.file_access !== 'check_file_info' || id === '') return file
    try {
      return fieldsOf((await this.#reader.ask(client => client.files.info({ file: id }))).file)
    } catch (error) {
      if (error instanceof Refusal) return file
      throw error
    }
  }

  /** Undefined for what lies elsewhere or is gone: the token is shown to Slack alone. */
  #addressOf(file: Fields): URL | undefined {
    if (file.is_external === true || GONE.has(textOf(file.mode))) return undefined
    const url = URL.parse(textOf(file.url_private_download) || textOf(file.url_private))
    const api = new URL(this.#workspace.settings.api)
    const isSlacks = url?.origin === api.origin || (url?.protocol === 'https:' && url.host.endsWith(`.${api.host}`))
    return url && isSlacks ? url : undefined
  }

  /** Undefined if it never will be had. */
  async #download({ file, name, url }: Download, room: number): Promise<DownloadedFile | undefined> {
    const type = typeOf(file)
    const response = await this.#get(url)
    try {
      if (!response.ok || !response.body) return undefined
      if (isSignInPage(response, type)) return this.#warnOfScope()
      const found = await collect(response.body, room, () => this.#workspace.options.spoolPath())
      return found && { name, type, ...found }
    } catch (error) {
      throw notNow(name, error)
    } finally {
      await response.body?.cancel().catch(() => undefined)
    }
  }

  async #get(url: URL): Promise<Response> {
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(DOWNLOAD_MS)])
    const headers = { authorization: `Bearer ${this.#workspace.settings.botToken}` }
    const response = await fetch(url, { headers, signal }).catch(error => {
      throw notNow(url.pathname, error)
    })
    if (response.status < 500 && response.status !== 429 && response.status !== 408) return response
    await response.body?.cancel().catch(() => undefined)
    throw notNow(url.pathname, new Error(`HTTP ${response.status}`))
  }

  #warnOfScope(): undefined {
    if (this.#warnedOfScope) return
    this.#warnedOfScope = true
    this.#workspace.options.warn(
      'Slack does not let the app read files: add the scope files:read and install the app again',
    )
  }
}

/** Slack keeps it no longer, or shows it to nobody. */
const GONE: ReadonlyMap<string, string> = new Map([
  ['tombstone', 'was deleted'],
  ['hidden_by_limit', 'is hidden: the workspace is over its limit'],
])

function notNow(what: string, cause: unknown): DeskError {
  return new DeskError('temporary', `The file ${oneLine(what)} cannot be fetched from Slack at the moment.`, { cause })
}

/** Whoever may not see a file is shown the page to sign in on, with the status 200. */
function isSignInPage(response: Response, type: string): boolean {
  return /^text\/html\b/i.test(response.headers.get('content-type') ?? '') && type !== 'text/html'
}

/** Reads it to its end; undefined if that is larger than `room`. */
async function collect(
  body: ReadableStream<Uint8Array>,
  room: number,
  spoolPath: () => Promise<string>,
): Promise<{ size: number; content: FileContent } | undefined> {
  let chunks: Uint8Array[] = []
  let size = 0
  let file: { handle: FileHandle; path: string } | undefined
  let isWhole = false
  try {
    for await (const chunk of body) {
      size += chunk.length
      if (size > room) return undefined
      chunks.push(chunk)
      if (size <= IN_MEMORY) continue
      file ??= await newFile(await spoolPath())
      await file.handle.writeFile(Buffer.concat(chunks))
      chunks = []
    }
    isWhole = true
    return { size, content: file ? { path: file.path } : { bytes: Buffer.concat(chunks) } }
  } finally {
    await file?.handle.close()
    if (file && !isWhole) await rm(file.path, { force: true })
  }
}

async function newFile(path: string): Promise<{ handle: FileHandle; path: string }> {
  return { handle: await open(path, 'wx', PRIVATE_FILE), path }
}

function sizeOf(file: Fields): number {
  return Math.max(0, numberOf(file.size))
}

function typeOf(file: Fields): string {
  const type = textOf(file.mimetype).toLowerCase()
  return /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}$/.test(type) ? type : 'application/octet-stream'
}

function nameOf(file: Fields, position: number): string {
  const name = safeFileName(oneLine(textOf(file.name) || textOf(file.title), 10_000))
  const ending = /^[a-z0-9]{1,8}$/.test(textOf(file.filetype)) ? textOf(file.filetype) : 'bin'
  return name || `file-${position}.${ending}`
}

/** What is said of a file that stays where it is. */
function lineOf(file: Fields): string {
  const name = oneLine(textOf(file.name) || textOf(file.title), 200)
  const gone = GONE.get(textOf(file.mode))
  if (gone) return `(file ${name ? `${name} ` : ''}${gone})`
  const size = sizeOf(file) > 0 ? `, ${sizeText(sizeOf(file))}` : ''
  const link = [file.permalink, file.url_private].map(linkOf).find(each => each !== '') ?? ''
  return `(file ${name || 'without a name'}${size}, stays in Slack${link && `: ${link}`})`
}

function linkOf(value: unknown): string {
  const url = URL.parse(textOf(value).slice(0, 2_000))
  return url?.protocol === 'https:' ? url.href : ''
}

function sizeText(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`
}
