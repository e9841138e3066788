// Tables for a terminal.
import stringWidth from 'string-width'

/** Columns as wide as what stands in them; the last takes what is left of `width`. No lines, so that it pastes well. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], width = 110): string {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map(row => stringWidth(row[column] ?? ''))))
  const room = width - widths.slice(0, -1).reduce((sum, each) => sum + each + 2, 0)
  return all
    .map(row =>
      row
        .map((cell, column) =>
          column === head.length - 1 ? shorten(cell, Math.max(20, room)) : pad(cell, widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function pad(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - stringWidth(cell)))
}

/** To so many columns of a terminal. */
export function shorten(cell: string, width: number): string {
  if (stringWidth(cell) <= width) return cell
  let taken = ''
  for (const letter of cell) {
    if (stringWidth(taken + letter) >= width) break
    taken += letter
  }
  return `${taken}…`
}

/** The same in a sentence: `just now`, `5m ago`. */
export function agoInWords(from: string, now: string): string {
  const span = age(from, now)
  return span === 'now' ? 'just now' : `${span} ago`
}

/** How long ago, in the largest unit that fits: `now`, `5m`, `3h`, `12d`. */
export function age(from: string, now: string): string {
  const minutes = Math.floor((Date.parse(now) - Date.parse(from)) / 60_000)
  if (minutes < 1) return 'now'
  if (minutes < 60) return `${minutes}m`
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)}h`
  return `${Math.floor(minutes / 1440)}d`
}
