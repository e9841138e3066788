// Posts cards and changes them.
import type { ShowsCards } from '../../../src/channel/adapter.ts'
import { DeliveryError } from '../../../src/channel/outbound.ts'
import type { Card, CardEntry } from '../../../src/channel/surface.ts'
import { slackCode } from '../api/api-error.ts'
import type { Pacer } from '../api/pacer.ts'
import { WriteApi } from '../api/write-api.ts'
import { cardBlocks, entryBlocks } from '../blocks/card-blocks.ts'
import { placeOf, readPlace, type Workspace } from '../workspace.ts'
import { type Mark, type Piece, Poster } from './poster.ts'

/** There is no message of ours to be changed any more. */
const GONE: readonly string[] = ['message_not_found', 'cant_update_message', 'edit_window_closed']

const BELOW_NOTHING: readonly string[] = ['thread_not_found', 'message_not_found', 'invalid_thread_ts']

/** The whole channel is out of reach. */
const LEFT: readonly string[] = ['channel_not_found', 'is_archived', 'not_in_channel']

/** Keeps the cards of tickets in the room of the agents. */
export class Cards implements Omit<ShowsCards, 'seesCards'> {
  readonly #workspace: Workspace
  readonly #pacer: Pacer
  readonly #calls: WriteApi
  readonly #poster: Poster

  constructor(workspace: Workspace, pacer: Pacer) {
    this.#workspace = workspace
    this.#pacer = pacer
    this.#calls = new WriteApi(workspace, pacer)
    this.#poster = new Poster(workspace, this.#calls)
  }

  get hasRoom(): boolean {
    return this.#workspace.roomId !== undefined
  }

  /** A card that was deleted, or whose room is another one now and out of reach, is shown anew at another place. */
  async showCard(card: Card, place: string | null, attempt: { id: string; attempt: number }): Promise<string> {
    const until = this.#pacer.until()
    const shown = cardBlocks(card)
    const mark: Mark = { type: 'relaydesk_card', id: attempt.id }
    if (place !== null && (await this.#update(place, shown, { mark, until }))) return place
    const { teamId: team, roomId: channel } = this.#workspace
    if (channel === undefined) throw new DeliveryError('No room is configured for cards.', { permanent: true })
    const post = { channel, thread: undefined, mark, pieces: [shown], attempt: attempt.attempt, until }
    const [ts] = await this.#poster.post(post)
    return placeOf({ team, channel, ts })
  }

  /** Below a card that was deleted nothing is told: what it has come to, the next card says. */
  async addToCard(place: string, entry: CardEntry): Promise<void> {
    const at = this.#readOwnPlace(place)
    if (!at) throw new DeliveryError('There is no card of this Slack workspace.', { permanent: true })
    const mark: Mark = { type: 'relaydesk_entry', id: entry.id }
    const { attempt } = entry
    const until = this.#pacer.until()
    const post = { channel: at.channel, thread: at.ts, mark, pieces: [entryBlocks(entry)], attempt, until }
    try {
      await this.#poster.post(post)
    } catch (error) {
      if (!BELOW_NOTHING.includes(slackCode(error))) throw error
    }
  }

  /** Whether the card is there to be changed, and is changed. */
  async #update(
    place: string,
    { text, blocks = [] }: Piece,
    { mark: { type, id }, until }: { mark: Mark; until: number },
  ): Promise<boolean> {
    const at = this.#readOwnPlace(place)
    if (!at) return false
    const { channel, ts } = at
    try {
      await this.#calls.make({ method: 'chat.update', channel, until }, ({ chat }) =>
        chat.update({ channel, ts, text, blocks, metadata: { event_type: type, event_payload: { id } } }),
      )
      return true
    } catch (error) {
      const code = slackCode(error)
      if (GONE.includes(code) || (LEFT.includes(code) && channel !== this.#workspace.roomId)) return false
      throw error
    }
  }

  #readOwnPlace(place: string): { channel: string; ts: string } | undefined {
    const { team, channel, ts } = readPlace(place) ?? {}
    return team === this.#workspace.teamId && channel && ts ? { channel, ts } : undefined
  }
}
