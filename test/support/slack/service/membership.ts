import { type Answer, type Caller, type Json, refusal } from '../shapes.ts'
import type { Workspace } from './workspace.ts'

export interface Conversation extends Json {
  id: string
  name: string
  is_im: boolean
  is_mpim: boolean
  is_private: boolean
  is_archived: boolean
  is_member: boolean
}

/** What the caller sees of a conversation; nothing where they are not let in. */
export async function conversationOf(
  workspace: Workspace,
  channel: string,
  caller: Caller,
): Promise<Conversation | undefined> {
  const answer = await workspace.call('conversations.info', { channel }, caller)
  return answer.ok ? (answer.channel as Conversation) : undefined
}

/** The refusal, where the caller may not read this conversation. Slack does not tell outsiders of private ones. */
export async function mayRead(workspace: Workspace, channel: string, caller: Caller): Promise<Answer | undefined> {
  const found = await conversationOf(workspace, channel, caller)
  if (!found) return refusal('channel_not_found')
  const isIn = found.is_im || found.is_mpim || found.is_member
  return isIn || caller !== 'bot' ? undefined : refusal('not_in_channel')
}

/** The same for writing: with `chat:write.public` the app may post to public channels it is not in. */
export async function mayPost(workspace: Workspace, channel: string, caller: Caller): Promise<Answer | undefined> {
  const refused = await mayRead(workspace, channel, caller)
  const mayAnyway = refused?.error === 'not_in_channel' && workspace.scopes.includes('chat:write.public')
  return mayAnyway ? undefined : refused
}

/** `channel`, `group` (private), `im` or `mpim`, as events have it. */
export async function channelType(workspace: Workspace, channel: string): Promise<string> {
  const known = workspace.channelTypes.get(channel)
  if (known) return known
  const found = await conversationOf(workspace, channel, await workspace.readerOf(channel))
  const others = found?.is_private ? 'group' : 'channel'
  const type = found?.is_im ? 'im' : found?.is_mpim ? 'mpim' : others
  workspace.channelTypes.set(channel, type)
  return type
}

/** Whether Slack tells the app what happens there. */
export async function botIsIn(workspace: Workspace, channel: string): Promise<boolean> {
  const found = await conversationOf(workspace, channel, 'bot')
  return found !== undefined && (found.is_im || found.is_mpim || found.is_member)
}
