// Who is in the room of the agents.
import type { ReadApi } from '../api/read-api.ts'
import { textOf } from '../text/text-fields.ts'
import type { Workspace } from '../workspace.ts'

const PAGE = 1_000 // https://docs.slack.dev/reference/methods/conversations.members
const MOST_PAGES = 100

/** Who is in the room of the agents. */
export class RoomMembers {
  readonly #workspace: Workspace
  readonly #reader: ReadApi
  #userIds: Set<string> | undefined
  #learning: Promise<void> | undefined
  /** Who came or left while Slack was asked. */
  readonly #meanwhile = new Map<string, boolean>()

  constructor(workspace: Workspace, reader: ReadApi) {
    this.#workspace = workspace
    this.#reader = reader
  }

  /** Whether somebody sees the cards; taken for granted until Slack has told. */
  has(userId: string): boolean {
    return this.#userIds?.has(userId) ?? true
  }

  /** Asks Slack. Rejects with a `DeskError` or a `Refusal`. */
  learn(): Promise<void> {
    this.#learning ??= this.#learn().finally(() => {
      this.#learning = undefined
    })
    return this.#learning
  }

  async #learn(): Promise<void> {
    const { roomId } = this.#workspace
    if (roomId === undefined) return
    this.#meanwhile.clear()
    this.#userIds = new Set(await membersOf(this.#reader, roomId))
    for (const [userId, isIn] of this.#meanwhile) this.changed(userId, isIn)
  }

  /** Somebody came, or left. */
  changed(userId: string, isIn: boolean): void {
    this.#meanwhile.set(userId, isIn)
    this.#userIds?.[isIn ? 'add' : 'delete'](userId)
  }
}

/** User ids of all who are in a channel. */
export async function membersOf(reader: ReadApi, channel: string): Promise<string[]> {
  const found: string[] = []
  let cursor = ''
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const args = { channel, limit: PAGE, ...(cursor ? { cursor } : {}) }
    const answer = await reader.ask(client => client.conversations.members(args))
    found.push(...(answer.members ?? []))
    cursor = textOf(answer.response_metadata?.next_cursor)
    if (!cursor) break
  }
  return found
}
