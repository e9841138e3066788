import { setTimeout as pause } from 'node:timers/promises'
import type { SlackChannel } from '../../adapters/slack/adapter.ts'
import { unpack } from '../../adapters/slack/blocks/action-blocks.ts'
import { deadlineIn } from './patience.ts'
import type { Delivery } from './slack/route.ts'
import type { Answer, Call, Json, SlackFile } from './slack/shapes.ts'
import type { SlackDesk } from './slack-desk.ts'

/** Something of the desk's that somebody could see. */
export interface Seen {
  /** The one person who saw it; null: everybody in the channel. */
  by: string | null
  /** Where, for whoever reads of a failure: `#help`, `message to ann`, `mail to ann@example.com`. */
  where: string
  /** All of it: texts, blocks, names of files, and what buttons and forms carry. */
  text: string
}

const QUIET_MS = 60_000
const POSTS = ['chat.postMessage', 'chat.update', 'files.completeUploadExternal']
const VIEWS = ['views.open', 'views.update', 'views.push']

/** Sees everything that the desk says in Slack and by mail, and to whom. */
export class SlackWatch {
  readonly seen: Seen[] = []
  readonly #all: SlackDesk
  readonly #people = new Map<string, string>()
  readonly #views = new Map<string, string>()
  #mails = 0
  #answers = 0

  private constructor(all: SlackDesk) {
    this.#all = all
  }

  static async begin(all: SlackDesk): Promise<SlackWatch> {
    const watch = new SlackWatch(all)
    const { stand } = all
    for (const name of stand.workspace.people.keys()) watch.#people.set(await stand.as(name).directMessages(), name)
    const { api } = stand
    const perform = api.perform.bind(api)
    api.perform = async call => {
      const answer = await perform(call)
      if (call.caller === 'bot' && answer.ok) await watch.#note(call, answer)
      return answer
    }
    return watch
  }

  /** What came back at once, to whoever did something. */
  toldAtOnce(person: string, { kind, body }: Delivery): void {
    if (body !== undefined) this.#add(person, `answer to a ${kind} of ${person}`, body)
  }

  /** Everything so far. */
  all(): readonly Seen[] {
    this.#catchUp()
    return this.seen
  }

  /** What one person could see: what is theirs alone, and what everybody sees. */
  by(person: string, address?: string): Seen[] {
    this.#catchUp()
    return this.seen.filter(each => each.by === null || each.by === person || (address && each.by === address))
  }

  /** Resolves once all that is queued has left or failed, nothing is in hand, and nothing happens any more. */
  async quiet(): Promise<void> {
    const { stand, desk, world } = this.#all
    const { channels, store } = desk.desk.context
    const slack = channels.get('slack')?.adapter as SlackChannel
    const isOver = deadlineIn(QUIET_MS)
    for (let calm = 0; calm < 3; ) {
      if (isOver()) throw new Error('The desk does not come to rest.')
      const before = stand.calls() + world.mails.length
      await pause(60)
      await stand.settled()
      await desk.desk.service.receiver.idle()
      await slack.idle()
      // What was taken to be sent and did not fail is in hand.
      const [{ due } = { due: 0 }] = await store.read<{ due: number }>`
        SELECT COUNT(*) AS due FROM outbox_recipients WHERE state = 'queued'
          AND (next_try_at <= ${nowIso()} OR (attempts = 1 AND error IS NULL))`
      const [{ shown } = { shown: 0 }] = await store.read<{ shown: number }>`
        SELECT COUNT(*) AS shown FROM cards WHERE due_at <= ${nowIso()} OR (due_at IS NOT NULL AND attempts = 1)`
      const isCalm = due === 0 && shown === 0 && before === stand.calls() + world.mails.length
      calm = isCalm ? calm + 1 : 0
    }
    this.#catchUp()
  }

  /** What is in files that the desk has put where requesters see them. */
  async filesIn(channel: string): Promise<string[]> {
    const { stand } = this.#all
    const tops = await stand.messages(channel)
    const threads = await Promise.all(tops.filter(each => each.reply_count).map(each => stand.thread(channel, each.ts)))
    const files = [...tops, ...threads.flat()].flatMap(each => (each.files ?? []) as SlackFile[])
    return Promise.all(
      files.map(async ({ name, url_private: url }) => {
        const response = await stand.workspace.fetch(new URL(url).pathname, { person: 'admin' })
        return `${name}\n${Buffer.from(await response.arrayBuffer()).toString()}`
      }),
    )
  }

  #catchUp(): void {
    const { stand, world } = this.#all
    for (const { person, body } of stand.responses.slice(this.#answers)) {
      this.#answers += 1
      const isPublic = body.response_type === 'in_channel' || body.replace_original === true
      this.#add(isPublic ? null : person, `answer by response_url to ${person}`, body)
    }
    for (const mail of world.mails.slice(this.#mails)) {
      this.#mails += 1
      const files = mail.attachments.map(each => `${each.filename}\n${each.content.toString()}`)
      const text = [mail.raw, mail.subject, mail.text, mail.html, ...files].join('\n')
      for (const to of mail.recipients) this.seen.push({ by: to, where: `mail to ${to}`, text })
    }
  }

  async #note({ method, args }: Call, answer: Answer): Promise<void> {
    if (POSTS.includes(method)) this.#notePost(String(answer.channel ?? args.channel ?? args.channel_id), args)
    if (method === 'chat.postEphemeral') {
      const person = this.#nameOf(String(args.user))
      this.#add(person, `ephemeral to ${person}`, args)
    }
    if (method === 'views.publish') {
      const person = this.#nameOf(String(args.user_id))
      this.#add(person, `home of ${person}`, args)
    }
    if (VIEWS.includes(method)) await this.#noteView(String((answer.view as Json).id), args)
  }

  #notePost(channel: string, args: Json): void {
    const { workspace } = this.#all.stand
    const person = this.#people.get(channel)
    const name = [...workspace.channels].find(([, id]) => id === channel)?.[0] ?? channel
    if (person !== undefined) this.#add(person, `message to ${person}`, args)
    else if (name === 'triage') this.#add('the room', 'the room', args)
    else this.#add(null, `#${name}`, args)
  }

  async #noteView(id: string, args: Json): Promise<void> {
    const shown = this.#views.get(id) ?? (await this.#all.stand.views()).find(view => view.id === id)?.shownTo
    if (shown === undefined) throw new Error(`Nobody sees the view ${id}`)
    this.#views.set(id, shown)
    this.#add(shown, `form of ${shown}`, args)
  }

  #nameOf(user: string): string {
    return this.#all.stand.workspace.personById(user)?.name ?? user
  }

  #add(by: string | null, where: string, said: unknown): void {
    this.seen.push({ by, where, text: allIn(said) })
  }
}

/** As JSON, and what is packed in it. */
function allIn(said: unknown): string {
  const texts = [JSON.stringify(said)]
  const look = (value: unknown): void => {
    if (typeof value === 'string' && /^z[\w-]{8,}$/.test(value)) texts.push(JSON.stringify(unpack(value) ?? ''))
    if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) look(each)
  }
  look(said)
  return texts.join('\n')
}

function nowIso(): string {
  return new Date().toISOString()
}
