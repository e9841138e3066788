import type { CommandRequest, InboundMessage, Layout, Receipt, Reply, ShowsLayout } from '../channel.ts'
import type { Call, Command, SettleCommand, Settlement, WriteCommand } from '../commands/command.ts'
import { lockTickets, usageOf } from '../commands/command.ts'
import { parseCommandLine, splitText } from '../core/command-line.ts'
import { DeskError, sentenceOf } from '../errors.ts'
import { type Arrival, arrivalByNumber } from '../store/arrivals.ts'
import { readBlob } from '../store/blobs.ts'
import { type Person, personByHandle, personByIdentity } from '../store/people.ts'
import { ticketById } from '../store/tickets.ts'
import { admitWaiting } from './admit.ts'
import { contentsOf } from './arriving.ts'
import { type Context, deskFacts, intakeFor, originOf } from './context.ts'
import { scanAll } from './scan.ts'
import { decidable, rereadWaiting, settle, through } from './settle.ts'

/** Runs command lines for every surface, and decides messages that wait. */
export class Performer {
  readonly #context: Context
  /** Called after each command that may have queued something. */
  onCommit: () => void = () => undefined

  constructor(context: Context) {
    this.#context = context
  }

  /** Rejects with a `DeskError` whose message is for the person who typed the line. */
  async perform(request: CommandRequest): Promise<Reply> {
    const { store } = this.#context
    const command = this.#context.commands.find(parseCommandLine(request.line).word)
    const facts = await deskFacts(this.#context, store.read)
    const written = request.body ?? ''
    // Text may stand on the line; where there is more of it apart, options stand there alone.
    const { line: head, text } =
      command.body === 'required' ? splitText(request.line, command.takes) : { line: request.line, text: '' }
    const line = parseCommandLine(head)
    const body = text && written ? `${text}${text.startsWith('--') ? ' ' : '\n\n'}${written}` : text || written
    if (command.body === 'none' && body.trim()) {
      throw new DeskError('usage', `${command.word} takes no text; write: ${usageOf(command)}`)
    }
    const args = command.parse(line, facts)
    const actor = await this.#agent(request)
    const call: Call = { ...facts, actor, channel: request.channel, body, attachments: request.attachments ?? [] }
    const reply = await this.#run(command, call, args)
    this.onCommit()
    return reply
  }

  #now(): string {
    return this.#context.clock.now().toISOString()
  }

  async #run(command: Command, call: Call, args: never): Promise<Reply> {
    const { store, files } = this.#context
    if ('reads' in command) return command.reads(store.read, call, args)
    if ('settles' in command) return this.#settle(call, (command as SettleCommand<never>).settles(args))
    for (const { content } of call.attachments) await files.keep(content)
    const write = command as WriteCommand<never>
    const tickets = write.tickets(args)
    for (;;) {
      // All locks in one go, so that no two wait for each other; if that was not all, from the start.
      const reply = await store.transact(async tx =>
        // It happens when its turn has come, so that no event is older than the one before it.
        (await lockTickets(tx, tickets)) ? write.writes(tx, { ...call, at: this.#now() }, args) : undefined,
      )
      if (reply) return reply
    }
  }

  async #agent(request: CommandRequest): Promise<Person> {
    const { actor } = request
    const { read } = this.#context.store
    if ('handle' in actor) {
      const person = await personByHandle(read, actor.handle)
      if (person) return person
      throw new DeskError(
        'forbidden',
        `There is no agent "${actor.handle}": list them under agents in the configuration.`,
      )
    }
    const person = await personByIdentity(read, actor.kind, actor.address)
    if (person?.handle) return person
    throw new DeskError('forbidden', 'Commands are for agents; write what you need as a message instead.')
  }

  async #settle(call: Call, { arrivals, decision }: Settlement): Promise<Reply> {
    const replies: Reply[] = []
    if (arrivals.length === 1) return this.#settleOne(call, arrivals[0] ?? 0, decision)
    for (const number of arrivals) {
      const settled = this.#settleOne(call, number, decision)
      replies.push(await settled.catch(error => ({ text: sentenceOf(error), data: { error: sentenceOf(error) } })))
    }
    return { text: replies.map(each => each.text).join('\n'), data: replies.map(each => each.data) }
  }

  async #settleOne(call: Call, number: number, decision: Settlement['decision']): Promise<Reply> {
    const { store, files } = this.#context
    const waiting = await decidable(store.read, number)
    const reread = decision.action === 'discard' ? undefined : await rereadWaiting(this.#context, waiting)
    if (reread && waiting.outcome === 'held:unscanned') await this.#scanAgain(waiting, reread)
    for (const content of reread ? contentsOf(reread) : []) await files.keep(content)
    const reply = await store.transact(async tx =>
      settle(tx, await intakeFor(this.#context, tx, 1), call, number, decision, reread),
    )
    this.onCommit()
    return reply
  }

  /** What the scanner could not look at then, it may find something in now. */
  async #scanAgain({ number }: Arrival, message: InboundMessage): Promise<void> {
    const scan = (await scanAll(this.#context, [{ message }])).get(message.id)
    if (scan?.result !== 'found') return
    throw new DeskError(
      'conflict',
      `The scanner finds ${scan.name} in M-${number}: discard it, or take it out by hand.`,
    )
  }

  /** Reads a message that could not be read again, and takes it as if it came now. */
  async retry(waiting: Arrival): Promise<Receipt> {
    const { store, files } = this.#context
    if (waiting.outcome === 'quarantined:too-large') {
      throw new DeskError(
        'conflict',
        `M-${waiting.number} is larger than limits.message: raise that, and take the message again from where it lies.`,
      )
    }
    const message = await rereadWaiting(this.#context, waiting)
    const before = { reread: new Map(), scans: await scanAll(this.#context, [{ message }]) }
    for (const content of contentsOf(message)) await files.keep(content)
    const origin = originOf(this.#context, waiting.channel)
    const receipt = await store.transact(async tx =>
      admitWaiting(tx, await intakeFor(this.#context, tx, 1, before), origin, waiting, message, undefined),
    )
    if (!receipt) throw new DeskError('conflict', `M-${waiting.number} was decided by somebody else just now.`)
    this.onCommit()
    return receipt
  }

  /** A message as its sender laid it out, and the reference of its ticket, '' where it has none. */
  async layout(number: number, options: { remote: boolean }): Promise<{ layout: Layout; ref: string }> {
    const { store, files } = this.#context
    const arrival = await arrivalByNumber(store.read, number)
    if (!arrival) {
      throw new DeskError('not-found', `There is no message M-${number}: relaydesk inbox list --all shows what came.`)
    }
    const ticket = arrival.ticketId === null ? undefined : await ticketById(store.read, arrival.ticketId)
    const raw = await readBlob(store.read, files, arrival.raw)
    return {
      layout: await through<ShowsLayout>(this.#context, arrival, 'layout').layout(raw, options),
      ref: ticket?.ref ?? '',
    }
  }
}
