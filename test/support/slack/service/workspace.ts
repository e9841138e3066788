import { createEmulator, type Emulator } from 'emulate'
import { freePort } from '../../ports.ts'
import type { Answer, Caller, Json } from '../shapes.ts'

export interface PersonOptions {
  /** As after the @. */
  name: string
  email: string
  /** First and last name; the name if left out. */
  realName?: string
  /** A guest of the workspace, who sees only the channels they are in. */
  guest?: boolean
  /** Id of the workspace they come from, where it is another one (Slack Connect). */
  home?: string
  /** As Slack names it: `Europe/Berlin`. */
  timeZone?: string
  /** Their profile shows no e-mail address to the app. */
  hidesEmail?: boolean
}

export interface ChannelOptions {
  name: string
  private?: boolean
  /** Everybody, if left out. */
  members?: string[]
  /** Whether the app is in it; it is, if left out. */
  bot?: boolean
}

export interface WorkspaceOptions {
  users: PersonOptions[]
  channels: ChannelOptions[]
  team?: { name?: string; domain?: string }
  /** Scopes of the bot token; what a help desk needs, if left out. */
  scopes?: string[]
}

export interface Member extends PersonOptions {
  id: string
}

/** What the app may do, if a test says nothing else. */
export const BOT_SCOPES = [
  ...['app_mentions:read', 'channels:history', 'channels:read', 'channels:join', 'groups:history', 'groups:read'],
  ...['im:history', 'im:read', 'im:write', 'chat:write', 'chat:write.customize', 'commands', 'files:read'],
  ...['files:write', 'reactions:read', 'users:read', 'users:read.email', 'team:read'],
]

const PERSON_SCOPES = [
  ...['chat:write', 'channels:read', 'channels:history', 'channels:join', 'channels:manage', 'channels:write'],
  ...['groups:read', 'groups:history', 'groups:write', 'im:read', 'im:history', 'im:write', 'mpim:read'],
  ...['mpim:history', 'mpim:write', 'users:read', 'users:read.email', 'files:read', 'files:write'],
  ...['reactions:read', 'reactions:write', 'team:read'],
]

/** The emulator refuses a token's 5,000th call. */
const CALLS_A_TOKEN = 4_900
const BOT_TOKENS = 60
const PERSON_TOKENS = 20

/** The one who founded the workspace: in every channel, and looks on. */
const FOUNDER = 'admin'

/** A workspace in the emulator: its people, its channels, and an app that is installed in it. */
export class Workspace {
  readonly team = { id: 'T000000001', name: 'Example', domain: 'example' }
  readonly bot = { id: 'U0DESKBOT', botId: 'B0DESKBOT', appId: 'A0RELAYDESK', name: 'desk' }
  readonly people = new Map<string, Member>()
  readonly scopes: string[]
  /** Ids of the channels by name. */
  readonly channels = new Map<string, string>()
  /** Learnt as they are needed. */
  readonly channelTypes = new Map<string, string>()
  /** Ids of those that were made public: the emulator cannot. */
  readonly madePublic = new Set<string>()
  readonly signingSecret = 'the-signing-secret'
  readonly #emulator: Emulator
  readonly #url: string
  readonly #tokens = new Map<string, { token: string; calls: number }[]>()

