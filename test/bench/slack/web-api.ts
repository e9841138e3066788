import { type Channel, directOf, HELP, ROOM, userOf, userOfEmail, WORKSPACE } from './workspace.ts'

type Args = URLSearchParams
type Answer = { ok: boolean; [field: string]: unknown }

/** A message that the app posted. */
export interface Posted {
  channel: string
  ts: string
  thread: string | undefined
  text: string
}

let counted = 0

/** A moment as Slack writes them; none comes twice. */
export function newTime(): string {
  counted = (counted + 1) % 1_000_000
  return `${Math.floor(Date.now() / 1000)}.${String(counted).padStart(6, '0')}`
}

/** Slack's Web API as far as the desk calls it here: it answers at once, limits nothing and keeps nothing. */
export class WebApi {
  /** How often each method was called. */
  readonly calls: Record<string, number> = {}
  /** Where Socket Mode is to be had. */
  socketUrl = ''
  /** Told of each message that the app posts. */
  onPosted: (posted: Posted) => void = () => undefined

  answer(method: string, args: Args): Answer {
    this.calls[method] = (this.calls[method] ?? 0) + 1
    return this.#methods[method]?.(args) ?? { ok: false, error: 'unknown_method' }
  }

  readonly #methods: Record<string, (args: Args) => Answer> = {
    'auth.test': () => {
      const { team, bot, botId, app } = WORKSPACE
      return { ok: true, team: 'Bench', team_id: team, user: 'desk', user_id: bot, bot_id: botId, app_id: app }
    },
    'apps.connections.open': () => ({ ok: true, url: this.socketUrl }),
    'users.info': args => ({ ok: true, user: userOf(args.get('user') ?? '') }),
    'users.lookupByEmail': args => {
      const id = userOfEmail(args.get('email') ?? '')
      return id === undefined ? { ok: false, error: 'users_not_found' } : { ok: true, user: userOf(id) }
    },
    'users.conversations': args => ({
      ok: true,
      channels: args.get('types') === 'im' ? [] : [ROOM, ...HELP].map(shown),
    }),
    'conversations.history': () => ({ ok: true, messages: [], has_more: false }),
    'conversations.replies': () => ({ ok: true, messages: [], has_more: false }),
    'chat.postMessage': args => this.#post(args),
    'chat.postEphemeral': () => ({ ok: true, message_ts: newTime() }),
    'chat.update': args => ({ ok: true, channel: args.get('channel'), ts: args.get('ts'), text: args.get('text') }),
    'views.publish': () => ({ ok: true, view: {} }),
  }

  #post(args: Args): Answer {
    const asked = args.get('channel') ?? ''
    const channel = /^[UW]/.test(asked) ? directOf(asked) : asked
    const ts = newTime()
    const text = args.get('text') ?? ''
    this.onPosted({ channel, ts, thread: args.get('thread_ts') ?? undefined, text })
    return { ok: true, channel, ts, message: { type: 'message', bot_id: WORKSPACE.botId, ts, text } }
  }
}

function shown({ id, name }: Channel): object {
  return { id, name, is_channel: true, is_private: id === ROOM.id, is_member: true }
}
