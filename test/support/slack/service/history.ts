import { type Answer, byTime, type Call, type Json, type Message, refusal } from '../shapes.ts'
import { fromTemplate } from '../templates.ts'
import type { SlackApi, Supply } from './api.ts'
import { mayRead } from './membership.ts'
import type { Workspace } from './workspace.ts'

/** https://docs.slack.dev/reference/methods/conversations.history */
const history: Supply = async (call, api) => {
  const { args, caller } = call
  const channel = String(args.channel ?? '')
  const refused = await mayRead(api.workspace, channel, caller)
  if (refused) return refused
  const span = spanOf(args, { usual: 100, most: 999 })
  if ('ok' in span) return span
  const all = (await topMessages(api, channel, call)).filter(each => isWithin(each.ts, span))
  // With `oldest` alone Slack gives those closest to it first; each page is in the order of time, newest first.
  const forward = span.oldest !== undefined && span.latest === undefined
  const ordered = forward ? all : all.toReversed()
  const from = span.cursor === undefined ? 0 : ordered.findIndex(each => each.ts === span.cursor)
  if (from < 0) return refusal('invalid_cursor')
  const page = ordered.slice(from, from + span.limit)
  const next = ordered[from + span.limit]
  const shown = await Promise.all(page.map(each => withReplies(api, each, call)))
  return {
    ok: true,
    messages: (forward ? shown.toReversed() : shown).map(each => withoutPayload(each, args)),
    has_more: next !== undefined,
    ...nextCursor(next?.ts),
  }
}

/** https://docs.slack.dev/reference/methods/conversations.replies */
const replies: Supply = async (call, api) => {
  const { args, caller } = call
  const channel = String(args.channel ?? '')
  const refused = await mayRead(api.workspace, channel, caller)
  if (refused) return refused
  const span = spanOf(args, { usual: 1000, most: 1000 })
  if ('ok' in span) return span
  const thread = await threadOf(api, channel, String(args.ts ?? ''), call)
  const [parent] = thread
  if (!parent) return refusal('thread_not_found')
  const all = thread.filter(each => each === parent || isWithin(each.ts, span))
  const from = span.cursor === undefined ? 0 : all.findIndex(each => each.ts === span.cursor)
  if (from < 0) return refusal('invalid_cursor')
  const next = all[from + span.limit]
  return {
    ok: true,
    messages: all.slice(from, from + span.limit).map(each => withoutPayload(each, args)),
    has_more: next !== undefined,
    ...nextCursor(next?.ts),
  }
}

export const supplied: Record<string, Supply> = {
  'conversations.history': history,
  'conversations.replies': replies,
}

/** A message as Slack shows it: who posted it, and from where. */
export function asShown(message: Message, channel: string, workspace: Workspace): Message {
  const { team, bot } = workspace
  const member = workspace.personById(message.user ?? '')
  const shown: Message = { ...message, channel, team: member?.home ?? team.id }
  if (!message.bot_id) return shown
  const isOwn = message.bot_id === bot.botId
  const profile = { id: bot.botId, app_id: bot.appId, user_id: bot.id, name: bot.name, team_id: team.id }
  if (isOwn && !message.username) return { ...shown, bot_profile: profile }
  const { user: _, ...rest } = shown
  return { ...rest, subtype: 'bot_message', ...(isOwn ? { bot_profile: profile } : {}) }
}

/** A thread, its first message first. */
export async function threadOf(api: SlackApi, channel: string, ts: string, call: Call): Promise<Message[]> {
  const answer = await api.workspace.call('conversations.replies', { channel, ts }, call.caller)
  if (!answer.ok) return []
  const found = (answer.messages as Message[]).map(each => asShown(each, channel, api.workspace))
  const sorted = found.sort((a, b) => byTime(a.ts, b.ts))
  const [parent, ...others] = sorted[0] && sorted[0].ts !== ts ? [stone(channel, ts), ...sorted] : sorted
  if (parent === undefined) return []
  return [parentOf(parent, others), ...others.map(each => ({ ...each, parent_user_id: parent.user }))]
}

/** What Slack leaves of a first message that was deleted, as long as there are answers. */
function stone(channel: string, ts: string): Message {
  return { ...fromTemplate('tombstone', { ts }), channel } as unknown as Message
}

