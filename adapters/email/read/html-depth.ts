// Whether HTML is too deep to be laid out: working on it takes time by the square, and stack.
import { Parser } from 'htmlparser2'

const DEEPEST = 1_000 // elements within each other, more than people write

/**
 * Whether more elements lie within each other than that, as the very parser has it that reads the HTML for `layOut`: what
 * guesses at it is led astray by tags in comments and values. Takes time that grows with the length alone.
 */
export function isDeep(html: string): boolean {
  if (!hasManyTags(html)) return false
  let depth = 0
  const parser = new Parser({
    onopentag() {
      depth += 1
      if (depth > DEEPEST) parser.pause()
    },
    onclosetag() {
      if (depth <= DEEPEST) depth -= 1
    },
  })
  parser.write(html)
  return depth > DEEPEST
}

/** What few tags are in is not deep, as is most mail. */
function hasManyTags(html: string): boolean {
  let count = 0
  for (let at = html.indexOf('<'); at >= 0 && count <= DEEPEST; at = html.indexOf('<', at + 1)) count += 1
  return count > DEEPEST
}
