// Ends the alarm that an agent cannot be told of anything, once they can.
import { UNREACHED } from '../../commands/command/notify-agents.ts'
import { settleAlarm, standingAlarms } from '../../store/alarms.ts'
import { type Context, deskFacts } from '../context.ts'
import type { Job } from './job.ts'

export function unreachedAgentsJob(context: Context): Job {
  const { store } = context
  return {
    name: 'agents who cannot be told',
    async run() {
      const standing = (await standingAlarms(store.read)).filter(({ code }) => code.startsWith(UNREACHED))
      if (standing.length === 0) return 0
      return store.transact(async tx => {
        const facts = await deskFacts(context, tx)
        let settled = 0
        for (const { channel, code } of standing) {
          const agent = facts.agents.find(({ handle }) => code === `${UNREACHED}${handle}`)
          if (agent && !facts.reach(agent, channel)) continue
          await settleAlarm(tx, channel, code, facts.at)
          settled += 1
        }
        return settled
      })
    },
  }
}
