import { type Answer, type Call, type Json, refusal } from '../shapes.ts'
import type { SlackApi, Supply } from './api.ts'
import type { Conversation } from './membership.ts'

interface User extends Json {
  id: string
  is_bot: boolean
  deleted: boolean
  profile: Json
}

/** https://docs.slack.dev/reference/methods/users.conversations: those the caller is in. */
const usersConversations: Supply = async (call, api) => {
  const { args, caller } = call
  const limit = args.limit === undefined ? 100 : Number(args.limit)
  if (!(limit >= 1 && limit <= 999)) return refusal('invalid_limit')
  const all: Conversation[] = []
  let cursor: unknown = ''
  do {
    const answer = await api.workspace.call('conversations.list', { ...args, limit: 1000, cursor }, caller)
    if (!answer.ok) return answer
    all.push(...(answer.channels as Conversation[]))
    cursor = (answer.response_metadata as Json | undefined)?.next_cursor
  } while (cursor)
  const theirs = all.filter(each => each.is_im || each.is_mpim || each.is_member)
  const wanted = args.cursor ? Buffer.from(String(args.cursor), 'base64').toString() : undefined
  const from = wanted === undefined ? 0 : theirs.findIndex(each => each.id === wanted)
  if (from < 0) return refusal('invalid_cursor')
  const next = theirs[from + limit]
  return {
    ok: true,
    channels: theirs.slice(from, from + limit),
    response_metadata: { next_cursor: next ? Buffer.from(next.id).toString('base64') : '' },
  }
}

/** A list of the emulator, whose cursors are ids: what is none is refused. */
function list(items: string): Supply {
  return async (call, api) => {
    const answer = await api.forward(call)
    const [first] = (answer[items] as { id: string }[] | undefined) ?? []
    if (answer.ok && call.args.cursor && first?.id !== call.args.cursor) return refusal('invalid_cursor')
    if (items === 'members') answer.members = (answer.members as User[] | undefined)?.map(each => known(each, api))
    return answer
  }
}

/** Slack takes no notice of upper and lower case in an e-mail address. */
const lookupByEmail: Supply = async (call, api) => {
  const wanted = String(call.args.email ?? '').toLowerCase()
  const listed = await api.workspace.must('users.list', { limit: 1000 }, { person: 'admin' })
  const found = (listed.members as User[]).find(each => String(each.profile.email).toLowerCase() === wanted)
  const hidden = found && known(found, api).profile.email === undefined
  const args = { ...call.args, email: hidden || found?.is_bot ? 'nobody' : (found?.profile.email ?? 'nobody') }
  return withUser(await api.forward({ ...call, args }), api)
}

/** Slack leaves the id as it was. */
const conversationsInfo: Supply = async (call, api) => {
  const answer = await api.forward(call)
  const channel = answer.channel as Conversation | undefined
  if (channel && api.workspace.madePublic.has(channel.id))
    Object.assign(channel, { is_private: false, is_group: false })
  return answer
}

const usersInfo: Supply = async (call, api) => withUser(await api.forward(call), api)

export const supplied: Record<string, Supply> = {
  'users.conversations': usersConversations,
  'conversations.list': list('channels'),
  'conversations.info': conversationsInfo,
  'users.list': list('members'),
  'users.lookupByEmail': lookupByEmail,
  'users.info': usersInfo,
  'auth.test': async (call: Call, api: SlackApi) => {
    const answer = await api.forward(call)
    return answer.ok ? { ...answer, is_enterprise_install: false } : answer
  },
}

function withUser(answer: Answer, api: SlackApi): Answer {
  return answer.ok ? { ...answer, user: known(answer.user as User, api) } : answer
}

/** With what the emulator does not know of people. */
function known(user: User, api: SlackApi): User {
  const person = api.workspace.personById(user.id)
  if (!person) return user
  const { email, ...profile } = user.profile
  const { home, guest = false, timeZone = 'Europe/Berlin', hidesEmail } = person
  return {
    ...user,
    ...{ is_restricted: guest, is_ultra_restricted: false, is_app_user: false, tz: timeZone },
    ...(home ? { team_id: home, is_stranger: true } : {}),
    profile: hidesEmail ? profile : { ...profile, email },
  }
}
