// Tells what an event about a message means.
import { compareTimes, isTime } from '../api/slack-time.ts'
import { beginsWithMention, isMentioned } from '../people/mentions.ts'
import { type Fields, fieldsOf, textOf } from '../text/text-fields.ts'
import type { Workspace } from '../workspace.ts'

/** A message where it stands. */
export interface PostedMessage {
  channel: string
  ts: string
  /** Parent of the thread that it answers in; undefined for one that begins a conversation. */
  parent: string | undefined
  /** It mentions the desk: as its text says, whichever event tells of it. */
  mentions: boolean
  /** It begins with that. */
  addresses: boolean
  /** As Slack told it. */
  event: Fields
}

export interface PersonsMessage extends PostedMessage {
  what: 'message'
  user: string
  /** The workspace that they are of, where the event says. */
  team: string | undefined
}

/** One that nobody who asks has written. */
export interface OthersMessage extends PostedMessage {
  what: 'own-message' | 'other-app' | 'no-writer'
}

export interface Nothing {
  what: 'nothing'
  /** A word or two. */
  reason: string
}

export interface Edit {
  what: 'edit'
  /** When it was edited, as Slack writes it. */
  at: string
  /** Who edited it. */
  by: string
  now: PersonsMessage
  before: PersonsMessage | undefined
}

export interface Deletion {
  what: 'deletion'
  channel: string
  ts: string
  /** Of the event: when it was deleted. */
  at: string
  before: PersonsMessage | undefined
}

export type MessageEvent = PersonsMessage | OthersMessage | Edit | Deletion | Nothing

type Us = Pick<Workspace, 'botUserId' | 'botId'>

/** Messages that people and programs write; all others are what Slack says of a conversation. */
const WRITTEN = ['', 'file_share', 'thread_broadcast', 'me_message', 'bot_message']

const OWN_METADATA = ['relaydesk_message', 'relaydesk_card', 'relaydesk_entry']

/**
 * What an event of type `message` or `app_mention`, or a message of a conversation's history, tells of. Nothing in it
 * is taken for granted. https://docs.slack.dev/reference/events/message
 */
export function readMessage(event: Fields, us: Us): MessageEvent {
  const { channel } = event
  if (typeof channel !== 'string' || !/^[CDG][A-Z0-9]{1,20}$/.test(channel)) return nothing('no channel')
  if (event.subtype === 'message_changed') return readChange(event, channel, us)
  if (event.subtype === 'message_deleted') return readDeletion(event, channel, event.deleted_ts, us)
  return readPosted(event, channel, us)
}

function readPosted(event: Fields, channel: string, us: Us): PersonsMessage | OthersMessage | Nothing {
  const { ts, thread_ts: parent } = event
  const subtype = event.subtype === undefined || event.subtype === null ? '' : String(event.subtype)
  if (!isTime(ts)) return nothing('no time')
  if (event.hidden === true || !WRITTEN.includes(subtype)) return nothing(`subtype ${subtype || 'hidden'}`)
  const text = textOf(event.text)
  const posted = {
    channel,
    ts,
    parent: isTime(parent) && compareTimes(parent, ts) !== 0 ? parent : undefined,
    mentions: isMentioned(text, us.botUserId),
    addresses: beginsWithMention(text, us.botUserId),
    event,
  }
  if (isOwn(event, us)) return { what: 'own-message', ...posted }
  if (subtype === 'bot_message' || textOf(event.bot_id) !== '') return { what: 'other-app', ...posted }
  const user = textOf(event.user)
  if (user === 'USLACKBOT') return nothing('from Slackbot')
  if (!/^[UW][A-Z0-9]{1,20}$/.test(user)) return { what: 'no-writer', ...posted }
  const team = [event.user_team, event.source_team, event.team].map(textOf).find(each => each !== '')
  return { what: 'message', ...posted, user, team }
}

function isOwn(event: Fields, { botUserId, botId }: Us): boolean {
  const isOurs = event.user === botUserId || event.bot_id === botId
  return isOurs || OWN_METADATA.includes(textOf(fieldsOf(event.metadata).event_type))
}

/** Previews of links, answers below it and the like change a message as well: only its text counts. */
function readChange(event: Fields, channel: string, us: Us): Edit | Deletion | Nothing {
  const message = fieldsOf(event.message)
  if (message.subtype === 'tombstone') return readDeletion(event, channel, message.ts, us)
  const now = readPosted({ ...message, channel }, channel, us)
  if (now.what === 'nothing') return now
  if (now.what !== 'message') return nothing('edit of an app')
  const previous = fieldsOf(event.previous_message)
  const edited = fieldsOf(message.edited)
  const isSame = isTime(previous.ts) ? textOf(previous.text) === textOf(message.text) : !isTime(edited.ts)
  if (isSame) return nothing('same text')
  const at = isTime(edited.ts) ? edited.ts : event.event_ts
  if (!isTime(at)) return nothing('no time')
  return { what: 'edit', at, by: textOf(edited.user) || now.user, now, before: personsOf(previous, channel, us) }
}

function readDeletion(event: Fields, channel: string, ts: unknown, us: Us): Deletion | Nothing {
  const at = event.event_ts
  if (!isTime(ts) || !isTime(at)) return nothing('no time')
  const previous = fieldsOf(event.previous_message)
  const before = personsOf(previous, channel, us)
  if (!before && isTime(previous.ts)) return nothing('deletion of an app')
  return { what: 'deletion', channel, ts, at, before }
}

function personsOf(message: Fields, channel: string, us: Us): PersonsMessage | undefined {
  const posted = readPosted({ ...message, channel }, channel, us)
  return posted.what === 'message' ? posted : undefined
}

function nothing(reason: string): Nothing {
  return { what: 'nothing', reason }
}
