import type { CommandRequest, Desk, Reply } from '../../../src/channel/desk.ts'
import type {
  Cursor,
  InboundMessage,
  LostMessage,
  Receipt,
  RevisedMessage,
  UnreadableMessage,
} from '../../../src/channel/message.ts'
import { isSmallTalk } from '../../../src/core/intake/small-talk.ts'
import { DeskError } from '../../../src/errors.ts'
import type { Outcome } from '../../../src/outcome.ts'

type Arriving = InboundMessage | UnreadableMessage | LostMessage | RevisedMessage

/** A desk that notes what it is told, and answers as the real one does. */
export class RecordingDesk implements Desk {
  /** What was stored, in order. */
  readonly received: Arriving[] = []
  /** Ids of what came again. */
  readonly again: string[] = []
  readonly performed: CommandRequest[] = []
  readonly memory = new Map<string, string>()
  readonly alarms = new Map<string, string>()
  readonly vouched: { address: string; others: string[] }[] = []
  people: { handle: string; name: string; email: string; chats?: string[] }[] = []
  /** Reply addresses of open tickets that were there before. */
  open: string[] = []
  /** How many of the next messages cannot be stored. */
  failures = 0
  /** What a command comes to. */
  answer: (request: CommandRequest) => Reply = ({ line }) => ({ text: `Did ${line}`, data: null })
  readonly #threads = new Map<string, string>()
  readonly #answers = new Map<string, Reply>()

  get messages(): InboundMessage[] {
    return this.received.filter((each): each is InboundMessage => 'visible' in each)
  }

  get revisions(): RevisedMessage[] {
    return this.received.filter((each): each is RevisedMessage => 'revises' in each)
  }

  get lost(): LostMessage[] {
    return this.received.filter((each): each is LostMessage => 'lost' in each)
  }

  async receive(message: Arriving, cursor?: Cursor): Promise<Receipt> {
    await new Promise(resolve => setImmediate(resolve))
    if (this.failures > 0) {
      this.failures -= 1
      throw new DeskError('temporary', 'The disk is full.')
    }
    if (cursor && this.memory.get(cursor.key) !== cursor.follows) {
      throw new DeskError('temporary', `${cursor.key} is not at ${cursor.follows}`)
    }
    if (cursor) this.memory.set(cursor.key, cursor.value)
    if (this.received.some(each => each.id === message.id)) {
      this.again.push(message.id)
      const known = 'chat' in message ? this.#threads.get(message.chat?.thread ?? '') : undefined
      return { outcome: 'duplicate', ref: known ?? null }
    }
    this.received.push(message)
    return this.#receiptOf(message)
  }

  async perform(request: CommandRequest): Promise<Reply> {
    const before = this.#answers.get(request.id ?? '')
    if (before) return before
    this.performed.push(request)
    const reply = this.answer(request)
    if (request.id !== undefined) this.#answers.set(request.id, reply)
    return reply
  }

  async recall(key: string): Promise<string | undefined> {
    return this.memory.get(key)
  }

  async remember(key: string, value: string): Promise<void> {
    this.memory.set(key, value)
  }

  async alarm(code: string, sentence: string): Promise<void> {
    this.alarms.set(code, sentence)
  }

  async settle(code: string): Promise<void> {
    this.alarms.delete(code)
  }

  newTicketForm(): never {
    throw new Error('Nobody asks for it here')
  }

  home(): never {
    throw new Error('Nobody asks for it here')
  }

  actionsFor(): never {
    throw new Error('Nobody asks for it here')
  }

  async agents() {
    return this.people
  }

  async vouch({ address }: { address: string }, others: readonly { address: string }[]): Promise<void> {
    this.vouched.push({ address, others: others.map(each => each.address) })
  }

  async conversations(): Promise<string[]> {
    return [...this.open, ...this.#threads.keys()]
  }

  #receiptOf(message: Arriving): Receipt {
    if ('quarantine' in message) return { outcome: `quarantined:${message.quarantine}`, ref: null }
    if ('lost' in message) return { outcome: `ignored:${message.lost}`, ref: null }
    if ('revises' in message) {
      const isThere = this.received.some(each => each.id === message.revises)
      return { outcome: isThere ? 'appended' : 'held:early', ref: null }
    }
    const known = this.#threads.get(message.chat?.thread ?? '')
    if (known) return { outcome: 'appended', ref: known }
    if (message.chat?.internal || isSmallTalk(message.text)) {
      const outcome: Outcome = `ignored:${message.chat?.internal ? 'room-talk' : 'small-talk'}`
      return { outcome, ref: null }
    }
    const ref = `HD-${this.#threads.size + 1}`
    this.#threads.set(message.chat?.thread ?? '', ref)
    return { outcome: 'opened', ref }
  }
}
