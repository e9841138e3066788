// A desk in Slack and by mail with everything that its people see of it, for the cases that were met in Slack.
import { AGENTS } from '../support/desk.ts'
import { makeSlackDesk, PEOPLE, type SlackDesk } from '../support/slack-desk.ts'
import { SlackWatch } from '../support/slack-watch.ts'

export interface SlackScene {
  all: SlackDesk
  watch: SlackWatch
  /** References of all tickets. */
  refs(): Promise<string[]>
  /** References of the tickets that this opens. */
  opens(work: () => Promise<unknown>): Promise<string[]>
}

/** `names` are further people, with addresses at example.com. */
export async function slackScene(names: readonly string[] = []): Promise<SlackScene> {
  const all = await makeSlackDesk('sqlite', {
    more: { oneTicketWithin: '1s' },
    people: [...PEOPLE, ...names.map(name => ({ name, email: `${name}@example.com` }))],
    channels: [{ name: 'help' }, { name: 'triage', private: true, members: ['bob', 'eve'] }, { name: 'random' }],
    root: { agents: AGENTS },
  })
  const watch = await SlackWatch.begin(all)
  const refs = async () =>
    (await all.desk.desk.context.store.read<{ ref: string }>`SELECT ref FROM tickets_read`).map(each => each.ref)
  return {
    ...{ all, watch, refs },
    async opens(work) {
      const before = await refs()
      await work()
      await watch.quiet()
      return (await refs()).filter(each => !before.includes(each))
    },
  }
}
