// Groups what comes in at one time into transactions.
import type { Cursor, Receipt } from '../../channel/message.ts'
import { countedAs, trustOf } from '../../core/intake/sender-trust.ts'
import { DeskError, sentenceOf } from '../../errors.ts'
import { moveOn } from '../../store/engine/memory.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { type Context, type Intake, intakeFor, judgeAll, knowAll, originOf } from '../context.ts'
import { rereadDecided } from '../mail-commands/reread-decided.ts'
import { runPending } from '../mail-commands/run-mail-commands.ts'
import { admit, admitLost, admitUnreadable } from './admit.ts'
import { lockKeys } from './clues.ts'
import { contentsOf, type InboundItem } from './inbound-item.ts'
import { admitRevision } from './revise.ts'
import { scanAll } from './scan.ts'

const GROUP = 100 // messages a transaction: one fsync for all of them
const COPIED_KNOWN = 10 // of one message, looked up with those of its group
const GROUP_BYTES = 16 * 1024 * 1024

interface Waiting {
  channel: string
  message: InboundItem
  cursor: Cursor | undefined
  resolve(receipt: Receipt): void
  reject(error: unknown): void
}

/** This message alone is in the way: the others of its group are stored. */
class OutOfOrder extends DeskError {}

/**
 * Takes messages in the order in which they are handed over and commits them in groups. A group that fails is tried
 * again one by one, so that a message that cannot be stored stops no other; it is quarantined with its reason.
 */
export class Receiver {
  readonly #context: Context
  #waiting: Waiting[] = []
  #running: Promise<void> | undefined
  /** Of a group, what a transaction begins with: twice what the last one took, so that little is looked up in vain. */
  #next = GROUP
  /** Called after each commit. */
  onCommit: () => void = () => undefined

  constructor(context: Context) {
    this.#context = context
  }

  receive(channel: string, message: InboundItem, cursor?: Cursor): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ channel, message, cursor, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  /** Resolves when nothing is in hand. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running
  }

  async #run(): Promise<void> {
    // Waits until all who speak in this turn of the event loop have handed over what they have.
    await new Promise(resolve => setImmediate(resolve))
    while (this.#waiting.length > 0) await this.#commit(this.#nextGroup())
    this.#running = undefined
  }

  #nextGroup(): Waiting[] {
    let bytes = 0
    const enough = this.#waiting.findIndex((each, index) => {
      bytes += each.message.raw.size
      return index > 0 && bytes > GROUP_BYTES
    })
    return this.#waiting.splice(0, Math.min(GROUP, enough < 0 ? GROUP : enough))
  }

  async #commit(group: Waiting[]): Promise<void> {
    let remaining = group
    try {
      const before = await this.#prepare(group)
      while (remaining.length > 0) {
        const receipts = await this.#store(remaining.slice(0, this.#next), before)
        this.#next = Math.min(GROUP, 2 * receipts.length)
        for (const [index, receipt] of receipts.entries()) remaining[index]?.resolve(receipt)
        remaining = remaining.slice(receipts.length)
        this.onCommit()
      }
    } catch (error) {
      if (error instanceof OutOfOrder && remaining.length === 1) {
        remaining[0]?.reject(error)
      } else if (error instanceof DeskError && error.code === 'temporary' && !(error instanceof OutOfOrder)) {
        // What waits behind is refused as well: stored without what came before it, it would be out of order.
        for (const each of [...remaining, ...this.#waiting.splice(0)]) each.reject(error)
      } else if (remaining.length > 1) {
        for (const each of remaining) await this.#commit([each])
      } else if (remaining[0]) {
        await this.#quarantine(remaining[0], error)
      }
    }
  }

  /** What cannot be waited for inside a transaction. */
  async #prepare(group: readonly Waiting[]): Promise<Pick<Intake, 'reread' | 'scans'>> {
    const { files } = this.#context
    const before = { reread: await rereadDecided(this.#context, group), scans: await scanAll(this.#context, group) }
    try {
      await Promise.all(group.flatMap(({ message }) => contentsOf(message)).map(content => files.keep(content)))
    } catch (error) {
      throw new DeskError('temporary', `A large message cannot be written to ${files.folder}: free some space there.`, {
        cause: error,
      })
    }
    return before
  }

  /** Stores the first of a group, as many as one transaction takes, at least one. Gives the receipts of those. */
  async #store(group: readonly Waiting[], before: Pick<Intake, 'reread' | 'scans'>): Promise<Receipt[]> {
    return this.#context.store.transact(async tx => {
      const intake = await intakeFor(this.#context, tx, group.length, before)
      await tx.lock(group.flatMap(each => lockKeys(each.channel, each.message)))
      intake.facts.at = this.#context.clock.now().toISOString() // when its turn has come
      await lookUpPeople(tx, intake, group)
      const receipts: Receipt[] = []
      for (const { channel, message, cursor } of group) {
        receipts.push(await take(tx, intake, channel, message))
        if (cursor) await advance(tx, channel, cursor)
        if (tx.isLong()) break
      }
      return receipts
    })
  }

  /** The last resort for a message that breaks what should not break: its bytes are kept, and an agent is told. */
  async #quarantine(waiting: Waiting, error: unknown): Promise<void> {
    const { message } = waiting
    this.#context.log.error({ err: error, channel: waiting.channel, id: message.id }, 'a message could not be stored')
    if (!('from' in message)) {
      waiting.reject(new DeskError('temporary', 'This message cannot be stored at the moment.', { cause: error }))
      return
    }
    const detail = `It could not be stored: ${sentenceOf(error)}`
    await this.#commit([{ ...waiting, message: { id: message.id, raw: message.raw, quarantine: 'failed', detail } }])
  }
}

/** Looks up at once who all are that write in a group or are written to, and what agents said of the writers. */
async function lookUpPeople(tx: Tx, intake: Intake, group: readonly Waiting[]): Promise<void> {
  const byKind = Map.groupBy(group, ({ channel }) => originOf(intake.context, channel).kind)
  for (const [kind, waiting] of byKind) {
    const messages = waiting.flatMap(({ message }) => ('mail' in message ? [message] : []))
    const senders = messages.flatMap(({ from }) => (from ? [from.address] : []))
    const names = messages.flatMap(({ from, authentication: { result } }) =>
      from ? [countedAs(from.address, trustOf(result))] : [],
    )
    const people = messages.filter(({ kind: writer }) => writer === 'person') // machines bring nobody along
    const copied = people.flatMap(({ mail: { to, cc } }) =>
      [...to, ...cc].slice(0, COPIED_KNOWN).map(each => each.address),
    )
    await judgeAll(tx, intake, kind, [...senders, ...names])
    await knowAll(tx, intake, kind, [...senders, ...copied])
  }
}

async function advance(tx: Tx, channel: string, { key, value, follows }: Cursor): Promise<void> {
  if (await moveOn(tx, channel, key, follows, value)) return
  throw new OutOfOrder('temporary', 'An earlier message was not stored, so this one will be read again.')
}

async function take(tx: Tx, intake: Intake, channel: string, message: InboundItem): Promise<Receipt> {
  const origin = originOf(intake.context, channel)
  if ('revises' in message) return admitRevision(tx, intake, origin, message)
  if ('lost' in message) return admitLost(tx, intake, origin, message)
  if ('quarantine' in message) return admitUnreadable(tx, intake, origin, message)
  const { receipt, pending } = await admit(tx, intake, origin, message)
  await runPending(tx, intake, pending)
  return receipt
}
