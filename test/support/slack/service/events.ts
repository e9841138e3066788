import { randomUUID } from 'node:crypto'
import type { Json, Message } from '../shapes.ts'
import { fromTemplate } from '../templates.ts'
import { channelType } from './membership.ts'
import type { Workspace } from './workspace.ts'

/** A message that Slack tells of, or what became of one. */
export type Told = Partial<Message> & { channel: string; previous?: Message | undefined; message?: Json }

const IN_EVENTS = [
  ...['subtype', 'user', 'bot_id', 'app_id', 'bot_profile', 'username', 'text', 'ts', 'client_msg_id', 'team'],
  ...['user_team', 'source_team', 'thread_ts', 'parent_user_id', 'root', 'blocks', 'attachments', 'files', 'upload'],
  ...['edited', 'inviter', 'topic', 'channel'],
]

// Beyond what the emulator counts its messages with.
let counted = 500_000

/** A moment, as Slack writes them; each is later than the one before. */
export function newTime(): string {
  counted = (counted + 1) % 1_000_000
  return `${Math.floor(Date.now() / 1000)}.${String(counted).padStart(6, '0')}`
}

/** https://docs.slack.dev/reference/events/message and the subtypes below it */
export async function messageEvent(workspace: Workspace, told: Told): Promise<Json> {
  const { channel, subtype } = told
  const channel_type = await channelType(workspace, channel)
  if (subtype === 'message_changed') {
    const { message, previous } = told
    const both = { message: bare(message), previous: bare(previous) }
    return fromTemplate('message-changed', { channel, channel_type, event_ts: newTime(), ...both })
  }
  if (subtype === 'message_deleted') {
    const { deleted_ts, previous } = told
    const values = { channel, channel_type, event_ts: newTime(), deleted_ts, previous: bare(previous) }
    return fromTemplate('message-deleted', values)
  }
  const values = Object.fromEntries(IN_EVENTS.map(name => [name, told[name]]))
  const display_as_bot = told.upload ? false : undefined
  return fromTemplate('message', { ...values, channel_type, event_ts: told.ts, display_as_bot })
}

/** The other event of a message that mentions the app. https://docs.slack.dev/reference/events/app_mention */
export function mentionEvent(message: Json): Json {
  const names = ['user', 'text', 'ts', 'client_msg_id', 'team', 'user_team', 'source_team', 'thread_ts']
  const values = [...names, 'parent_user_id', 'blocks', 'files', 'channel', 'event_ts'].map(name => [
    name,
    message[name],
  ])
  return fromTemplate('app-mention', Object.fromEntries(values))
}

export interface EnvelopeOptions {
  team?: string
  app?: string
  /** Somebody from another workspace is in the channel. */
  shared?: boolean
}

/** What an event comes in. https://docs.slack.dev/apis/events-api#callback-field */
export function envelope(workspace: Workspace, event: Json, options: EnvelopeOptions = {}): Json {
  const { team = workspace.team.id, app = workspace.bot.appId, shared = false } = options
  return fromTemplate('envelope', {
    ...{ team, app, event, shared, bot: workspace.bot.id },
    event_id: `Ev${randomUUID().replaceAll('-', '').slice(0, 10).toUpperCase()}`,
    event_time: Math.floor(Date.now() / 1000),
    event_context: `4-${Buffer.from(`${event.type}-${team}`).toString('base64url')}`,
  })
}

/** A message inside another event says nothing of its conversation. */
function bare(message: Json | undefined): Json | undefined {
  if (!message) return undefined
  const { channel: _, metadata: __, ...others } = message
  return others
}
