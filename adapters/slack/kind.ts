// Slack, as a kind of channel.
import { adapterKind } from '../kind.ts'
import { slackSettings } from './settings.ts'

export const slack = adapterKind(slackSettings, async (settings, options) => {
  const { SlackChannel } = await import('./adapter.ts')
  return new SlackChannel(settings, options)
})
