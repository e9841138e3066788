// Messages that wait: decided, read again, or opened when nobody says where they belong.
import type { Reply } from '../channel/desk.ts'
import type { InboundMessage, Receipt } from '../channel/message.ts'
import type { Call, Settlement } from '../commands/command/command.ts'
import { decidedAs } from '../core/intake/decision.ts'
import { DeskError, sentenceOf } from '../errors.ts'
import { may } from '../people/access.ts'
import { type Arrival, arrivalByNumber } from '../store/arrivals.ts'
import type { Sql, Tx } from '../store/engine/sql.ts'
import { type Context, type Intake, intakeFor, originOf } from './context.ts'
import { type AdmittedMessage, admitWaiting } from './intake/admit.ts'
import { unclearTooLong } from './intake/ask-belongs.ts'
import { type DecidedMessage, decideHeld } from './intake/decide-held.ts'
import { contentsOf } from './intake/inbound-item.ts'
import { scanAll } from './intake/scan.ts'
import { decidable, rereadWaiting } from './intake/waiting-message.ts'
import { runPending } from './mail-commands/run-mail-commands.ts'
import type { Pass } from './timers/job.ts'

export class WaitingMessages {
  readonly #context: Context
  /** Called after something may have been queued. */
  onCommit: () => void = () => undefined

  constructor(context: Context) {
    this.#context = context
  }

  /** Opens tickets for chat messages of which nobody said in time where they belong. Gives how many. */
  openUnclear(pass: Pass): Promise<number> {
    const open = async (waiting: Arrival) => {
      const message = await rereadWaiting(this.#context, waiting)
      for (const content of contentsOf(message)) await this.#context.files.keep(content)
      const origin = originOf(this.#context, waiting.channel)
      const admitted = await this.#admitAndRun((tx, intake) =>
        admitWaiting(tx, intake, origin, waiting, message, situation => decidedAs(situation, { action: 'open' })),
      )
      return admitted !== undefined
    }
    return pass.each({
      find: limit => unclearTooLong(this.#context, limit),
      work: open,
      nameOf: ({ number }) => `M-${number}`,
    })
  }

  /** Does with messages that wait what an agent, or their writer, decided. */
  async decide(call: Call, { arrivals, decision }: Settlement): Promise<Reply> {
    const replies: Reply[] = []
    if (arrivals.length === 1) return this.#decideOne(call, arrivals[0] ?? 0, decision)
    for (const number of arrivals) {
      const settled = this.#decideOne(call, number, decision)
      replies.push(await settled.catch(error => ({ text: sentenceOf(error), data: { error: sentenceOf(error) } })))
    }
    return { text: replies.map(each => each.text).join('\n'), data: replies.map(each => each.data) }
  }

  async #decideOne(call: Call, number: number, decision: Settlement['decision']): Promise<Reply> {
    const { store, files } = this.#context
    // Whoever is no agent does not learn which messages there are.
    if (!may(call.actor, 'work', 'installation') && !(await waitsForAnswerOf(store.read, call, number))) {
      throw new DeskError('forbidden', `M-${number} is not waiting for an answer from you.`)
    }
    const waiting = await decidable(store.read, number)
    const reread = decision.action === 'discard' ? undefined : await rereadWaiting(this.#context, waiting)
    if (reread && waiting.outcome === 'held:unscanned') await this.#scanAgain(waiting, reread)
    for (const content of reread ? contentsOf(reread) : []) await files.keep(content)
    const settled = await this.#admitAndRun((tx, intake) => decideHeld(tx, intake, call, number, decision, reread))
    this.onCommit()
    return settled.reply
  }

  /** What the scanner could not look at then, it may find something in now. */
  async #scanAgain({ number }: Arrival, message: InboundMessage): Promise<void> {
    const scan = (await scanAll(this.#context, [{ message }])).get(message.id)
    if (scan?.result !== 'found') return
    throw new DeskError('conflict', `The virus scanner finds ${scan.name} in M-${number}: discard it.`)
  }

  /** Reads a message that could not be read again, and takes it as if it came now. */
  async retry(waiting: Arrival): Promise<Receipt> {
    const { files } = this.#context
    if (waiting.outcome === 'quarantined:too-large') {
      throw new DeskError(
        'conflict',
        `M-${waiting.number} is larger than limits.message: raise that limit and let the message come in again.`,
      )
    }
    const message = await rereadWaiting(this.#context, waiting)
    const before = { reread: new Map(), scans: await scanAll(this.#context, [{ message }]) }
    for (const content of contentsOf(message)) await files.keep(content)
    const origin = originOf(this.#context, waiting.channel)
    const admitted = await this.#admitAndRun((tx, intake) => admitWaiting(tx, intake, origin, waiting, message), before)
    if (!admitted) throw new DeskError('conflict', `Somebody else has just decided about M-${waiting.number}.`)
    this.onCommit()
    return admitted.receipt
  }

  /** Takes a message in, and carries out the commands in it. */
  async #admitAndRun<T extends AdmittedMessage | DecidedMessage | undefined>(
    admits: (tx: Tx, intake: Intake) => Promise<T>,
    before?: Pick<Intake, 'reread' | 'scans'>,
  ): Promise<T> {
    return this.#context.store.transact(async tx => {
      const intake = await intakeFor(this.#context, tx, 1, before)
      const admitted = await admits(tx, intake)
      await runPending(tx, intake, admitted?.pending ?? null)
      return admitted
    })
  }
}

/** Whether a message is the caller's, and held until they say where it belongs. */
async function waitsForAnswerOf(sql: Sql, { address }: Call, number: number): Promise<boolean> {
  const waiting = await arrivalByNumber(sql, number)
  return waiting?.outcome === 'held:unclear' && waiting.sender === address?.address
}
