// Colours of what is printed to a terminal.
import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** What stands out on a terminal, first match first. */
const STYLES: readonly [RegExp, Style][] = [
  [/^REF .*$/gm, 'dim'],
  [/^--- .*$/gm, 'cyan'],
  [/\b(?:NOT DELIVERED|NOT RECEIVED|CAUTION)\b/g, ['red', 'bold']],
  [/\bP1\b/g, ['red', 'bold']],
  [/\bP2\b/g, 'yellow'],
  [/\b[A-Z][A-Z0-9]{0,9}-\d{1,12}\b/g, 'bold'],
  [
    /^(?:state|owner|helping|requester|copied|class|tags|opened|recorded|answered|expected|resolved|closed|rating|receipt|link|part|earlier|alert|reopened|passed on|misrouted|worked) +/gm,
    'dim',
  ],
  [/\bnew\b(?= {2})/g, 'green'],
  [/\bwaiting on (?:requester|third party)\b(?= {2}|$)/gm, 'yellow'],
]

/** Colours for a terminal that has them; as it is where it is piped, or where NO_COLOR (https://no-color.org) is set. */
export function paint(text: string, stream: NodeJS.WriteStream = process.stdout): string {
  if (!stream.isTTY || process.env.NO_COLOR || process.env.TERM === 'dumb') return text
  const [head = '', ...rest] = text.split(/(?=^--- )/m)
  // Only what we say ourselves is coloured, not what people wrote.
  return [painted(head), ...rest.map(part => part.replace(/^--- .*$/m, line => styleText('cyan', line)))].join('')
}

function painted(text: string): string {
  const spans: { from: number; to: number; style: Style }[] = []
  for (const [pattern, style] of STYLES) {
    for (const found of text.matchAll(pattern)) {
      const [from, to] = [found.index, found.index + found[0].length]
      if (!spans.some(each => from < each.to && to > each.from)) spans.push({ from, to, style })
    }
  }
  let done = 0
  let result = ''
  for (const { from, to, style } of spans.sort((a, b) => a.from - b.from)) {
    result += text.slice(done, from) + styleText(style, text.slice(from, to), { validateStream: false })
    done = to
  }
  return result + text.slice(done)
}
