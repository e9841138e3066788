import { randomBytes } from 'node:crypto'
import { type Answer, type Json, type Place, refusal } from '../shapes.ts'
import type { SlackApi } from './api.ts'
import { flawOfMessage } from './limits.ts'

/** What was posted to a response_url. */
export interface PostedAnswer {
  /** Whose press or command it answers: the name. */
  person: string
  channel: string
  body: Json
}

interface Known {
  person: string
  userId: string
  channel: string
  /** The message with the button; nothing for commands. */
  source: (Place & { ephemeral: boolean }) | undefined
  uses: number
}

/** https://docs.slack.dev/interactivity/handling-user-interaction#message_responses */
export class ResponseUrls {
  /** In the order in which they came. */
  readonly posted: PostedAnswer[] = []
  readonly #known = new Map<string, Known>()
  readonly #api: SlackApi
  readonly #base: string

  constructor(api: SlackApi, base: string) {
    this.#api = api
    this.#base = base
  }

  /** A URL for one interaction of this person. */
  issue(person: string, channel: string, source?: Place & { ephemeral: boolean }): string {
    const path = `/response/${randomBytes(9).toString('hex')}`
    const userId = this.#api.workspace.person(person).id
    this.#known.set(path, { person, userId, channel, source, uses: 0 })
    return `${this.#base}${path}`
  }

  /** Notes what is posted and does as it says. A URL is good for five. */
  async take(path: string, body: Json): Promise<Answer> {
    const known = this.#known.get(path)
    if (!known || known.uses >= 5) return refusal('used_url')
    known.uses += 1
    const refused = flawOfMessage(body)
    if (refused) return refused
    this.posted.push({ person: known.person, channel: known.channel, body })
    const answer = await this.#carryOut(known, body)
    return answer.ok ? { ok: true } : answer
  }

  #carryOut({ source, channel, userId }: Known, body: Json): Promise<Answer> {
    const { response_type: type, replace_original: replaces, delete_original: deletes, ...content } = body
    const perform = (method: string, args: Json) => this.#api.perform({ method, args, caller: 'bot' })
    if (source && !source.ephemeral) {
      const { channel, ts } = source
      if (deletes) return perform('chat.delete', { channel, ts })
      if (replaces) return perform('chat.update', { channel, ts, ...content })
    }
    if (source?.ephemeral && (deletes || replaces)) this.#api.ephemerals.delete(source.ts)
    if (deletes) return Promise.resolve({ ok: true })
    if (type === 'in_channel') return perform('chat.postMessage', { channel, ...content })
    return perform('chat.postEphemeral', { channel, user: userId, ...content })
  }
}