  private constructor(emulator: Emulator, url: string, scopes: string[], names: string[]) {
    this.#emulator = emulator
    this.#url = url
    this.scopes = scopes
    for (const { name, count } of tokenSets(names)) {
      this.#tokens.set(
        name,
        tokensOf(name, count).map(token => ({ token, calls: 0 })),
      )
    }
  }

  /** `publicUrl` is where everybody finds it: what it says of files points there. */
  static async start(options: WorkspaceOptions, publicUrl: string): Promise<Workspace> {
    const port = await freePort()
    const scopes = options.scopes ?? BOT_SCOPES
    const seed = { slack: seedOf(options, scopes) }
    const emulator = await createEmulator({ service: 'slack', port, baseUrl: publicUrl, seed })
    const names = options.users.map(user => user.name)
    const workspace = new Workspace(emulator, `http://127.0.0.1:${port}`, scopes, names)
    Object.assign(workspace.team, options.team)
    try {
      await workspace.#learnPeople(options.users)
      await workspace.#arrangeChannels(options.channels)
    } catch (error) {
      await workspace.stop()
      throw error
    }
    return workspace
  }

  /** Calls a method of the emulator itself. A method that it lacks is answered as Slack answers an unknown one. */
  async call(method: string, args: Json, caller: Caller): Promise<Answer> {
    const response = await this.fetch(`/api/${method}`, caller, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify(args),
    })
    if (response.status === 404) return { ok: false, error: 'unknown_method', req_method: method }
    const answer = (await response.json()) as Answer
    if (response.status !== 200) throw new Error(`${method}: the emulator says ${response.status}`)
    return answer
  }

  /** As `call`, for what a test cannot go on without. */
  async must(method: string, args: Json, caller: Caller): Promise<Answer> {
    const answer = await this.call(method, args, caller)
    if (!answer.ok) throw new Error(`${method} failed: ${JSON.stringify(answer)}`)
    return answer
  }

  /** Any request to the emulator, with the token of whoever makes it. */
  fetch(path: string, caller: Caller, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${this.#token(caller)}`)
    return fetch(`${this.#url}${path}`, { ...init, headers })
  }

  person(name: string): Member {
    const found = this.people.get(name)
    if (!found) throw new Error(`Nobody here is called ${name}`)
    return found
  }

  /** Whoever this id is of. */
  personById(id: string): Member | undefined {
    return [...this.people.values()].find(each => each.id === id)
  }

  /** The id of a channel, by `support`, `#support` or its id. */
  channel(name: string): string {
    const id = this.channels.get(name.replace(/^#/, ''))
    if (!id && !/^[CDG][A-Z0-9]{8,}$/.test(name)) throw new Error(`There is no channel ${name}`)
    return id ?? name
  }

  /** Somebody who can read this conversation. */
  async readerOf(channel: string): Promise<Caller> {
    const callers: Caller[] = [{ person: FOUNDER }, 'bot', ...[...this.people.keys()].map(person => ({ person }))]
    for (const caller of callers) {
      const answer = await this.call('conversations.info', { channel }, caller)
      if (answer.ok) return caller
    }
    throw new Error(`Nobody can read ${channel}`)
  }

  async stop(): Promise<void> {
    await this.#emulator.close()
  }

  #token(caller: Caller): string {
    const owner = caller === 'bot' ? 'bot' : caller.person
    const pool = this.#tokens.get(owner)
    if (!pool) throw new Error(`Nobody here is called ${owner}`)
    const next = pool.find(each => each.calls < CALLS_A_TOKEN)
    if (!next) throw new Error(`All tokens of ${owner} are used up`)
    next.calls += 1
    return next.token
  }

  async #learnPeople(users: PersonOptions[]): Promise<void> {
    const { members } = (await this.must('users.list', { limit: 1000 }, { person: FOUNDER })) as unknown as {
      members: { id: string; name: string }[]
    }
    for (const user of users) {
      const id = members.find(each => each.name === user.name)?.id ?? ''
      this.people.set(user.name, { ...user, id })
    }
  }

  async #arrangeChannels(wanted: ChannelOptions[]): Promise<void> {
    const args = { limit: 1000, types: 'public_channel,private_channel' }
    const { channels } = (await this.must('conversations.list', args, { person: FOUNDER })) as unknown as {
      channels: { id: string; name: string }[]
    }
    for (const { id, name } of channels) this.channels.set(name, id)
    for (const { name, members, bot = true } of wanted) {
      const channel = this.channel(name)
      for (const person of this.people.keys()) {
        const isIn = members?.includes(person) ?? true
        await this.call(isIn ? 'conversations.join' : 'conversations.leave', { channel }, { person })
      }
      if (bot) await this.must('conversations.invite', { channel, users: this.bot.id }, { person: FOUNDER })
    }
  }
}

function seedOf(options: WorkspaceOptions, scopes: string[]): Json {
  const app = { app_id: 'A0RELAYDESK', client_id: '1.2', client_secret: 'client-secret', name: 'Relaydesk' }
  const bot = { bot_id: 'B0DESKBOT', bot_user_id: 'U0DESKBOT' }
  const botTokens = tokensOf('bot', BOT_TOKENS).map(token => {
    return { token, type: 'bot', user_id: bot.bot_user_id, app_id: app.app_id, ...bot, scopes }
  })
  const people = [FOUNDER, ...options.users.map(user => user.name)]
  const theirs = people.flatMap(user =>
    tokensOf(user, PERSON_TOKENS).map(token => ({ token, type: 'user', user, scopes: PERSON_SCOPES })),
  )
  return {
    strict_scopes: true,
    team: { name: 'Example', domain: 'example', ...options.team },
    users: options.users.map(user => ({ name: user.name, email: user.email, real_name: user.realName ?? user.name })),
    channels: options.channels.map(channel => ({ name: channel.name, is_private: channel.private ?? false })),
    oauth_apps: [{ ...app, ...bot, bot_name: 'desk', redirect_uris: [], scopes }],
    tokens: [...botTokens, ...theirs],
  }
}

function tokenSets(people: string[]): { name: string; count: number }[] {
  return [{ name: 'bot', count: BOT_TOKENS }, ...[FOUNDER, ...people].map(name => ({ name, count: PERSON_TOKENS }))]
}

function tokensOf(owner: string, count: number): string[] {
  const prefix = owner === 'bot' ? 'xoxb' : 'xoxp'
  return Array.from({ length: count }, (_, index) => `${prefix}-emulated-${owner}-${index}`)
}
