import type { ActorFigures, DeskFigures, Exchanged } from './figures.ts'
import { NORTH, SOUTH } from './plans.ts'
import type { Simulation } from './simulation.ts'

/**
 * A desk is configured to send one address 20 in a day at most. Its days begin with the first mail, so that the end of
 * one and the start of the next may lie within the same 24 hours.
 */
const MOST_TO_REQUESTER = 2 * 20
/** A day with everything that happens here; what circles is stopped by the desk only at 500. */
const MOST_TO_AGENT = 150
/**
 * One that writes as a person would opens a closed ticket once for each answer that it gets: so many do agents write.
 * It must not go on by itself.
 */
const MOST_REOPENED = 4
const MOST_BETWEEN_DESKS = 2 // automatic mails on one ticket
const MOST_ANSWERS = 4 // on one ticket, to the other desk: so many do agents write

/** All that is known at the end. */
export interface Outcome {
  desks: readonly DeskFigures[]
  actors: readonly ActorFigures[]
  between: readonly Exchanged[]
  /** What desks sent once everybody rested, one line each. */
  afterwards: readonly string[]
}

const AGENTS = new Set([...NORTH.agents, ...SOUTH.agents].map(agent => agent.email))

/** What is not as it must be; one sentence each. */
export function brokenBounds(simulation: Simulation, outcome: Outcome): string[] {
  const { exchange, restless } = simulation
  return [
    ...(restless > 0 ? [`In ${restless} hours the mail did not come to rest.`] : []),
    ...exchange.refusals.map(refusal => `A desk did not take a mail: ${refusal}`),
    ...outcome.desks.flatMap(brokenAtDesk),
    ...outcome.actors.flatMap(brokenForActor),
    ...outcome.between
      .filter(each => each.automatic > MOST_BETWEEN_DESKS || each.replies > MOST_ANSWERS)
      .map(
        each =>
          `The desks sent each other ${each.automatic} automatic mails and ${each.replies} answers on ${each.ticket}.`,
      ),
    ...(outcome.afterwards.length > 0
      ? [`While people rested, desks sent ${outcome.afterwards.length} mails, such as ${outcome.afterwards[0]}.`]
      : []),
  ]
}

function brokenAtDesk(desk: DeskFigures): string[] {
  const { name, reopenedByRobots, sentOn, acknowledgements, problems, unaccounted } = desk
  return [
    ...reopenedByRobots.map(ticket => `${name}: a machine opened a ticket again: ${ticket}.`),
    ...[...Map.groupBy(desk.reopenedByDisguised, ticket => ticket)]
      .filter(([, times]) => times.length > MOST_REOPENED)
      .map(([ticket, times]) => `${name}: a machine opened a ticket again ${times.length} times: ${ticket}.`),
    ...(sentOn > 0 ? [`${name}: it sent ${sentOn} mails of machines on as answers of agents.`] : []),
    ...(acknowledgements > 1 ? [`${name}: a ticket was acknowledged ${acknowledgements} times.`] : []),
    ...(unaccounted > 0 ? [`${name}: ${unaccounted} arrivals are unaccounted for.`] : []),
    ...problems.map(problem => `${name}: ${problem}`),
  ]
}

function brokenForActor({ address, mostAutomatic }: ActorFigures): string[] {
  const most = AGENTS.has(address) ? MOST_TO_AGENT : MOST_TO_REQUESTER
  return mostAutomatic > most ? [`${address} got ${mostAutomatic} automatic mails of one desk within a day.`] : []
}
