import type {
  CommandRequest,
  InboundMessage,
  Layout,
  Receipt,
  Reply,
  Rereads,
  ShowsLayout,
  UnreadableMessage,
} from '../channel.ts'
import type { Call, Command, Commands, SettleCommand, Settlement, WriteCommand } from '../commands/command.ts'
import { findTicket, usageOf } from '../commands/command.ts'
import { parseCommandLine } from '../core/command-line.ts'
import type { Decision } from '../core/threading.ts'
import { DeskError } from '../errors.ts'
import { type Arrival, arrivalByNumber } from '../store/arrivals.ts'
import { readBlob } from '../store/blobs.ts'
import { type Person, personByHandle, personByIdentity } from '../store/people.ts'
import { ticketById, ticketIdByNumber } from '../store/tickets.ts'
import { admitWaiting } from './admit.ts'
import { type Context, deskFacts, intakeFor, originOf } from './context.ts'
import { contentsOf } from './receive.ts'

/** Runs command lines for every surface, and decides messages that wait. */
export class Performer {
  readonly #context: Context
  readonly #commands: Commands
  /** Called after each command that may have queued something. */
  onCommit: () => void = () => undefined

  constructor(context: Context, commands: Commands) {
    this.#context = context
    this.#commands = commands
  }

  /** Rejects with a `DeskError` whose message is for the person who typed the line. */
  async perform(request: CommandRequest): Promise<Reply> {
    const { store } = this.#context
    const line = parseCommandLine(request.line)
    const command = this.#commands.find(line.word)
    const facts = await deskFacts(this.#context, store.read)
    const body = request.body ?? ''
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

  async #run(command: Command, call: Call, args: never): Promise<Reply> {
    const { store, files } = this.#context
    if ('reads' in command) return command.reads(store.read, call, args)
    if ('settles' in command) return this.#settle(call, (command as SettleCommand<never>).settles(args))
    for (const { content } of call.attachments) await files.keep(content)
    const write = command as WriteCommand<never>
    const ticketId = await ticketIdByNumber(store.read, write.ticket(args))
    return store.transact(async tx => {
      if (ticketId) await tx.lock([`ticket ${ticketId}`])
      return write.writes(tx, call, args)
    })
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

  async #settle(call: Call, { arrival: number, decision }: Settlement): Promise<Reply> {
    const waiting = await arrivalByNumber(this.#context.store.read, number)
    if (!waiting || !/^(?:held|ignored):(?!gone$|own-)/.test(waiting.outcome)) {
      throw new DeskError(
        'not-found',
        `No message M-${number} is held or was ignored: relaydesk inbox list --all shows what came.`,
      )
    }
    const ticketId = await this.#target(call, waiting, decision)
    const decided: Decision = ticketId
      ? { action: 'append', ticketId, direction: 'in', rule: 'agent', allowed: 'decided' }
      : { action: 'open' }
    const receipt = await this.settleWaiting(waiting, decided)
    const did = { opened: 'opened', appended: 'joined' }[receipt.outcome as string]
    const text = did
      ? `M-${number} ${did} ${receipt.ref}.`
      : `M-${number} came in before in another way, so nothing was added.`
    return { text, data: receipt }
  }

  async #target(call: Call, waiting: Arrival, decision: Settlement['decision']): Promise<string | null> {
    if (decision.action === 'open') return null
    if (decision.ticket !== null) return (await findTicket(this.#context.store.read, decision.ticket, call.prefixes)).id
    if (waiting.ticketId) return waiting.ticketId
    throw new DeskError(
      'usage',
      `M-${waiting.number} is held for no ticket: write join M-${waiting.number} TICKET, or open.`,
    )
  }

  /** Reads a waiting message again and takes it: as an agent decided, or as if it came now. */
  async settleWaiting(waiting: Arrival, decision: Decision | undefined): Promise<Receipt> {
    const { store, files } = this.#context
    if (waiting.outcome === 'quarantined:too-large') {
      throw new DeskError(
        'conflict',
        `M-${waiting.number} is larger than limits.message: raise that, and take the message again from where it lies.`,
      )
    }
    const message = await this.#reread(waiting)
    if ('quarantine' in message) {
      throw new DeskError('conflict', `M-${waiting.number} still cannot be read: ${message.detail}`)
    }
    for (const content of contentsOf(message)) await files.keep(content)
    const origin = originOf(this.#context, waiting.channel)
    const receipt = await store.transact(async tx =>
      admitWaiting(tx, await intakeFor(this.#context, tx, 1), origin, waiting, message, decision),
    )
    if (!receipt) throw new DeskError('conflict', `M-${waiting.number} was decided by somebody else just now.`)
    this.onCommit()
    return receipt
  }

  async #reread(waiting: Arrival): Promise<InboundMessage | UnreadableMessage> {
    const { store, files } = this.#context
    return this.#through<Rereads>(waiting, 'reread').reread(await readBlob(store.read, files, waiting.raw))
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
    return { layout: await this.#through<ShowsLayout>(arrival, 'layout').layout(raw, options), ref: ticket?.ref ?? '' }
  }

  /** The adapter that a message came through, by what it must be able to do. */
  #through<Able>({ channel, number }: Arrival, does: keyof Able & string): Able {
    const adapter = this.#context.channels.get(channel)?.adapter
    if (!adapter) {
      throw new DeskError('unavailable', `The channel "${channel}" of M-${number} is not configured: add it again.`)
    }
    if (does in adapter) return adapter as unknown as Able
    throw new DeskError('unavailable', `What comes through "${channel}" cannot be shown in that way.`)
  }
}
