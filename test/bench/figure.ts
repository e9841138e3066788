import { table } from '../../src/core/text/table.ts'

/** One line of the result. */
export interface Figure {
  /** Which measure it belongs to, as `--only` names it. */
  measure: string
  what: string
  value: number
  unit: 'messages/s' | 'events/s' | 'messages' | 'MB' | 's' | 'ms' | 'threads'
  /** Value through that of the baseline in the same run; null where there is no baseline. */
  ratio: number | null
  /** What it should be, of `ratio` where that is what is promised; null where it is only reported. */
  target: { of: 'value' | 'ratio'; at: 'least' | 'most'; limit: number } | null
  /** Of each repetition. */
  repeats: readonly number[]
  /** The same as `ratio` of processor time: messages per second of it, or how much of it. */
  cpuRatio?: number
  /** Processor time of one repetition, where the value is a time. */
  cpuMilliseconds?: number
  /** Processor cores that it kept busy on average, where that tells what limits it; and that other programs did. */
  cores?: number
  otherCores?: number
}

export function isMet(figure: Figure): boolean | null {
  const { target } = figure
  if (target === null) return null
  const value = target.of === 'ratio' ? (figure.ratio ?? 0) : figure.value
  return target.at === 'least' ? value >= target.limit : value < target.limit
}

export function showFigures(figures: readonly Figure[]): string {
  const rows = figures.map(figure => [
    figure.what,
    `${rounded(figure.value)} ${figure.unit}`,
    figure.ratio === null ? '' : `${figure.ratio.toFixed(2)} x`,
    targetText(figure),
    { true: 'met', false: 'NOT MET', null: '' }[`${isMet(figure)}`],
    figure.cpuRatio === undefined ? '' : `${figure.cpuRatio.toFixed(2)} x`,
    figure.cpuMilliseconds === undefined ? '' : `${rounded(figure.cpuMilliseconds)} ms`,
    figure.cores === undefined ? '' : figure.cores.toFixed(1),
    figure.otherCores === undefined ? '' : figure.otherCores.toFixed(1),
  ])
  return table(['WHAT', 'FIGURE', 'RATIO', 'TARGET', '', 'CPU RATIO', 'CPU', 'CORES', "OTHERS' CORES"], rows, 160)
}

function targetText({ target, unit }: Figure): string {
  if (target === null) return ''
  return `${target.at === 'least' ? 'at least' : 'below'} ${target.limit} ${target.of === 'ratio' ? 'x' : unit}`
}

function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}

/** The least of these values that so many percent of them do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? Number.NaN
}
