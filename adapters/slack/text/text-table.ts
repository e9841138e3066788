// Reads tables.
import stringWidth from 'string-width'

/** Wider cells do not align what stands below them. */
const WIDEST = 40

/** A table in columns of equal width, for a font of equal width; the first row is its head. */
export function tableLines(rows: readonly string[][]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, at) => {
      widths[at] = Math.min(WIDEST, Math.max(widths[at] ?? 0, stringWidth(cell)))
    })
  }
  const lines = rows.map(row =>
    row
      .map((cell, at) => padded(cell, widths[at] ?? 0))
      .join(' | ')
      .trimEnd(),
  )
  return [...lines.slice(0, 1), widths.map(width => '-'.repeat(width)).join('-+-'), ...lines.slice(1)]
}

function padded(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - stringWidth(cell)))
}
