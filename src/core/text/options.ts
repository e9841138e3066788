// Options such as `--anyway` or `--read 17`: a command declares its own, and they are taken out of what somebody typed.
import { DeskError } from '../../errors.ts'
import { nearest, quoteArgument, type Word } from './command-line.ts'

/** What stands behind an option: nothing, a whole number, or a word. */
export type OptionKind = 'flag' | 'number' | 'text'

/** The options of a command by name, without hyphens. */
export type OptionKinds = Readonly<Record<string, OptionKind>>

/** Options that were given. Each reader throws for a name that is of another kind: that is a mistake of ours. */
export class Options {
  readonly #values: ReadonlyMap<string, true | number | string>

  constructor(values: Iterable<readonly [string, true | number | string]> = []) {
    this.#values = new Map(values)
  }

  /** Whether a flag was given. */
  has(name: string): boolean {
    return this.#values.has(name)
  }

  number(name: string): number | undefined {
    const value = this.#values.get(name)
    if (value === undefined || typeof value === 'number') return value
    throw new TypeError(`--${name} is not a number.`)
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name)
    if (value === undefined || typeof value === 'string') return value
    throw new TypeError(`--${name} is not a text.`)
  }

  /** As they are typed: `--read 17`. */
  toString(): string {
    const words = [...this.#values].map(([name, value]) =>
      value === true ? `--${name}` : `--${name} ${quoteArgument(String(value))}`,
    )
    return words.join(' ')
  }

  /** Those of them that a command has. */
  of(kinds: OptionKinds): Options {
    return new Options([...this.#values].filter(([name]) => Object.hasOwn(kinds, name)))
  }

  /** These and others; the others win. */
  and(others: Options): Options {
    return new Options([...this.#values, ...others.#values])
  }
}

export const NO_OPTIONS = new Options()

/** As help shows them: `[--anyway] [--read N]`. */
export function optionsInWords(kinds: OptionKinds): string {
  const shown = Object.entries(kinds).map(([name, kind]) => {
    const value = { flag: '', number: ' N', text: ` ${name.toUpperCase()}` }[kind]
    return `[--${name}${value}]`
  })
  return shown.join(' ')
}

/** A word as it is written, in hyphens and letters of one form: clients put marks of bold around it. */
const OPTION = /^[*_~]{0,2}(?:--|-?—-?|——)(\p{L}[\p{L}\p{N}-]*)(?:=(.*?))?[*_~]{0,2}$/su

interface FoundOption {
  name: string
  kind: OptionKind
  /** Behind `=`. */
  value: string | undefined
}

/** The declared option that a word is; null for a word that is none. */
function optionIn(word: Word | undefined, kinds: OptionKinds): FoundOption | null {
  const found = word?.isBare ? OPTION.exec(plainOption(word.value)) : null
  const name = found?.[1]?.toLowerCase() ?? ''
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
  return kind === undefined ? null : { name, kind, value: found?.[2] }
}

/** Signs that are typed or put for two hyphens: phones make one long dash of them. */
const LONG_DASH = /[\u2012-\u2015\u2212\u2E3A\u2E3B\u2500\u2501]/gu
/** And for one, the sign among them that Japanese keyboards write where the hyphen is. */
const HYPHEN = /\p{Pd}|[\u2043\u02D7\u30FC]/gu

/** What begins a word as a dash does, in plain hyphens, without what nobody sees; what stands behind `=` stays. */
function plainOption(value: string): string {
  const end = value.indexOf('=')
  const name = end < 0 ? value : value.slice(0, end)
  const plain = name
    .normalize('NFKC')
    .replace(/[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu, '')
    .replace(/^[^\p{L}\p{N}]+|^\u30FC+/u, signs =>
      signs.replace(LONG_DASH, '\0').replace(HYPHEN, '-').replaceAll('\0', '—'),
    )
  return end < 0 ? plain : plain + value.slice(end)
}

/** How many words it takes. */
function widthOf({ kind, value }: FoundOption): number {
  return kind === 'flag' || value !== undefined ? 1 : 2
}

/** Throws a `DeskError` of code `usage` for one without its value. */
function optionValue({ name, kind, value }: FoundOption, next: Word | undefined): true | number | string {
  if (kind === 'flag') {
    if (value === undefined) return true
    throw new DeskError('usage', `Nothing was done: --${name} takes no value. Write just --${name}.`)
  }
  const optionText = value ?? next?.value ?? ''
  if (kind === 'text' && optionText !== '') return optionText
  if (kind === 'number' && /^\d{1,15}$/.test(optionText)) return Number(optionText)
  const [what, example] = kind === 'number' ? ['a number', '17'] : ['a word', name.toUpperCase()]
  throw new DeskError(
    'usage',
    `Nothing was done: --${name} needs ${what} after it, as in --${name} ${example}. If it is part of your text, put the text in quotes, or write -- before it.`,
  )
}

/** How many words at the beginning are options, with what belongs to them. */
export function countOptions(words: readonly Word[], kinds: OptionKinds): number {
  let count = 0
  for (let found = optionIn(words[0], kinds); found; found = optionIn(words[count], kinds)) count += widthOf(found)
  return Math.min(count, words.length)
}

/**
 * Takes the declared options out of words. What is left has the other words, from a bare `--` on as they are. Throws a
 * `DeskError` of code `usage` for what looks like a misspelt one: whoever meant text puts it in quotes or behind `--`.
 * `others`: names of further ones, which are taken elsewhere where they are written in plain hyphens.
 */
export function takeOptions<W extends Word>(
  words: readonly W[],
  kinds: OptionKinds,
  others: readonly string[] = [],
): { options: Options; rest: W[] } {
  const values: [string, true | number | string][] = []
  const rest: W[] = []
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]
    if (!word) break
    if (isEnd(word)) return { options: new Options(values), rest: [...rest, ...words.slice(at)] }
    const found = optionIn(word, kinds)
    if (found) {
      values.push([found.name, optionValue(found, words[at + 1])])
      at += widthOf(found) - 1
    } else {
      refuseMisspelt(word, [...Object.keys(kinds), ...others])
      rest.push(word)
    }
  }
  return { options: new Options(values), rest }
}

/** `--`, behind which nothing is an option. */
export function isEnd({ value, isBare }: Word): boolean {
  return isBare && value === '--'
}

/** Whether a word is a declared option as it stands. */
export function isOption(word: Word, kinds: OptionKinds): boolean {
  return optionIn(word, kinds) !== null
}

const LONGEST_MISSPELT = 60 // characters

/** `--anway`, `-anyway`, `--anyway,` and `words--anyway`. */
function refuseMisspelt({ value: typed, isBare }: Word, names: readonly string[]): void {
  if (!isBare || typed.length > LONGEST_MISSPELT) return
  const value = plainOption(typed)
  const [, long, single] = /--(\p{L}[\p{L}\p{N}-]*)\P{L}*$|^-(\p{L}[\p{L}\p{N}-]*)$/u.exec(value) ?? []
  const [, written] = OPTION.exec(value) ?? []
  const exact = [written, long, single].map(each => each?.toLowerCase() ?? '').find(each => names.includes(each))
  const option = exact ?? (value.startsWith('--') ? nearest(long?.toLowerCase() ?? '', names) : null)
  if (option === null) return
  throw new DeskError(
    'usage',
    `Nothing was done: did you mean --${option} by "${typed}"? If it is part of your text, put the text in quotes, or write -- before it.`,
  )
}
