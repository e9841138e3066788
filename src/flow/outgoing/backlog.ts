// Tickets of mail that had waited before it came, such as an import, are told of together once no more come.
import { agentsToNotify, notifyAgents } from '../../commands/command/notify-agents.ts'
import { countInBacklog, hasBacklog, takeBacklogs } from '../../store/backlogs.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { type Context, deskFacts } from '../context.ts'

const TOLD = 20 // told of one by one, as of new mail
const QUIET_MS = 30_000
const LONGEST_MS = 60 * 60 * 1000

/** Counts a ticket of mail that had waited. False once there are so many that they are told of together. */
export async function isNotifiedAlone(
  tx: Tx,
  ticket: { deskId: string; number: number; channel: string },
  at: string,
): Promise<boolean> {
  return (await countInBacklog(tx, { ...ticket, limit: TOLD, at })) <= TOLD
}

/** Tells agents of what came together. Gives of how many backlogs. */
export async function tellOfBacklogs(context: Context): Promise<number> {
  const { store, clock, desks } = context
  if (!(await hasBacklog(store.read))) return 0
  const now = clock.now().getTime()
  const quietSince = new Date(now - QUIET_MS).toISOString()
  const beganBefore = new Date(now - LONGEST_MS).toISOString()
  return store.transact(async tx => {
    const over = await takeBacklogs(tx, { quietSince, beganBefore })
    for (const { deskId, channel, opened, firstUntold, lastUntold } of over) {
      if (firstUntold === null || lastUntold === null) continue
      const prefix = desks.find(each => each.id === deskId)?.prefix ?? ''
      const rest = opened - TOLD
      const which = rest === 1 ? `${prefix}-${firstUntold}` : `${prefix}-${firstUntold} to ${prefix}-${lastUntold}`
      const note = `Mail that had piled up came in and opened ${opened} tickets. You were notified of the first ${TOLD} one by one. ${rest === 1 ? 'Here is one more' : `Here are ${rest} more`}: ${which}. \`list\` shows all open tickets.`
      const facts = await deskFacts(context, tx)
      await notifyAgents(tx, facts, agentsToNotify(facts, null, null), {
        kind: 'notify-backlog',
        purpose: 'internal',
        channel,
        note,
      })
    }
    return over.length
  })
}
