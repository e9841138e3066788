// The first line of each mail of ours, as it comes back: whatever programs did to it, what stands below it is ours.

/** Signs that our line begins and ends with, as they are, in other forms of theirs, or written as an entity. */
const HASH = /(?:[#\uFF03\u266F]|&(?:#0{0,4}35|#x23|num);){1,20}/gi
const BEGINS_WITH_SIGN = /^[\s>|*]{0,20}(?:[#\uFF03\u266F]|&(?:#0{0,4}35|#x23|num);)/i
const MAY_SAY = /[#\uFF03\u266F]|&num;|\babove\b|\breplies\b/i
/** What stands between the signs, its letters alone, of each of our lines. */
const SAYS = [
  'pleasewriteyourreplyabovethisline',
  'replyabovethislineyourreplygoesto',
  'replyabovethislineyourreplystaysinternal',
  'answerabovethislinewithcommands',
  'nobodyreadsrepliestothismail',
]
/** Of these, what nobody else would say: it is ours without its signs, too. */
const SAYS_ALONE = SAYS.slice(1, 4)
const LOOKED_AT = 2_000 // characters of a line: ours names everybody who reads an answer, so it may be longer
const MOST_LINES = 3 // over which programs wrap what tells
const LONGEST_SAID = 200
const MOST_SIGNS = 4 // in one line, that are looked at
const BEGINS = /reply|answer|nobody/i

/**
 * Where our line begins in the line of this number; -1 where it does not. Programs put it behind what introduces the
 * quote, wrap it, and escape or replace its signs.
 */
export function ownMarkerAt(lines: readonly string[], at: number): number {
  const line = (lines[at] ?? '').slice(0, LOOKED_AT)
  if (!MAY_SAY.test(line)) return -1
  const below = lines
    .slice(at + 1, at + MOST_LINES)
    .join(' ')
    .slice(0, LONGEST_SAID)
  if (!BEGINS.test(line) && !BEGINS.test(below)) return -1
  for (const { index, 0: sign } of [...line.matchAll(HASH)].slice(0, MOST_SIGNS)) {
    const behind = line.slice(index + sign.length, index + LONGEST_SAID)
    const isEnd = /^[\p{P}\p{S}\s]*$/u.test(behind)
    // Where the line below begins with a sign of its own, ours begins there.
    const isWrapped = isEnd && isOurs(sign, behind) && !BEGINS_WITH_SIGN.test(lines[at + 1] ?? '')
    if ((!isEnd || isWrapped) && says(SAYS, `${behind} ${below}`)) return index
  }
  return says(SAYS_ALONE, `${line.slice(0, LONGEST_SAID)} ${below}`) && /\p{L}/u.test(line) ? 0 : -1
}

/** Whether a text of any kind, such as that of a file, holds a mail of ours. */
export function holdsOwnMarker(text: string): boolean {
  const lines = text.replace(/<[^<>]{0,500}>|\\[a-z]{1,30}-?\d{0,6} ?/gi, ' ').split(/\r?\n|\r/)
  return lines.some((_, at) => ownMarkerAt(lines, at) >= 0)
}

/** At the end of a line one sign may be that of a name; two, or one with a hyphen, are ours. */
function isOurs(sign: string, behind: string): boolean {
  return sign.length > 1 || /^\s?(?:[#\uFF03\u266F]|\p{Pd})/u.test(behind)
}

function says(known: readonly string[], text: string): boolean {
  const letters = text
    .replace(HASH, '')
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '')
  return known.some(each => letters.startsWith(each))
}
