/** A line, or a part of one that is too long. */
interface Stretch {
  text: string
  /** What stood between it and the one before. */
  separator: string
  /** Goes before it where it begins a piece, so that it is still read as what it is. */
  lead: string
  isCodeBefore: boolean
  isCodeAfter: boolean
}

interface Whole {
  from: number
  to: number
}

const FENCE = '```'
const QUOTE = '> '

/** What code that goes on takes at both ends of a piece; more than what a quote takes. */
const RESERVE = 2 * `${FENCE}\n`.length

/** A link, an escaped character, code, a fence: not cut within, unless it is longer than a piece. */
const WHOLE = /<[^<>\n]*>|&(?:amp|lt|gt);|`[^`\n]+`|```/g

/**
 * The pieces of a mrkdwn text that is longer than one message should be, none of them blank: at most `most` characters each
 * (UTF-16 units, 40 or more), cut at a paragraph, else a line, else a word, else between two characters. Code and a quote
 * that are cut go on in the next piece as what they are. Slack cuts a `text` off after 40,000 characters and advises to
 * keep to 4,000: https://docs.slack.dev/reference/methods/chat.postMessage#truncating
 */
export function splitForSlack(mrkdwn: string, most = 3900): string[] {
  if (mrkdwn.length <= most) return mrkdwn.trim() === '' ? [] : [mrkdwn]
  const stretches = stretchesOf(mrkdwn, most - RESERVE)
  const pieces: string[] = []
  for (let from = 0; from < stretches.length; ) {
    const to = endOfPiece(stretches, from, most)
    const piece = writePiece(stretches.slice(from, to))
    if (piece.trim() !== '') pieces.push(piece)
    // The end of code that the piece has ended already.
    const isEnded = stretches[to]?.isCodeBefore && stretches[to]?.text.trim() === FENCE
    from = isEnded ? to + 1 : to
  }
  return pieces
}

function stretchesOf(text: string, longest: number): Stretch[] {
  let isCode = false
  return text.split('\n').flatMap(line => {
    const lead = /^(?:>|&gt;) ?/.test(line) ? QUOTE : ''
    return cutLine(line, longest).map(({ text, separator }, at): Stretch => {
      const isCodeBefore = isCode
      if ((text.split(FENCE).length - 1) % 2 > 0) isCode = !isCode
      return { text, separator, lead: at > 0 && !isCodeBefore ? lead : '', isCodeBefore, isCodeAfter: isCode }
    })
  })
}

/** At words, else between characters. */
function cutLine(line: string, longest: number): { text: string; separator: string }[] {
  if (line.length <= longest) return [{ text: line, separator: '\n' }]
  const wholes = [...line.matchAll(WHOLE)].map(({ 0: whole, index }) => ({ from: index, to: index + whole.length }))
  const parts: { text: string; separator: string }[] = []
  let separator = '\n'
  for (let at = 0; at < line.length; ) {
    const to = line.length - at <= longest ? line.length : cutAt(line, at, at + longest, wholes)
    parts.push({ text: line.slice(at, to), separator })
    separator = line[to] === ' ' ? ' ' : ''
    at = to + separator.length
  }
  return parts
}

function cutAt(line: string, from: number, limit: number, wholes: readonly Whole[]): number {
  const window = line.slice(from, limit + 1)
  for (let at = window.lastIndexOf(' '); at > 0; at = window.lastIndexOf(' ', at - 1)) {
    const whole = wholeAround(from + at, wholes)
    if (!whole) return from + at
    at = whole.from + 1 - from
  }
  const whole = wholeAround(limit, wholes)
  if (whole && whole.from > from) return whole.from
  return /[\uD800-\uDBFF]/.test(line[limit - 1] ?? '') ? limit - 1 : limit
}

/** The one that would be cut here; they stand in their order. */
function wholeAround(at: number, wholes: readonly Whole[]): Whole | undefined {
  let low = 0
  let high = wholes.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((wholes[middle]?.to ?? 0) <= at) low = middle + 1
    else high = middle
  }
  const whole = wholes[low]
  return whole && whole.from < at ? whole : undefined
}

function endOfPiece(stretches: readonly Stretch[], from: number, most: number): number {
  let length = leadOf(stretches[from]).length
  let to = from
  let paragraph = 0
  for (let stretch = stretches[to]; stretch; stretch = stretches[to]) {
    length += (to > from ? stretch.separator.length : 0) + stretch.text.length
    if (length + (stretch.isCodeAfter ? FENCE.length + 1 : 0) > most && to > from) break
    to++
    if (stretch.text === '' && !stretch.isCodeAfter && length > most / 3) paragraph = to
  }
  if (to === stretches.length) return to
  if (paragraph > from) return paragraph
  // Code begins in the piece that has some of it.
  const last = stretches[to - 1]
  return last?.isCodeAfter && !last.isCodeBefore && last.text.trim() === FENCE && to - 1 > from ? to - 1 : to
}

function leadOf(first: Stretch | undefined): string {
  if (!first) return ''
  return first.isCodeBefore ? `${FENCE}\n` : first.lead
}

function writePiece(stretches: readonly Stretch[]): string {
  const text = stretches.map(({ separator, text }, at) => (at > 0 ? separator : '') + text).join('')
  const first = stretches[0]
  const isCodeAfter = stretches.at(-1)?.isCodeAfter
  const content = first?.isCodeBefore ? text : text.replace(/^\n+/, '')
  return `${leadOf(first)}${isCodeAfter ? `${content}\n${FENCE}` : content.trimEnd()}`
}
