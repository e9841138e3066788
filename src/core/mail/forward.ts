// Finds a mail that is forwarded within another.
import { fieldRole, headerBlockAt } from './reply/header-block.ts'
import { isBlank, isQuoted, isRule, saysForwarded, saysOriginal } from './reply/lines.ts'

/** A mail that somebody forwarded within the text of another. */
export interface ForwardedMail {
  from: { address: string; name: string }
  /** '' where the program left it out. */
  subject: string
  text: string
  /** What the one who forwarded it wrote above. */
  comment: string
}

const FARTHEST = 6 // lines between "Forwarded message" and what tells from whom it is
const MOST_LINES = 400 // a comment is shorter
const ADDRESS = /[^\s<>()[\]",;:'=@]{1,64}@[\p{L}\p{N}](?:[\p{L}\p{N}.-]{0,253}[\p{L}\p{N}])?/u

/** The mail that a text forwards, by the header that mail programs show above it; null where there is none. */
export function forwardedMail(text: string): ForwardedMail | null {
  const lines = text.split('\n')
  for (let at = 0; at < Math.min(lines.length, MOST_LINES); at += 1) {
    const line = lines[at] ?? ''
    if (saysForwarded(line) || saysOriginal(line)) {
      for (let below = at + 1; below <= Math.min(lines.length - 1, at + FARTHEST); below += 1) {
        const found = mailAt(lines, at, below)
        if (found) return found
      }
    }
    const found = mailAt(lines, at, at)
    if (found) return found
  }
  return null
}

/** The text above whatever it shows of a mail of somebody else; all of it where it shows none. */
export function aboveForward(text: string): string {
  const lines = text.split('\n')
  const at = lines.findIndex(
    (line, at) => saysForwarded(line) || saysOriginal(line) || headerBlockAt(lines, at) !== null,
  )
  return at < 0 ? text : lines.slice(0, at).join('\n')
}

/** Whether a text shows a mail of somebody else below what its writer says. */
export function showsMail(text: string): boolean {
  return aboveForward(text) !== text
}

function mailAt(lines: readonly string[], above: number, at: number): ForwardedMail | null {
  const block = headerBlockAt(lines, at)
  if (!block) return null
  const from = senderIn(fieldValue(lines, at, block.end, 'from'))
  if (!from) return null
  const body = lines.slice(block.end)
  const comment = lines.slice(0, Math.min(above, block.start))
  while (comment.length > 0 && (isBlank(comment.at(-1)) || isRule(comment.at(-1) ?? ''))) comment.pop()
  return {
    from,
    subject: fieldValue(lines, at, block.end, 'subject'),
    text: withoutOneQuote(body).join('\n').trim(),
    comment: comment.join('\n').trim(),
  }
}

/** Some programs quote all of what they forward. */
function withoutOneQuote(lines: readonly string[]): readonly string[] {
  const written = lines.filter(line => !isBlank(line))
  if (written.length === 0 || !written.every(isQuoted)) return lines
  return lines.map(line => line.replace(/^\s{0,20}[>＞] ?/, ''))
}

/** The value of a field, with the lines that it goes on over. */
function fieldValue(lines: readonly string[], start: number, end: number, fieldName: 'from' | 'subject'): string {
  for (let at = start; at < end; at += 1) {
    const line = lines[at] ?? ''
    if (fieldRole(line) !== fieldName) continue
    let value = line.replace(/^[^:：]{0,64}[:：]\**/, '').trim()
    for (let next = at + 1; next < end && fieldRole(lines[next] ?? '') === undefined; next += 1) {
      if (isBlank(lines[next])) break
      value += ` ${(lines[next] ?? '').replace(/^[\s>]{1,20}/, '').trim()}`
    }
    return value.replace(/\s+/g, ' ').slice(0, 1_000)
  }
  return ''
}

function senderIn(value: string): ForwardedMail['from'] | null {
  const address = ADDRESS.exec(value)?.[0]
  if (!address) return null
  const name = value
    .slice(0, value.indexOf(address))
    .replace(/(?:<|\[|\()?(?:mailto:)?\s*$/i, '')
    .replace(/^[\s"'*]+|[\s"'*]+$/g, '')
  return { address: address.toLowerCase(), name: name.includes('@') ? '' : name }
}
