import { brokenBounds, type Outcome } from './bounds.ts'
import { actorFigures, betweenDesks, figuresOf } from './figures.ts'
import { report } from './report.ts'
import { Simulation } from './simulation.ts'

/**
 * Simulates so many days, and gives what they came to: a text to read, and what is not as it must be. `mute`: responders
 * of agents write as a person would.
 */
export async function runMonth(
  seed: number,
  days: number,
  { tell, mute = false }: { tell?: (day: number) => void; mute?: boolean } = {},
): Promise<{ text: string; broken: string[] }> {
  const simulation = await Simulation.start(seed, days, mute)
  try {
    const quietFrom = await simulation.run(tell)
    const { exchange } = simulation
    const desks = [simulation.desks.north, simulation.desks.south]
    const outcome: Outcome = {
      desks: await Promise.all(desks.map(figuresOf)),
      actors: actorFigures(exchange, desks),
      between: betweenDesks(exchange),
      afterwards: exchange.departures
        .filter(each => each.at > quietFrom)
        .map(each => `"${each.subject}" to ${each.recipient}`),
    }
    return { text: report(simulation, outcome), broken: brokenBounds(simulation, outcome) }
  } finally {
    await simulation.remove()
  }
}
