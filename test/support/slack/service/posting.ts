import { type Answer, type Call, type Json, type Message, refusal } from '../shapes.ts'
import type { SlackApi, Supply } from './api.ts'
import { messageEvent } from './events.ts'
import { asShown } from './history.ts'
import { flawOfMessage, withIds } from './limits.ts'
import { mayPost } from './membership.ts'

/** https://docs.slack.dev/reference/methods/chat.postMessage */
const postMessage: Supply = async (call, api) => {
  const args = prepared(call, api)
  const refused = flawOfMessage(call.args) ?? missingScope(call, api) ?? (await noPlace(args, call, api))
  if (refused) return refused
  const answer = await api.forward({ ...call, args })
  if (!answer.ok) return answer
  const message = asShown(answer.message as Message, String(answer.channel), api.workspace)
  if (args.reply_broadcast && message.thread_ts) noteBroadcast(api, message.channel, message.thread_ts)
  if (call.caller === 'bot') await api.onDone(await messageEvent(api.workspace, withoutMetadata(message)))
  return { ...answer, message: withoutChannel(message) }
}

/** https://docs.slack.dev/reference/methods/chat.update */
const update: Supply = async (call, api) => {
  const refused = flawOfMessage(call.args, { changes: true })
  if (refused) return refused
  const before = await messageAt(api, String(call.args.channel), String(call.args.ts))
  const answer = await api.forward({ ...call, args: prepared(call, api) })
  if (!answer.ok) return answer
  const message = asShown(answer.message as Message, String(answer.channel), api.workspace)
  if (call.caller === 'bot') {
    const changed = { message: withoutMetadata(message), previous: before && withoutMetadata(before) }
    await api.onDone(
      await messageEvent(api.workspace, { subtype: 'message_changed', channel: message.channel, ...changed }),
    )
  }
  return { ...answer, message: withoutChannel(message) }
}

const remove: Supply = async (call, api) => {
  const before = await messageAt(api, String(call.args.channel), String(call.args.ts))
  const answer = await api.forward(call)
  if (!answer.ok || call.caller !== 'bot' || !before) return answer
  const previous = withoutMetadata(before)
  const event = { subtype: 'message_deleted', channel: before.channel, deleted_ts: before.ts, previous }
  await api.onDone(await messageEvent(api.workspace, event))
  return answer
}

/** https://docs.slack.dev/reference/methods/chat.postEphemeral */
const postEphemeral: Supply = async (call, api) => {
  const args = prepared(call, api)
  const refused = flawOfMessage(call.args) ?? (await noPlace(args, call, api))
  if (refused) return refused
  const answer = await api.forward({ ...call, args })
  if (answer.ok) api.ephemerals.set(String(answer.message_ts), args)
  return answer
}

/** The answer names the files and no more: where they were shared to, Slack finds out later. */
const completeUpload: Supply = async (call, api) => {
  if (call.caller !== 'bot') return api.forward(call)
  const channel = call.args.channel_id ?? call.args.channels
  const refused = channel === undefined ? undefined : await noPlace({ channel }, call, api)
  if (refused) return refused
  const answer = await api.forward(call)
  if (!answer.ok) return answer
  const files = answer.files as { id: string; title: string }[]
  await announceFiles(api, files[0]?.id, call)
  return { ...answer, files: files.map(({ id, title }) => ({ id, title })) }
}

export const supplied: Record<string, Supply> = {
  'chat.postMessage': postMessage,
  'chat.update': update,
  'chat.delete': remove,
  'chat.postEphemeral': postEphemeral,
  'files.completeUploadExternal': completeUpload,
}

/** A message as it is now. */
export async function messageAt(api: SlackApi, channel: string, ts: string): Promise<Message | undefined> {
  const reader = await api.workspace.readerOf(channel)
  const answer = await api.workspace.call('reactions.get', { channel, timestamp: ts }, reader)
  if (!answer.ok) return undefined
  return asShown(answer.message as Message, channel, api.workspace)
}

/** The message of the file, once it is shared. */
async function announceFiles(api: SlackApi, file: string | undefined, call: Call): Promise<void> {
  const answer = await api.workspace.call('files.info', { file }, call.caller)
  if (!answer.ok) return
  const { shares = {} } = answer.file as { shares?: Record<string, Record<string, { ts: string }[]>> }
  for (const [channel, posts] of Object.values(shares).flatMap(each => Object.entries(each))) {
    const message = await messageAt(api, channel, String(posts[0]?.ts))
    if (message) await api.onDone(await messageEvent(api.workspace, { ...message, bot_id: api.workspace.bot.botId }))
  }
}

/** What is handed on to the emulator: with ids for blocks, and the app's own id for what the app posts. */
function prepared({ args, caller }: Call, { workspace }: SlackApi): Json {
  const { markdown_text: markdown, ...others } = args
  const ready: Json = { ...others }
  if (markdown !== undefined) Object.assign(ready, { text: markdown, blocks: [{ type: 'markdown', text: markdown }] })
  if (ready.blocks !== undefined) ready.blocks = withIds(ready.blocks)
  if (caller === 'bot') Object.assign(ready, { bot_id: workspace.bot.botId, app_id: workspace.bot.appId })
  return ready
}

/** The refusal, where the app may not post there. To a person's id: that opens the conversation with them. */
async function noPlace(args: Json, call: Call, { workspace }: SlackApi): Promise<Answer | undefined> {
  const channel = String(args.channel ?? '')
  if (call.caller !== 'bot' || /^[UW]/.test(channel)) return undefined
  return await mayPost(workspace, channel.startsWith('#') ? workspace.channel(channel) : channel, call.caller)
}

function missingScope({ args, caller }: Call, { workspace }: SlackApi): Answer | undefined {
  const wants = caller === 'bot' && ['username', 'icon_url', 'icon_emoji'].some(name => args[name] !== undefined)
  if (!wants || workspace.scopes.includes('chat:write.customize')) return undefined
  return refusal('missing_scope', { needed: 'chat:write.customize', provided: workspace.scopes.join(',') })
}

function noteBroadcast({ broadcasts }: SlackApi, channel: string, thread: string): void {
  broadcasts.set(channel, (broadcasts.get(channel) ?? new Set()).add(thread))
}

function withoutMetadata({ metadata: _, ...message }: Message): Message {
  return message as Message
}

function withoutChannel({ channel: _, ...message }: Message): Json {
  return message
}
