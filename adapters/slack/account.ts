// What the tokens are of, and which channels there are.
import type { WebClient } from '@slack/web-api'
import { DeskError } from '../../src/errors.ts'
import { deliveryError, isTokenTrouble, slackCode } from './api/api-error.ts'
import { ReadApi } from './api/read-api.ts'
import type { SlackSettings } from './settings.ts'
import type { Workspace } from './workspace.ts'

/** What the bot token is of. */
export interface Account {
  teamId: string
  /** Name of the workspace. */
  team: string
  botUserId: string
  botId: string
  /** As after the @. */
  bot: string
  /** A024..., where Slack tells it. */
  appId: string | undefined
  /** What the token may do, where Slack tells it. */
  scopes: readonly string[] | undefined
}

/** A channel, as far as it matters here. */
export interface Channel {
  id: string
  name: string
  isPrivate: boolean
  /** Somebody outside the workspace is in it. */
  isShared: boolean
}

/** A channel of the configuration: where it is written, and its name (`#help`, `help`) or id (`C024...`). */
export interface ConfiguredChannel {
  setting: string
  name: string
}

type Page = {
  channels?: { id?: string; name?: string; is_private?: boolean; is_ext_shared?: boolean }[]
  response_metadata?: { next_cursor?: string }
}

const PAGE = 999 // https://docs.slack.dev/reference/methods/users.conversations
const MOST_PAGES = 200

/** Rejects with a `DeskError`: `config` if the token is not good, else `unavailable`. */
export async function identify(client: WebClient): Promise<Account> {
  try {
    const { team_id, team, user_id, user, bot_id, app_id, response_metadata } = await client.auth.test()
    if (!team_id || !user_id || !bot_id) {
      throw new DeskError(
        'config',
        'botToken: this is not a bot token: copy the one from OAuth & Permissions (xoxb-...).',
      )
    }
    const appId = app_id ?? (await appOf(client, bot_id))
    const names = { team: team ?? team_id, bot: user ?? user_id }
    return { teamId: team_id, botUserId: user_id, botId: bot_id, ...names, appId, scopes: response_metadata?.scopes }
  } catch (error) {
    if (error instanceof DeskError) throw error
    if (!isTokenTrouble(error)) throw new DeskError('unavailable', deliveryError(error).message, { cause: error })
    const mend = 'copy the Bot User OAuth Token from OAuth & Permissions (xoxb-...)'
    throw new DeskError('config', `botToken: Slack refuses it (${slackCode(error)}): ${mend}.`, { cause: error })
  }
}

/** Where agents work and where people ask, by id. Rejects with a `DeskError`. */
export async function resolveChannels(
  client: WebClient,
  settings: Pick<SlackSettings, 'room' | 'support'>,
): Promise<Pick<Workspace, 'roomId' | 'support'>> {
  const channels = configuredChannels(settings)
  const joinedChannels = channels.length > 0 ? await channelsOfBot(client) : []
  const ids = new Map<string, string>()
  for (const { setting, name } of channels) {
    const channel = channelNamed(joinedChannels, name)
    if (!channel) {
      const mend = 'correct the name, or invite the bot in Slack (/invite)'
      throw new DeskError('config', `${setting}: the bot is in no channel named ${name}: ${mend}.`)
    }
    const other = ids.get(channel.id)
    if (other) throw new DeskError('config', `${setting}: #${channel.name} is already in ${other}: leave one out.`)
    ids.set(channel.id, setting)
  }
  const byPlace = [...ids.keys()]
  const roomId = settings.room === undefined ? undefined : byPlace.shift()
  return { roomId, support: new Map(settings.support.map(({ take }, index) => [byPlace[index] ?? '', take])) }
}

/** The room first. */
export function configuredChannels({ room, support }: Pick<SlackSettings, 'room' | 'support'>): ConfiguredChannel[] {
  const places = support.map(({ channel }, index) => ({ setting: `support[${index}].channel`, name: channel }))
  return room === undefined ? places : [{ setting: 'room', name: room }, ...places]
}

/** Channels write their names in lower case, and ids in upper case. */
export function channelNamed(channels: readonly Channel[], nameOrId: string): Channel | undefined {
  const name = nameOrId.trim().replace(/^#/, '').toLowerCase()
  return channels.find(each => each.id === nameOrId.trim()) ?? channels.find(each => each.name === name)
}

/** Public and private channels that the bot is in. */
export function channelsOfBot(client: WebClient): Promise<Channel[]> {
  return allPages(client, (each, cursor) =>
    each.users.conversations({
      types: 'public_channel,private_channel',
      exclude_archived: true,
      limit: PAGE,
      ...cursor,
    }),
  )
}

export function publicChannels(client: WebClient): Promise<Channel[]> {
  return allPages(client, (each, cursor) =>
    each.conversations.list({ types: 'public_channel', exclude_archived: true, limit: PAGE, ...cursor }),
  )
}

async function allPages(
  client: WebClient,
  list: (client: WebClient, cursor: { cursor?: string }) => Promise<Page>,
): Promise<Channel[]> {
  const reader = new ReadApi(client, new AbortController().signal)
  const channels: Channel[] = []
  let next: string | undefined
  for (let count = 0; count < MOST_PAGES; count += 1) {
    const cursor = next ? { cursor: next } : {}
    const page = await reader
      .ask(each => list(each, cursor))
      .catch(error => {
        const { code, message } = deskErrorOf(error)
        throw new DeskError(code, message, { cause: error })
      })
    for (const { id, name, is_private = false, is_ext_shared = false } of page.channels ?? []) {
      if (id && name) channels.push({ id, name, isPrivate: is_private, isShared: is_ext_shared })
    }
    next = page.response_metadata?.next_cursor
    if (!next) break
  }
  return channels
}

/** What the reader rejected with, for whoever starts the desk. */
function deskErrorOf(error: Error): { code: 'config' | 'unavailable'; message: string } {
  const cause = error.cause ?? error
  return { code: isTokenTrouble(cause) ? 'config' : 'unavailable', message: deliveryError(cause).message }
}

async function appOf(client: WebClient, bot: string): Promise<string | undefined> {
  try {
    return (await client.bots.info({ bot })).bot?.app_id
  } catch {
    return undefined // it is only compared where it is known
  }
}
