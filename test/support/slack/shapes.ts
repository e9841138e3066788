/** What Slack's Web API and its events are made of, as far as the stand looks at it. */

export type Json = Record<string, unknown>

export type Answer = Json & { ok: boolean; error?: string }

export interface TextObject {
  type: string
  text: string
}

export interface Option {
  text: TextObject
  value: string
}

/** Something in a block that can be pressed, chosen from or filled in. */
export interface Element extends Json {
  type: string
  action_id?: string
  text?: TextObject
  value?: string
  options?: Option[]
}

export interface Block extends Json {
  type: string
  block_id?: string
  text?: TextObject
  accessory?: Element
  elements?: Element[]
  element?: Element
  label?: TextObject
  optional?: boolean
}

export interface SlackFile extends Json {
  id: string
  name: string
  size: number
  url_private: string
  url_private_download: string
  shares?: Record<string, Record<string, { ts: string }[]>>
}

export interface Message extends Json {
  /** The conversation it is in. */
  channel: string
  ts: string
  text: string
  user?: string
  bot_id?: string
  username?: string
  subtype?: string
  thread_ts?: string
  blocks?: Block[]
  files?: SlackFile[]
  metadata?: { event_type: string; event_payload?: Json }
  reactions?: { name: string; users: string[]; count: number }[]
  reply_count?: number
  edited?: { user: string; ts: string }
}

/** A message that one person alone sees. */
export interface Ephemeral {
  ephemeral: true
  channel: string
  ts: string
  /** Whom it is shown to: the name. */
  shownTo: string
  text: string
  blocks: Block[]
  thread_ts?: string
}

export interface View extends Json {
  id: string
  type: 'modal' | 'home'
  /** Whom it is shown to: the name. */
  shownTo: string
  blocks: Block[]
  callback_id: string
  private_metadata: string
  hash: string
  title?: TextObject | null
  notify_on_close?: boolean
}

/** Where a message is. */
export interface Place {
  channel: string
  ts: string
}

/** Who calls a method: the app with its bot token, or a person with theirs. */
export type Caller = 'bot' | { person: string }

/** One call of a Web API method. */
export interface Call {
  method: string
  args: Json
  caller: Caller
}

/** Timestamps of one conversation in the order of time. */
export function byTime(a: string, b: string): number {
  const [aSeconds = '', aRest = ''] = a.split('.')
  const [bSeconds = '', bRest = ''] = b.split('.')
  return Number(aSeconds) - Number(bSeconds) || Number(aRest.padEnd(6, '0')) - Number(bRest.padEnd(6, '0'))
}

export function refusal(error: string, more: Json = {}): Answer {
  return { ok: false, error, ...more }
}
