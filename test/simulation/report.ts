import { table } from '../../src/core/text/table.ts'
import type { Outcome } from './bounds.ts'
import type { ActorFigures, DeskFigures, Spread } from './figures.ts'
import type { Simulation } from './simulation.ts'

const MOST_STRANGERS = 5 // addresses of spam that are shown one by one

/** What a reader is shown at the end. */
export function report(simulation: Simulation, outcome: Outcome): string {
  const { exchange } = simulation
  return [
    `${exchange.handed} mails were handed to the desks, ${exchange.departures.length} left them.`,
    deskTable(outcome.desks),
    ...outcome.desks.flatMap(desk => [
      `${desk.name}, what became of mail: ${counts(desk.outcomes)}`,
      `${desk.name}, held and ignored: ${counts(desk.reasons)}`,
      `${desk.name}, acknowledgements: ${counts(desk.acknowledged)}`,
      ...(desk.alarms.length > 0 ? [`${desk.name}, alarms: ${desk.alarms.join(', ')}`] : []),
    ]),
    actorTable(outcome),
    betweenLine(outcome),
  ].join('\n\n')
}

function deskTable(desks: readonly DeskFigures[]): string {
  const head = [
    ...['DESK', 'TICKETS', 'IN A TICKET', 'MEAN', 'OUT OF A TICKET', 'MEAN', 'ACKS OF A TICKET'],
    ...['REOPENED BY ROBOTS', 'BY DISGUISED ONES', 'SENT ON', 'OVER A DAY’S LIMIT', 'PROBLEMS'],
  ]
  const spread = ({ most, mean }: Spread) => [String(most), mean.toFixed(1)]
  const rows = desks.map(desk => [
    desk.name,
    String(desk.tickets),
    ...spread(desk.received),
    ...spread(desk.sent),
    ...[
      desk.acknowledgements,
      desk.reopenedByRobots.length,
      desk.reopenedByDisguised.length,
      desk.sentOn,
      desk.dropped,
    ].map(String),
    String(desk.problems.length + desk.unaccounted),
  ])
  return table(head, rows, 160)
}

function actorTable({ actors, desks }: Outcome): string {
  const isSpam = ({ address }: ActorFigures) => /^offer\d/.test(address)
  const total = (each: ActorFigures) => Object.values(each.from).reduce((sum, count) => sum + count, 0)
  const shown = [...actors.filter(each => !isSpam(each))].sort((a, b) => total(b) - total(a))
  const spam = actors.filter(isSpam).sort((a, b) => total(b) - total(a))
  const rows = [...shown, ...spam.slice(0, MOST_STRANGERS)].map(each => [
    each.address,
    ...desks.map(({ name }) => String(each.from[name] ?? 0)),
    ...[each.acknowledgements, each.notifications, each.replies, each.mostAutomatic].map(String),
  ])
  const head = [
    'WHO',
    ...desks.map(({ name }) => `FROM ${name.toUpperCase()}`),
    'ACKS',
    'NOTIFIED',
    'ANSWERS',
    'AUTOMATIC IN A DAY',
  ]
  return `${table(head, rows, 130)}\n(and ${Math.max(0, spam.length - MOST_STRANGERS)} more addresses of spam)`
}

function betweenLine({ between }: Outcome): string {
  const most = (of: 'automatic' | 'replies') => Math.max(0, ...between.map(each => each[of]))
  const sum = (of: 'automatic' | 'replies') => between.reduce((all, each) => all + each[of], 0)
  return [
    `Between the desks, on ${between.length} tickets: ${sum('automatic')} automatic mails, ${most('automatic')} on one`,
    `ticket at most, and ${sum('replies')} answers of agents, ${most('replies')} on one ticket at most.`,
  ].join(' ')
}

function counts(by: Record<string, number>): string {
  const words = Object.entries(by).map(([what, count]) => `${what} ${count}`)
  return words.length === 0 ? 'none' : words.join(', ')
}
