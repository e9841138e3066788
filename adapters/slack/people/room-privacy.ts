// Tells agents as soon as others can read their room.
import type { Channel } from '../account.ts'
import type { ReadApi } from '../api/read-api.ts'
import type { Workspace } from '../workspace.ts'

/** What to do where others than its members read the room of the agents; undefined where nobody else does. */
export function leakOf({ name, isPrivate, isShared }: Omit<Channel, 'id'>): string | undefined {
  if (isShared)
    return `#${name} is shared with another organisation, which can read every ticket there: choose another channel for room.`
  if (isPrivate) return undefined
  return 'everybody in the workspace can read every ticket there: Channel details > Settings > Change to a private channel.'
}

/** Sees to it that agents are told as soon as others can read what is private. */
export class RoomPrivacy {
  readonly #workspace: Workspace
  readonly #reader: ReadApi

  constructor(workspace: Workspace, reader: ReadApi) {
    this.#workspace = workspace
    this.#reader = reader
  }

  /** Asks Slack how it is with the room. Rejects with a `DeskError` or a `Refusal`. */
  async look(): Promise<void> {
    const { roomId, desk } = this.#workspace
    if (roomId === undefined) return
    const { channel } = await this.#reader.ask(client => client.conversations.info({ channel: roomId }))
    const { name = roomId, is_private: isPrivate = false, is_ext_shared: isShared = false } = channel ?? {}
    const leak = leakOf({ name, isPrivate, isShared })
    if (leak === undefined) await desk.settle(publicCode(roomId))
    else await desk.alarm(publicCode(roomId), `The room of the agents in Slack is not private: ${leak}`)
  }

  /**
   * A channel was made public, or private: https://docs.slack.dev/reference/events/message/channel_convert_to_public. One
   * where people ask has been private so that others do not read what they ask.
   */
  async converted(channel: string, subtype: string): Promise<void> {
    const { roomId, support, desk } = this.#workspace
    if (channel === roomId) return this.look()
    if (!support.has(channel)) return
    const sentence = `The Slack channel ${channel}, where people ask, was made public: everybody in the workspace can read everything that was ever asked there. If you did not intend that: Channel details > Settings > Change to a private channel.`
    if (subtype === 'channel_convert_to_public') await desk.alarm(publicCode(channel), sentence)
    else await desk.settle(publicCode(channel))
  }
}

/** The alarm about a channel that everybody can read. */
function publicCode(channel: string): string {
  return `public-${channel}`
}
