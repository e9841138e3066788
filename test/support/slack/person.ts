import { randomUUID } from 'node:crypto'
import type { Delivery, SendOptions } from './route.ts'
import { mentionEvent, messageEvent, newTime, type Told } from './service/events.ts'
import { asShown } from './service/history.ts'
import { channelType } from './service/membership.ts'
import { messageAt } from './service/posting.ts'
import type { Member } from './service/workspace.ts'
import type { Answer, Caller, Json, Message, Place, SlackFile } from './shapes.ts'
import type { SlackStand } from './stand.ts'
import { fromTemplate } from './templates.ts'
import { typed } from './typed-text.ts'

/** What a person did, and what came of the events that Slack sent about it. */
export interface Done {
  deliveries: Delivery[]
}

export interface Said extends Done, Place {
  text: string
  thread_ts?: string
}

export interface SayOptions {
  /** The `ts` of the message that is answered. */
  thread?: string
  /** An answer that is also sent to the channel. */
  broadcast?: boolean
  /** Of a message that mentions the app Slack sends two events, in either order; the message first, if left out. */
  order?: 'message-first' | 'mention-first' | 'together'
  /** The text is as Slack keeps it already: nothing in it is marked or escaped. */
  raw?: boolean
  /** Other or further fields of the message event. */
  event?: Json
  send?: SendOptions
}

/** Somebody in the workspace: does things there with their own token, and Slack tells the app of it. */
export class Person {
  readonly name: string
  readonly member: Member
  protected readonly stand: SlackStand
  protected readonly caller: Caller

  constructor(stand: SlackStand, name: string) {
    this.stand = stand
    this.name = name
    this.member = stand.workspace.person(name)
    this.caller = { person: name }
  }

  get id(): string {
    return this.member.id
  }

  /** Writes in a channel, by its name or id. `@desk` mentions the app. */
  async say(channel: string, text: string, options: SayOptions = {}): Promise<Said> {
    const { thread, broadcast, raw } = options
    const content = raw ? { text } : typed(text, this.stand.workspace)
    const answer = await this.must('chat.postMessage', {
      ...{ channel: this.stand.workspace.channel(channel), ...content },
      ...(thread === undefined ? {} : { thread_ts: thread }),
      ...(broadcast ? { reply_broadcast: true } : {}),
    })
    const message = { ...(answer.message as Message), channel: String(answer.channel) }
    return this.#tell(message, options)
  }

  /** Writes to the app, in the conversation that the two have. */
  async dm(text: string, options: SayOptions = {}): Promise<Said> {
    return this.say(await this.directMessages(), text, options)
  }

  /** The conversation with the app. */
  async directMessages(): Promise<string> {
    const { channel } = await this.must('conversations.open', { users: this.stand.workspace.bot.id })
    return (channel as { id: string }).id
  }

  async edit({ channel, ts }: Place, text: string, send?: SendOptions): Promise<Done> {
    const previous = await messageAt(this.stand.api, channel, ts)
    await this.must('chat.update', { channel, ts, ...typed(text, this.stand.workspace) })
    const message = await messageAt(this.stand.api, channel, ts)
    const told: Told = { subtype: 'message_changed', channel, previous, ...(message ? { message } : {}) }
    return { deliveries: await this.stand.tell(await messageEvent(this.stand.workspace, told), channel, send) }
  }

  /** Deletes a message. One with answers leaves a stone in its place, which Slack tells of as a change. */
  async remove({ channel, ts }: Place, send?: SendOptions): Promise<Done> {
    const { workspace, api } = this.stand
    const [previous = await messageAt(api, channel, ts)] = await this.stand.thread(channel, ts)
    await this.must('chat.delete', { channel, ts })
    const { reply_count, reply_users, reply_users_count, latest_reply }: Partial<Message> = previous ?? {}
    const counts = { reply_count, reply_users, reply_users_count, latest_reply }
    const told: Told = reply_count
      ? { subtype: 'message_changed', channel, previous, message: fromTemplate('tombstone', { ts, ...counts }) }
      : { subtype: 'message_deleted', channel, previous, deleted_ts: ts }
    return { deliveries: await this.stand.tell(await messageEvent(workspace, told), channel, send) }
  }

  /** `name` without colons: `eyes`. */
  async react({ channel, ts }: Place, name: string, send?: SendOptions): Promise<Done> {
    await this.must('reactions.add', { channel, timestamp: ts, name })
    const message = await messageAt(this.stand.api, channel, ts)
    const values = { user: this.id, reaction: name, item_user: message?.user, channel, ts, event_ts: newTime() }
    return { deliveries: await this.stand.tell(fromTemplate('reaction-added', values), channel, send) }
  }

