// Marks and code within a line of mrkdwn.
import { readAngle, readAngleInCode } from './text-angle.ts'
import { emojiNamed } from './text-emoji.ts'
import {
  closesBefore,
  firstOf,
  GAP,
  JOINER,
  lastOf,
  MARKS,
  opensAfter,
  type Style,
  unescapeText,
} from './text-marks.ts'
import type { Names } from './text-names.ts'
import type { Atom, Run } from './text-nesting.ts'

type Token = { text: string } | { atom: Atom } | { mark: string; opens: boolean; closes: boolean }

const NAME = "[a-z0-9_+'-]+(?:::skin-tone-[2-6](?:-[2-6])?)?"

/** What is between angle brackets, an emoji, one that `JOINER` keeps from being one, code, a run of one mark. */
const TOKENS = new RegExp(`<([^<>\\n]*)>|:(${NAME}):|:${JOINER}(?=${NAME}:)|\`([^\`\\n]+)\`|\\*+|_+|~+|\`+`, 'g')

const STYLES: ReadonlyMap<string, Style> = new Map(Object.entries(MARKS).map(([style, mark]) => [mark, style as Style]))

/** One line of mrkdwn, without what makes it a quote or an item. */
export function readInline(line: string, names: Names): Run<Atom>[] {
  return withoutHelp(joined(styled(tokensOf(line, names))))
}

/** Mentions and links of a text in code, as they were typed. */
export function readCode(text: string, names: Names): string {
  return text
    .split(/(<[^<>\n]*>)/)
    .map((part, at) => (at % 2 > 0 ? readAngleInCode(part.slice(1, -1), names) : unescapeText(part)))
    .join('')
}

function tokensOf(line: string, names: Names): Token[] {
  const tokens: Token[] = []
  const expression = new RegExp(TOKENS)
  let from = 0
  for (let found = expression.exec(line); found; found = expression.exec(line)) {
    const token = tokenOf(found, line, names)
    if (!token) {
      // It may end where something else begins.
      expression.lastIndex = found.index + 1
      continue
    }
    tokens.push({ text: unescapeText(line.slice(from, found.index)) }, token)
    from = expression.lastIndex
  }
  tokens.push({ text: unescapeText(line.slice(from)) })
  return tokens
}

/** Undefined for what is only text. */
function tokenOf(found: RegExpExecArray, line: string, names: Names): Token | undefined {
  const [whole, angle, emoji, code] = found
  if (angle !== undefined) return { atom: { markdown: readAngle(angle, names) } }
  if (emoji !== undefined) {
    const shown = emojiNamed(emoji)
    return shown === undefined ? undefined : { text: shown }
  }
  if (whole.startsWith(':')) return { text: ':' }
  const end = found.index + whole.length
  const before = lastOf(line.slice(Math.max(0, found.index - 2), found.index))
  const after = firstOf(line.slice(end, end + 2))
  const mayOpen = opensAfter(before) || STYLES.has(before)
  const mayClose = closesBefore(after) || STYLES.has(after)
  if (code !== undefined) {
    return mayOpen && mayClose && code.trim() !== '' ? { atom: { code: readCode(code, names) } } : undefined
  }
  // More than one of a mark is text.
  if (whole.length > 1 || !STYLES.has(whole)) return { text: whole }
  return { mark: whole, opens: mayOpen && /^\S/.test(after), closes: mayClose && /^\S/.test(before) }
}

/** Each mark that closes goes with the last one like it that opens; those between are text, as all others are. */
function styled(tokens: readonly Token[]): Run<Atom>[] {
  const ends = pairsOf(tokens)
  const starts = new Set(ends.values())
  const open = new Set<Style>()
  const runs: Run<Atom>[] = []
  tokens.forEach((token, at) => {
    if (!('mark' in token)) {
      runs.push({ styles: new Set(open), ...token })
      return
    }
    const style = STYLES.get(token.mark)
    if (style && starts.has(at)) open.add(style)
    else if (style && ends.has(at)) open.delete(style)
    else runs.push({ styles: new Set(open), text: token.mark })
  })
  return runs
}

/** Where the mark is that opens, by where the one is that closes. */
function pairsOf(tokens: readonly Token[]): Map<number, number> {
  const pairs = new Map<number, number>()
  const open: { mark: string; at: number }[] = []
  tokens.forEach((token, at) => {
    if (!('mark' in token)) return
    const depth = open.findIndex(each => each.mark === token.mark)
    if (token.closes && depth >= 0) {
      pairs.set(at, open[depth]?.at ?? at)
      open.splice(depth)
    } else if (token.opens) {
      if (depth >= 0) open.splice(depth)
      open.push({ mark: token.mark, at })
    }
  })
  return pairs
}

/** Text that was cut at marks which are none is one text again. */
function joined(runs: readonly Run<Atom>[]): Run<Atom>[] {
  const joined: { styles: ReadonlySet<Style>; texts: string[]; atom?: Atom }[] = []
  for (const run of runs) {
    const last = joined.at(-1)
    if (!('text' in run)) joined.push({ styles: run.styles, texts: [], atom: run.atom })
    else if (last && !last.atom && isSame(last.styles, run.styles)) last.texts.push(run.text)
    else joined.push({ styles: run.styles, texts: [run.text] })
  }
  return joined.map(({ styles, texts, atom }) => (atom ? { styles, atom } : { styles, text: texts.join('') }))
}

function isSame(one: ReadonlySet<Style>, other: ReadonlySet<Style>): boolean {
  return one.size === other.size && [...one].every(style => other.has(style))
}

const JOINERS = new RegExp(`${JOINER}(?=[*＊_＿~\`｀>＞•◦▪‣])|(?<=[*＊_＿~\`｀])${JOINER}`, 'g')

/** Without what only keeps a mark from being read, or lets it be read. */
function withoutHelp(runs: readonly Run<Atom>[]): Run<Atom>[] {
  return runs.map((run, at) => {
    if (!('text' in run)) return run
    let { text } = run
    if (runs[at - 1] && text.startsWith(GAP)) text = text.slice(1)
    if (runs[at + 1] && text.endsWith(GAP)) text = text.slice(0, -1)
    return { ...run, text: text.replace(JOINERS, '') }
  })
}
