import { copyFile, mkdir, open, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { generateMail } from '../support/mail/mail-generator.ts'

/** Mails that all measures of a run share: a folder with nothing else in it. */
export interface Corpus {
  /** Where they came from, for the report. */
  name: string
  folder: string
  /** Paths in the order in which `relaydesk receive` takes them. */
  files: string[]
  bytes: number
}

const MADE = 2_000
const LARGE_SHARE = 0.01
const LONG_AGO = new Date('2020-01-01T00:00:00Z') // old mail is not answered, as in the real corpus: nothing but taking it is measured

/** Copies real mails below `folder`, or makes some where CORPORA does not say where real ones are. */
export async function prepareCorpus(folder: string, wanted: number | undefined): Promise<Corpus> {
  const corpora = process.env.CORPORA
  const name = corpora ? 'SpamAssassin public corpus' : 'made by our generator (set CORPORA for real mail)'
  if (corpora) await copyMails(join(corpora, 'spamassassin'), folder, wanted)
  else await makeMails(folder, wanted ?? MADE)
  const files = await filesBelow(folder)
  const sizes = await Promise.all(files.map(async file => (await stat(file)).size))
  return { name, folder, files, bytes: sizes.reduce((sum, size) => sum + size, 0) }
}

/** Where fewer are wanted, they are spread evenly: each folder has mails of a kind. */
async function copyMails(source: string, folder: string, wanted: number | undefined): Promise<void> {
  const mails: string[] = []
  for (const file of await filesBelow(source)) if (await beginsLikeMail(file)) mails.push(file)
  const count = Math.min(wanted ?? mails.length, mails.length)
  for (let index = 0; index < count; index += 1) {
    const file = mails[Math.floor((index * mails.length) / count)] ?? ''
    const target = join(folder, relative(source, file))
    await mkdir(dirname(target), { recursive: true })
    await copyFile(file, target)
  }
}

async function makeMails(folder: string, count: number): Promise<void> {
  await mkdir(folder, { recursive: true })
  const plan = {
    seed: 'bench',
    count,
    large: Math.round(count * LARGE_SHARE),
    now: LONG_AGO,
    to: 'help@desk.localhost',
  }
  for (const { file, raw } of generateMail(plan)) await writeFile(join(folder, file), raw)
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
}

async function beginsLikeMail(file: string): Promise<boolean> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(256), 0, 256, 0)
    return /^(?:From |[A-Za-z][\w.-]*[ \t]*:)/.test(buffer.toString('latin1', 0, bytesRead))
  } finally {
    await handle.close()
  }
}

/** A mail as it goes over the wire behind DATA: lines end with CR LF, dots are doubled (RFC 5321 section 4.5.2). */
export async function readForWire(file: string): Promise<Buffer> {
  const text = (await readFile(file)).toString('latin1').replace(/\r?\n/g, '\r\n').replace(/^\./gm, '..')
  return Buffer.from(`${text}${text.endsWith('\r\n') ? '' : '\r\n'}.\r\n`, 'latin1')
}
