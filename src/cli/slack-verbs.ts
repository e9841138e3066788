// Verbs about Slack.
import type { Command } from 'commander'
import { DeskError, sentenceOf } from '../errors.ts'
import { findConfig, type Whereabouts } from '../main.ts'
import { complain, printJson } from './with-desk.ts'

export function addSlackVerbs(program: Command): void {
  const slack = program.command('slack').description('set up the Slack app for this desk')
  slack
    .command('manifest [channel]')
    .description('print the manifest for the app; use it at api.slack.com/apps: Create New App, From a manifest')
    .option(
      '--http <url>',
      'where Slack reaches the desk; default: Socket Mode, unless the configuration says otherwise',
    )
    .action(async (channel: string | undefined, options: { http?: string }, command: Command) => {
      const made = await manifestFor(command.optsWithGlobals<Whereabouts>(), channel, options.http)
      printJson(made, 2)
    })
}

/** The configuration need not have a Slack channel yet: its tokens come from the app that is made with this. */
async function manifestFor(where: Whereabouts, name: string | undefined, http: string | undefined): Promise<object> {
  const { manifest } = await import('../../adapters/slack/manifest.ts')
  const { slackOf } = await import('../../adapters/slack/settings.ts')
  const { channels, publicUrl } = slackChannels(where)
  const channel = name === undefined ? channels[0] : channels.find(each => each.name === name)
  if (name !== undefined && !channel) {
    throw new DeskError(
      'config',
      `There is no Slack channel "${name}" in the configuration: leave the name out, or use another.`,
    )
  }
  const settings = slackOf(channel?.settings, http ?? publicUrl)
  const requestUrl = http ?? settings?.requestUrl
  return manifest({
    socketMode: requestUrl === undefined,
    requestUrl,
    name: 'Relaydesk',
    reaction: settings?.reaction ?? 'ticket',
  })
}

/** Before the app is made its tokens cannot be there, and without them the configuration is not whole. */
function slackChannels(where: Whereabouts): {
  channels: { name: string; settings: unknown }[]
  publicUrl?: string | undefined
} {
  try {
    const { channels, web } = findConfig(where).config
    return { channels: channels.filter(each => each.kind === 'slack'), publicUrl: web.publicUrl }
  } catch (error) {
    complain(`The configuration is ignored: ${sentenceOf(error)}`)
    return { channels: [] }
  }
}
