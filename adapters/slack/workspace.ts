// What every part of this wing works on once the channel is started.
import type { WebClient } from '@slack/web-api'
import type { ChannelOptions } from '../../src/channel/adapter.ts'
import type { Desk } from '../../src/channel/desk.ts'
import type { SlackSettings } from './settings.ts'

/** What every part of this folder works on once the channel is started. */
export interface Workspace {
  settings: SlackSettings
  options: ChannelOptions
  desk: Desk
  /** Makes one attempt a call and rejects when told to slow down. */
  client: WebClient
  /** The workspace: T024... */
  teamId: string
  /** The app's own user, bot and app. */
  botUserId: string
  botId: string
  /** Ids of the configured channels: C024... */
  roomId: string | undefined
  support: ReadonlyMap<string, 'all' | 'asked'>
}

/** A place of this workspace, as the desk knows it: `T024/C123/1712345678.000100` or `T024/U123`. */
export interface Place {
  team: string
  /** A channel (C, G, D) or a person (U, W). */
  channel: string
  /** Parent message of the thread; undefined for a person. */
  ts: string | undefined
}

export function placeOf({ team, channel, ts }: Place): string {
  return ts === undefined ? `${team}/${channel}` : `${team}/${channel}/${ts}`
}

/** Undefined for what is no place of Slack. */
export function readPlace(text: string): Place | undefined {
  const found = /^([TE][A-Z0-9]{1,20})\/([A-Z][A-Z0-9]{1,20})(?:\/(\d{1,12}\.\d{1,8}))?$/.exec(text)
  return found?.[1] && found[2] ? { team: found[1], channel: found[2], ts: found[3] } : undefined
}
