// Lets messages leave.
import type { KnownBlock } from '@slack/types'
import { DeliveryError, type OutboundMessage, type Sent } from '../../../src/channel/outbound.ts'
import { KeyedQueue } from '../../chat/keyed-queue.ts'
import { deliveryError } from '../api/api-error.ts'
import type { Pacer } from '../api/pacer.ts'
import { WriteApi } from '../api/write-api.ts'
import { actionBlocks } from '../blocks/action-blocks.ts'
import { cutLine, LIMITS } from '../blocks/block-limits.ts'
import { messageBlocks } from '../blocks/message-blocks.ts'
import { richPieces } from '../blocks/rich-pieces.ts'
import { mrkdwnOf, needsHelp, type Row, rowsOf } from '../text/mrkdwn-writer.ts'
import { splitForSlack } from '../text/text-pieces.ts'
import { placeOf, readPlace, type Workspace } from '../workspace.ts'
import { type Mark, type Piece, Poster } from './poster.ts'
import { Uploads } from './upload.ts'

/** Slack's clock and ours may differ so much; seconds. */
const CLOCKS_APART = 300

/** A text that stands in a block, with buttons below it, has less room than one by itself. */
const TEXT_WITH_ACTIONS = 2_800

const USERNAME = 80

/** What became of a message at one recipient. */
interface Result {
  recipient: string
  /** The conversation that it began. */
  began?: string
  error?: DeliveryError
}

/** What goes to each recipient, and the time on the pacer's clock when nothing is begun any more. */
interface Due {
  pieces: Piece[]
  until: number
}

/** Sends the desk's messages into threads and to people. */
export class Sender {
  readonly #workspace: Workspace
  readonly #pacer: Pacer
  readonly #calls: WriteApi
  readonly #poster: Poster
  readonly #uploads: Uploads
  readonly #turns = new KeyedQueue()

  constructor(workspace: Workspace, pacer: Pacer) {
    this.#workspace = workspace
    this.#pacer = pacer
    this.#calls = new WriteApi(workspace, pacer)
    this.#poster = new Poster(workspace, this.#calls)
    this.#uploads = new Uploads(this.#calls, pacer, this.#poster)
  }

  /**
   * Gives a result for each recipient; rejects with a `DeliveryError` if all failed alike. A person to whom it is sent
   * gets it in a conversation of its own, which is told. Over within 55 seconds.
   */
  async send(message: OutboundMessage): Promise<Sent> {
    const until = this.#pacer.until()
    const pieces = piecesOf(message)
    const results = await Promise.all(
      message.recipients.map(recipient => this.#sendTo(recipient, message, { pieces, until })),
    )
    return sumResults(results)
  }

  async #sendTo(recipient: string, message: OutboundMessage, due: Due): Promise<Result> {
    try {
      // What was begun in a conversation is not interrupted there.
      const began = await this.#turns.take(recipient, () => this.#deliver(recipient, message, due))
      return { recipient, ...(began ? { began } : {}) }
    } catch (error) {
      return { recipient, error: deliveryError(error) }
    }
  }

