import { table } from '../../src/core/text/table.ts'
import type { Outcome } from './campaign.ts'

const MOST_FAILURES = 40 // that are written out

/** What a reader is shown at the end. */
export function report({ asked, seconds, failures, tickets, events, backwards, excused }: Outcome): string {
  const taken = asked.filter(each => each.outcome === 'taken').length
  return [
    `${asked.length} commands in ${seconds.toFixed(1)} s, ${taken} taken, ${asked.length - taken} refused; ` +
      `${tickets} tickets, ${events} events.`,
    outcomeTable(asked),
    `${backwards.count} events bear an earlier time than the one before them, by ${backwards.mostMs} ms at most; ` +
      `${excused} commands went where a merge at the same time led them.`,
    failures.length === 0
      ? 'Every rule held.'
      : `${failures.length} FAILURES:\n${failures
          .slice(0, MOST_FAILURES)
          .map(each => `- ${each}`)
          .join('\n')}`,
  ].join('\n\n')
}

function outcomeTable(asked: Outcome['asked']): string {
  const outcomes = [...new Set(asked.map(each => each.outcome))].sort()
  const words = [...Map.groupBy(asked, each => each.word)].sort(([a], [b]) => (a < b ? -1 : 1))
  const rows = words.map(([word, of]) => [
    word,
    ...outcomes.map(outcome => String(of.filter(each => each.outcome === outcome).length)),
  ])
  return table(['COMMAND', ...outcomes.map(outcome => outcome.toUpperCase())], rows, 120)
}
