// Words of mail programs and of mail systems, which are data: a folder a purpose, a file a language, read
// when they are first asked for: few commands need them.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packagePath } from './package.ts'

/** Names of header fields, by what they tell. */
export const FIELDS = ['from', 'date', 'to', 'copy', 'subject', 'other'] as const

/** The lists in each file of `data/mail-words`, whose README.md says what is in them. */
export const MAIL_LISTS = [
  ...FIELDS,
  'wrote',
  'original',
  'replyAbove',
  'reply',
  'forwarded',
  'sentFrom',
  'sentFromEnds',
  'devices',
  'excuses',
  'virus',
  'legal',
] as const

/** The lists in each file of `data/bounce-words`, whose README.md says what is in them. */
export const BOUNCE_LISTS = [
  'full',
  'size',
  'disabled',
  'moved',
  'relay',
  'sender',
  'unknown-host',
  'unknown-user',
  'loop',
  'network',
  'policy',
  'expired',
  'system',
  'perhaps-network',
  'perhaps-unknown-user',
] as const

/** The words of each list in all languages together. */
export type Words<List extends string> = Readonly<Record<List, readonly string[]>>

/**
 * The words of all languages, each once, from the files `<language>.json` of a folder. Throws an `Error` that says which
 * file lacks which list: a language that has no such words says so by an empty one.
 */
export function readWords<List extends string>(folder: string, lists: readonly List[]): Words<List> {
  const files = readdirSync(folder).filter(name => name.endsWith('.json'))
  const languages = files.map(name => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Partial<Words<List>>)
  const lacks = languages.flatMap((words, at) =>
    lists.filter(list => !words[list]).map(list => `${files[at]} lacks "${list}"`),
  )
  if (lacks.length > 0) throw new Error(`${folder}: ${lacks.join(', ')}. Write the list there; it may be empty.`)
  const all = (list: List) => [...new Set(languages.flatMap(words => words[list] ?? []))]
  return Object.fromEntries(lists.map(list => [list, all(list)])) as Record<List, string[]>
}

/** What makes a value when it is first asked for, and then gives the same one. */
export function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** What mail programs write around what they quote. */
export const mailWords = once(() => readWords(packagePath('data', 'mail-words'), MAIL_LISTS))

/** How mail systems say why they did not deliver a mail. */
export const bounceWords = once(() => readWords(packagePath('data', 'bounce-words'), BOUNCE_LISTS))
