import type { OpenDesk } from '../../src/main.ts'
import { allAgents } from '../../src/store/people.ts'
import { currentTicket, ticketIdByNumber } from '../../src/store/tickets.ts'
import type { Wanted } from './command-lines.ts'

/**
 * The handle of the agent from whom the desk would take this line, as things are now; undefined where anybody may, or
 * nobody. It may be another agent's turn by the time that the line is asked.
 */
export async function whoCould({ context }: OpenDesk, { word, ticket: number }: Wanted): Promise<string | undefined> {
  const { read } = context.store
  const id = await ticketIdByNumber(read, number)
  const ticket = id === undefined ? undefined : await currentTicket(read, id)
  if (!ticket) return undefined
  const { ownerId, offeredTo, helpers } = ticket
  const wanted: Record<string, string | null | undefined> = {
    release: ownerId,
    handover: ownerId,
    accept: offeredTo,
    decline: offeredTo,
    leave: helpers.split(' ').at(-1),
  }
  const agents = await allAgents(read)
  return agents.find(agent => agent.id === wanted[word])?.handle
}
