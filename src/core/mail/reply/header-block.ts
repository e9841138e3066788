// Heads of mails that programs show above a quote.
import { FIELDS, mailWords, once } from '../../../mail-words.ts'
import { isBlank, isRule, saysBareOriginal, saysOriginal } from './lines.ts'

type Role = (typeof FIELDS)[number]

const roleNames = once(() => new Map<string, Role>(FIELDS.flatMap(role => mailWords()[role].map(name => [name, role]))))
const LONGEST_NAME = 40
const LONGEST_VALUE = 3 // lines of one field, addresses of many people
const MOST_LINES = 40
/** A whole header that somebody shows; mail programs leave these out of what they put above a quote. */
const TRANSPORT =
  /^[\s>]{0,8}(?:received|return-path|mime-version|content-type|message-id|delivered-to|x-[a-z-]{2,30}):/i

/** What a line tells, if it is a field of a shown header: "From: Bob", "*Von:* Bob", "Envoyé le :jeudi". */
export function fieldRole(line: string): Role | undefined {
  if (!/^.{0,62}[:：]/s.test(line)) return undefined // as nearly every line
  const start = line.slice(0, 400).replace(/^[\s>*_|\uFDD0\uFDD1]{1,20}/, '')
  const colon = start.search(/[:：]/)
  if (colon < 1 || colon > LONGEST_NAME) return undefined
  return roleNames().get(
    start
      .slice(0, colon)
      .replace(/[*_]/g, '')
      .trim()
      .toLowerCase()
      .normalize('NFC')
      .replace(/[\u00a0 ]+/g, ' '),
  )
}

/** A header block in a text: its first line, with the rule above it, and the line behind it. */
export interface Block {
  start: number
  end: number
}

/**
 * Outlook introduces a quote by the header of the mail it quotes, without any mark. Whether one begins at this line:
 * it says from whom, and when or about what, and more; below a rule or "Original Message" less is enough.
 */
export function headerBlockAt(lines: readonly string[], at: number): Block | null {
  const facts = factsOf(lines)
  const first = facts.role(at)
  if (first === undefined || first === 'other') return null
  const roles = new Set<Role>()
  let end = at
  let since = 0
  let gap = false // an empty line stands behind the last field
  let spaced: boolean | undefined // an empty line stands between its fields
  for (let position = at; position < Math.min(lines.length, at + MOST_LINES); position += 1) {
    const role = facts.role(position)
    if (role) {
      if (position > at) spaced ??= gap
      // What stands apart is another block; what begins without a sender ends where another begins.
      if (gap && spaced === false) break
      if (spaced && !gap && position > at && first !== 'from') return null
      roles.add(role)
      end = position + 1
      since = 0
      gap = false
      continue
    }
    if (facts.isTransport(position)) return null
    since += 1
    const isEmpty = isBlank(lines[position])
    gap ||= isEmpty
    // An empty line ends the block, unless the program put one between all of its fields.
    if (since > LONGEST_VALUE || (isEmpty && facts.role(position + 1) === undefined)) break
  }
  const isMailHeader = roles.has('from') && (roles.has('date') || roles.has('subject') || roles.has('to'))
  if (!isMailHeader) return null
  const start = aboveRules(lines, at)
  const ruled = lines.slice(start, at).some(line => isRule(line) || saysOriginal(line) || saysBareOriginal(line))
  roles.delete('other')
  const enough = ruled ? roles.size >= 2 : roles.size >= 3 && facts.isOfMail(at, end)
  return enough ? { start, end } : null
}

/** What is known of each line of a text: blocks that begin at lines next to each other look at the same ones. */
class LineFacts {
  readonly #lines: readonly string[]
  readonly #roles: (Role | null | undefined)[]
  readonly #transport: (boolean | undefined)[]
  readonly #ofMail: (boolean | undefined)[]

  constructor(lines: readonly string[]) {
    this.#lines = lines
    this.#roles = new Array(lines.length)
    this.#transport = new Array(lines.length)
    this.#ofMail = new Array(lines.length)
  }

  role(at: number): Role | undefined {
    let role = this.#roles[at]
    if (role === undefined) {
      role = fieldRole(this.#lines[at] ?? '') ?? null
      this.#roles[at] = role
    }
    return role ?? undefined
  }

  isTransport(at: number): boolean {
    this.#transport[at] ??= TRANSPORT.test(this.#lines[at] ?? '')
    return this.#transport[at]
  }

  isOfMail(start: number, end: number): boolean {
    for (let at = start; at < end; at += 1) {
      this.#ofMail[at] ??= isOfMail(this.#lines[at] ?? '')
      if (this.#ofMail[at]) return true
    }
    return false
  }
}

const known = new WeakMap<readonly string[], LineFacts>()

function factsOf(lines: readonly string[]): LineFacts {
  const facts = known.get(lines) ?? new LineFacts(lines)
  known.set(lines, facts)
  return facts
}

/** Fields that people write themselves name no address and no time of day: "From: tray 2", "Von: Berlin". */
function isOfMail(line: string): boolean {
  return (
    /@|\[mailto:/.test(line) ||
    /(?<![\d./-])\d{1,2}\s?[:.h時点시]\s?\d{2}(?![\d./-])/.test(line.replace(/^[^:：]{0,40}[:：]/, ''))
  )
}

/** Steps up over what programs draw above such a block. */
export function aboveRules(lines: readonly string[], at: number): number {
  let start = at
  for (let position = at - 1; position >= Math.max(0, at - 4); position -= 1) {
    const line = lines[position] ?? ''
    if (isRule(line) || saysOriginal(line) || saysBareOriginal(line)) start = position
    else if (!isBlank(line)) break
  }
  return start
}