/** Everything outside threads, oldest first. */
export async function topMessages(api: SlackApi, channel: string, call: Call): Promise<Message[]> {
  const found: Message[] = []
  let cursor: unknown = ''
  do {
    const args = { channel, limit: 1000, cursor }
    const answer = await api.workspace.must('conversations.history', args, call.caller)
    found.push(...(answer.messages as Message[]).map(each => asShown(each, channel, api.workspace)))
    cursor = (answer.response_metadata as Json | undefined)?.next_cursor
  } while (cursor)
  for (const parent of api.broadcasts.get(channel) ?? []) {
    const [, ...others] = await threadOf(api, channel, parent, call)
    const sentOn = others.filter(each => each.reply_broadcast)
    found.push(...sentOn.map(each => ({ ...each, subtype: 'thread_broadcast' })))
  }
  return found.sort((a, b) => byTime(a.ts, b.ts))
}

async function withReplies(api: SlackApi, message: Message, call: Call): Promise<Message> {
  if (!message.reply_count) return message
  const [parent] = await threadOf(api, message.channel, message.ts, call)
  return parent ?? message
}

function parentOf(message: Message, others: Message[]): Message {
  const newest = others.at(-1)
  if (!newest) {
    // The emulator goes on counting answers that were deleted.
    const { reply_count: _, reply_users: __, ...alone } = message
    return alone as Message
  }
  const users = [...new Set(others.map(each => each.user ?? each.bot_id))]
  const counts = { reply_count: others.length, reply_users: users, reply_users_count: users.length }
  return { ...message, ...counts, thread_ts: message.ts, latest_reply: newest.ts }
}

/** Of the metadata Slack tells only the type, unless all of it is asked for. */
function withoutPayload({ channel: _, metadata, ...message }: Message, args: Json): Json {
  if (!metadata) return message
  return { ...message, metadata: truthy(args.include_all_metadata) ? metadata : { event_type: metadata.event_type } }
}

interface Span {
  oldest: string | undefined
  latest: string | undefined
  inclusive: boolean
  limit: number
  /** Where the page begins. */
  cursor: string | undefined
}

function spanOf(args: Json, limits: { usual: number; most: number }): Span | Answer {
  const limit = args.limit === undefined ? limits.usual : Number(args.limit)
  if (!Number.isInteger(limit) || limit < 1 || limit > limits.most) return refusal('invalid_limit')
  const [oldest, latest] = [args.oldest, args.latest].map(each => (each === undefined ? undefined : String(each)))
  if (!isTime(oldest)) return refusal('invalid_ts_oldest')
  if (!isTime(latest)) return refusal('invalid_ts_latest')
  const cursor = args.cursor ? readCursor(String(args.cursor)) : undefined
  if (cursor === null) return refusal('invalid_cursor')
  // Zero is the beginning of time, as good as nothing.
  const begin = oldest !== undefined && Number(oldest) === 0 ? undefined : oldest
  return { oldest: begin, latest, inclusive: truthy(args.inclusive), limit, cursor }
}

function isTime(value: string | undefined): boolean {
  return value === undefined || /^\d+(\.\d+)?$/.test(value)
}

function isWithin(ts: string, { oldest, latest, inclusive }: Span): boolean {
  if (inclusive && (ts === oldest || ts === latest)) return true
  return (oldest === undefined || byTime(ts, oldest) > 0) && (latest === undefined || byTime(ts, latest) < 0)
}

/** Opaque to the caller, and of the form that Slack's have. */
function nextCursor(ts: string | undefined): Json {
  const cursor = ts === undefined ? '' : Buffer.from(`next_ts:${ts.replace('.', '')}`).toString('base64')
  return { response_metadata: { next_cursor: cursor } }
}

/** Null for what never was a cursor. */
function readCursor(cursor: string): string | null {
  const [, seconds, rest] = /^next_ts:(\d+)(\d{6})$/.exec(Buffer.from(cursor, 'base64').toString()) ?? []
  return seconds && rest ? `${seconds}.${rest}` : null
}

function truthy(value: unknown): boolean {
  return value === true || value === 1 || value === 'true' || value === '1'
}