  /** Gives the conversation that it began with a person. */
  async #deliver(recipient: string, message: OutboundMessage, { pieces, until }: Due): Promise<string | undefined> {
    const { id, token, attempt, automatic, attachments } = message
    const { channel, ts } = await this.#placeFor(recipient, until)
    const mark: Mark = { type: 'relaydesk_message', id, token }
    const username = automatic ? '' : cutLine(message.fromName, USERNAME)
    const post = { channel, thread: ts, mark, pieces, username, attempt, until, ...sinceOf(message) }
    const times = await this.#poster.post(post)
    const thread = ts ?? times[0]
    const after = times.at(-1)
    if (thread === undefined || after === undefined) return undefined
    if (attachments.length > 0) {
      await this.#uploads.send({ channel, thread, after, attachments, mark, attempt, until })
    }
    return ts === undefined ? placeOf({ team: this.#workspace.teamId, channel, ts: thread }) : undefined
  }

  /** Where to write; with a person the conversation is opened. */
  async #placeFor(recipient: string, until: number): Promise<{ channel: string; ts: string | undefined }> {
    const place = readPlace(recipient)
    const isPerson = /^[UW]/.test(place?.channel ?? '')
    if (!place || isPerson !== (place.ts === undefined)) {
      throw new DeliveryError('This is neither a conversation nor a person in Slack.', { permanent: true })
    }
    if (place.team !== this.#workspace.teamId) {
      const sentence = 'This conversation is in another Slack workspace than the one this channel is in.'
      throw new DeliveryError(sentence, { permanent: true })
    }
    if (!isPerson) return { channel: place.channel, ts: place.ts }
    const at = { method: 'conversations.open', channel: place.channel, until }
    const { channel } = await this.#calls.make(at, ({ conversations }) => conversations.open({ users: place.channel }))
    if (!channel?.id)
      throw new DeliveryError('Slack did not open a conversation with this person.', { permanent: false })
    return { channel: channel.id, ts: undefined }
  }
}

/** The messages that it takes. Text by itself reads best and can be long; buttons need a block for it. */
function piecesOf({ text, actions, attachments }: OutboundMessage): Piece[] {
  const rows = rowsOf(text)
  const mrkdwn = mrkdwnOf(rows)
  const buttons = actionBlocks(actions)
  const isTyped = text.verbatim.some(each => each.trim() !== '') || needsHelp(mrkdwn)
  if (isTyped && mrkdwn.trim() !== '') return typedPieces(rows, buttons)
  const hasButtons = buttons.length > 0
  const texts = hasButtons ? splitForSlack(mrkdwn, TEXT_WITH_ACTIONS) : splitForSlack(mrkdwn)
  if (texts.length === 0) texts.push(attachments.length > 0 ? '📎' : '…')
  return texts.map((each, at) => {
    const isLast = at === texts.length - 1
    return isLast && hasButtons ? { text: each, blocks: messageBlocks([each], actions) } : { text: each }
  })
}

/** What people typed is rich text: mrkdwn cannot show all of it as it is. */
function typedPieces(rows: readonly Row[], buttons: KnownBlock[]): Piece[] {
  const json = LIMITS.messageJson - JSON.stringify(buttons).length
  const pieces = richPieces(rows, { most: TEXT_WITH_ACTIONS, json })
  return pieces.map((piece, at) => ({
    text: splitForSlack(mrkdwnOf(piece.rows))[0] ?? '…',
    blocks: [piece.block, ...(at === pieces.length - 1 ? buttons : [])],
  }))
}

/** Before it was queued it was nowhere. */
function sinceOf({ queuedAt }: OutboundMessage): { since?: number } {
  const queued = Date.parse(queuedAt) / 1000
  return queued > CLOCKS_APART ? { since: queued - CLOCKS_APART } : {}
}

function sumResults(results: Result[]): Sent {
  const failed = results.flatMap(({ error }) => (error ? [error] : []))
  const [first] = failed
  const areAlike = failed.every(({ permanent, message }) => permanent === first?.permanent && message === first.message)
  if (first && failed.length === results.length && (areAlike || !failed.some(({ permanent }) => permanent)))
    throw latest(failed, first)
  return {
    accepted: results.filter(({ error }) => !error).map(({ recipient }) => recipient),
    refused: results.flatMap(({ recipient, error }) =>
      error ? [{ recipient, permanent: error.permanent, reason: error.message }] : [],
    ),
    threads: Object.fromEntries(
      results.flatMap(({ recipient, began }) => (began ? [[recipient, { thread: began, replyTo: began }]] : [])),
    ),
  }
}

/** The error of all: none of them is to be tried before the longest wait is over. */
function latest(failed: DeliveryError[], first: DeliveryError): DeliveryError {
  const waits = failed.flatMap(({ retryAfterMs }) => retryAfterMs ?? [])
  if (waits.length === 0) return first
  const { permanent, message, cause } = first
  return new DeliveryError(message, { permanent, cause, retryAfterMs: Math.max(...waits) })
}
