import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SEEDS } from './seeds.ts'
import { SIGNED_SEEDS } from './signed-seeds.ts'
import type { Shelves } from './spoiled-mail.ts'

const LARGEST = 200_000 // bytes: what is made of a mail is large enough

/** Our own mails, signed and unsigned, and, where there are corpora, those of each, in an order that is always the same. */
export function fillShelves(corpora: string | undefined): Shelves {
  if (!corpora) return [SEEDS, SIGNED_SEEDS]
  if (!existsSync(corpora)) throw new Error(`CORPORA: there is no folder ${corpora}.`)
  const folders = readdirSync(corpora, { withFileTypes: true }).filter(entry => entry.isDirectory())
  const shelves = folders.map(({ name }) => mailsBelow(join(corpora, name))).filter(mails => mails.length > 0)
  return [SEEDS, SEEDS, SIGNED_SEEDS, ...shelves] // ours twice: no corpus has all of their kinds
}

function mailsBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  return paths
    .filter(path => !/\.(?:jsonl|txt|md)$/.test(path))
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    .map(path => readFileSync(path, 'latin1'))
    .filter(text => text.length <= LARGEST)
}