  /** Shares a file, with a text or without. */
  async upload(channel: string, name: string, bytes: Uint8Array, options: SayOptions & { text?: string } = {}) {
    const { workspace } = this.stand
    const id = workspace.channel(channel)
    const begun = await this.must('files.getUploadURLExternal', { filename: name, length: bytes.length })
    const { pathname } = new URL(String(begun.upload_url))
    await workspace.fetch(pathname, this.caller, { method: 'POST', body: Buffer.from(bytes) })
    const answer = await this.must('files.completeUploadExternal', {
      ...{ files: [{ id: begun.file_id, title: name }], channel_id: id },
      initial_comment: typed(options.text ?? '', workspace).text,
      ...(options.thread === undefined ? {} : { thread_ts: options.thread }),
    })
    const [file] = answer.files as SlackFile[]
    const ts = Object.values(file?.shares ?? {}).flatMap(each => Object.values(each))[0]?.[0]?.ts ?? ''
    const message = await messageAt(this.stand.api, id, ts)
    if (!message) throw new Error(`${name} was not shared in ${channel}`)
    return this.#tell(message, options)
  }

  /** Takes somebody into a channel: the app, if nobody else is named. */
  async invite(channel: string, who = this.stand.workspace.bot.name): Promise<Done> {
    const id = this.stand.workspace.channel(channel)
    await this.must('conversations.invite', { channel: id, users: this.#idOf(who) })
    return { deliveries: await this.#tellOfMember('joined', id, this.#idOf(who), this.id) }
  }

  async join(channel: string): Promise<Done> {
    const id = this.stand.workspace.channel(channel)
    await this.must('conversations.join', { channel: id })
    return { deliveries: await this.#tellOfMember('joined', id, this.id) }
  }

  /** Takes somebody out of a channel: the app, if nobody else is named. */
  async kick(channel: string, who = this.stand.workspace.bot.name): Promise<Done> {
    const id = this.stand.workspace.channel(channel)
    await this.must('conversations.kick', { channel: id, user: this.#idOf(who) })
    return { deliveries: await this.#tellOfMember('left', id, this.#idOf(who)) }
  }

  /** Slack notes it with a message in the channel. */
  async setTopic(channel: string, topic: string): Promise<Done> {
    const { workspace } = this.stand
    const id = workspace.channel(channel)
    await this.must('conversations.setTopic', { channel: id, topic })
    const noted = (await this.stand.messages(id)).findLast(each => each.subtype === 'channel_topic')
    const event = noted ? await messageEvent(workspace, noted) : {}
    return { deliveries: await this.stand.tell(event, id) }
  }

  protected async must(method: string, args: Json): Promise<Answer> {
    const answer = await this.stand.api.perform({ method, args, caller: this.caller })
    if (!answer.ok) throw new Error(`${this.name}: ${method} failed: ${JSON.stringify(answer)}`)
    return answer
  }

  #idOf(who: string): string {
    const { bot } = this.stand.workspace
    return who === bot.name ? bot.id : this.stand.workspace.person(who).id
  }

  /** The event of who came or went; and of who came the line in the channel, which history knows nothing of. */
  async #tellOfMember(what: 'joined' | 'left', channel: string, user: string, inviter?: string): Promise<Delivery[]> {
    const { workspace } = this.stand
    const common = { user, channel, channel_type: 'C', team: workspace.team.id, event_ts: newTime() }
    if (what === 'left') {
      const event = fromTemplate('member-left-channel', common)
      // The app is told that it was taken out itself, though it is not in any more.
      return user === workspace.bot.id ? this.stand.send(event) : this.stand.tell(event, channel)
    }
    const text = `<@${user}> has joined the channel`
    const line = { subtype: 'channel_join', user, text, ts: newTime(), channel, team: workspace.team.id }
    const events = [
      fromTemplate('member-joined-channel', { ...common, inviter }),
      await messageEvent(workspace, { ...line, ...(inviter ? { inviter } : {}) }),
    ]
    return this.stand.tellAll(events, channel, {})
  }

  /** The events of a new message; the app has none about a channel that it is not in. */
  async #tell(posted: Message, options: SayOptions): Promise<Said> {
    const { workspace } = this.stand
    const { channel, ts, text, thread_ts } = posted
    const [parent] = thread_ts === undefined ? [] : await this.stand.thread(channel, thread_ts)
    const from = this.member.home ?? workspace.team.id
    const shown = {
      ...asShown(posted, channel, workspace),
      ...{ client_msg_id: randomUUID(), team: from },
      ...(this.member.home ? { user_team: from, source_team: from } : {}),
      ...(parent ? { parent_user_id: parent.user ?? parent.bot_id } : {}),
      ...(options.broadcast ? { subtype: 'thread_broadcast', root: parent } : {}),
    }
    const event = { ...(await messageEvent(workspace, shown as Told)), ...options.event }
    // In a direct message there is nobody else to mention.
    const isDirect = (await channelType(workspace, channel)) === 'im'
    const mentioned = !isDirect && text.includes(`<@${workspace.bot.id}>`)
    const events = mentioned ? [event, mentionEvent(event)] : [event]
    if (options.order === 'mention-first') events.reverse()
    const deliveries = await this.stand.tellAll(events, channel, options)
    return { channel, ts, text, ...(thread_ts === undefined ? {} : { thread_ts }), deliveries }
  }
}
