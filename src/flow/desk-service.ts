// The desk at work, and what each channel sees of it.
import type { CommandRequest, Desk, Reply } from '../channel/desk.ts'
import { newTicketForm } from '../commands/command/forms.ts'
import { DeskError } from '../errors.ts'
import { settleAlarm } from '../store/alarms.ts'
import { allDesks, saveDesks } from '../store/desks.ts'
import { recall, remember } from '../store/engine/memory.ts'
import { addTokenKey, tokenKeys } from '../store/keys.ts'
import { dropOutbox, retryOutbox } from '../store/outbox.ts'
import { allAgents, saveAgents } from '../store/people.ts'
import { openConversations } from '../store/tickets.ts'
import { raise } from './alarm.ts'
import { CardUpdater } from './boards/card-updater.ts'
import { actionsIn, homePageOf } from './boards/home-page.ts'
import { type Context, deskFacts } from './context.ts'
import { Receiver } from './intake/receive.ts'
import { giveUpRevisions } from './intake/revise.ts'
import { tellOfBacklogs } from './outgoing/backlog.ts'
import { Deliverer } from './outgoing/deliver.ts'
import { redacted } from './outgoing/redact.ts'
import type { Renderer } from './outgoing/render.ts'
import { Performer } from './perform.ts'
import { dueTicketsJob } from './timers/due-tickets.ts'
import { Timekeeper } from './timers/timekeeper.ts'
import { unreachedAgentsJob } from './timers/unreached-agents.ts'
import { WaitingMessages } from './waiting-messages.ts'

interface AgentConfig {
  handle: string
  name: string
  email: string
}

/** The desk at work: receiving, performing, delivering, and what each channel sees of it. */
export class DeskService {
  readonly context: Context
  readonly receiver: Receiver
  readonly performer: Performer
  readonly waiting: WaitingMessages
  readonly deliverer: Deliverer
  readonly timekeeper: Timekeeper
  readonly rooms: CardUpdater

  constructor(context: Context, renderer: Renderer) {
    this.context = context
    this.receiver = new Receiver(context)
    this.waiting = new WaitingMessages(context)
    this.performer = new Performer(context, this.waiting)
    this.deliverer = new Deliverer(context, renderer)
    this.timekeeper = new Timekeeper(context, [
      dueTicketsJob(context),
      unreachedAgentsJob(context),
      { name: 'messages whose writer did not say where they belong', run: pass => this.waiting.openUnclear(pass) },
      { name: 'edits of messages that never came in', run: () => giveUpRevisions(context) },
      { name: 'summaries of mail that had piled up', run: () => tellOfBacklogs(context) },
    ])
    this.rooms = new CardUpdater(context)
    for (const writer of [this.timekeeper, this.receiver, this.performer, this.waiting])
      writer.onCommit = () => this.wake()
  }

  /** Something was committed: mail may have to leave, and cards to be shown. */
  wake(): void {
    this.deliverer.wake()
    this.rooms.wake()
  }

  /** Brings desks, agents and the first signing key into the database; writes nothing if they are there already. */
  async prepare(agents: readonly AgentConfig[]): Promise<void> {
    const { store, desks } = this.context
    const at = this.#now()
    if (await this.#isPrepared(agents)) return
    await store.transact(async tx => {
      await tx.lock(['prepare'])
      await saveDesks(tx, desks)
      await saveAgents(tx, agents, at)
      if ((await tokenKeys(tx)).length === 0) await addTokenKey(tx, at)
    })
  }

  async #isPrepared(agents: readonly AgentConfig[]): Promise<boolean> {
    const { read } = this.context.store
    const stored = await allDesks(read)
    const known = await allAgents(read)
    return (
      this.context.desks.every(({ id, name, prefix }) =>
        stored.some(desk => desk.id === id && desk.name === name && desk.prefix === prefix),
      ) &&
      known.length === agents.length &&
      agents.every(({ handle, name, email }) =>
        known.some(agent => agent.handle === handle && agent.name === name && agent.email === email),
      ) &&
      (await tokenKeys(read)).length > 0
    )
  }

  async perform(request: CommandRequest): Promise<Reply> {
    const { read } = this.context.store
    try {
      return await redacted(read, await this.performer.perform(request))
    } catch (error) {
      if (!(error instanceof DeskError)) throw error
      const { code, message, actions, cause } = error
      const clean = await redacted(read, { message, actions })
      throw new DeskError(code, clean.message, { cause, actions: clean.actions })
    }
  }

  /** Signs with a new key from now on; what the older ones signed stays valid. Gives its name. */
  async rotateKey(): Promise<string> {
    return (await this.context.store.transact(tx => addTokenKey(tx, this.#now()))).id
  }

  /** Makes what is unsent of a message due now. Gives to how many recipients. */
  async retryOutbox(number: number): Promise<number> {
    const due = await this.context.store.transact(tx => retryOutbox(tx, number, this.#now()))
    this.deliverer.wake()
    return due
  }

  /** Sends what is unsent of a message no more. Gives to how many recipients. */
  dropOutbox(number: number): Promise<number> {
    return this.context.store.transact(tx => dropOutbox(tx, number, 'dropped by an agent', this.#now()))
  }

  #now(): string {
    return this.context.clock.now().toISOString()
  }

  /** The desk as one channel sees it. */
  deskFor(channel: string): Desk {
    const { store } = this.context
    const now = () => this.#now()
    return {
      receive: (message, cursor) => this.receiver.receive(channel, message, cursor),
      perform: request => this.perform(request),
      recall: key => recall(store.read, channel, key),
      remember: (key, value) => store.transact(tx => remember(tx, channel, key, value)),
      alarm: async (code, sentence) => {
        await store.transact(async tx => {
          await raise(tx, await deskFacts(this.context, tx), { channel, code, sentence })
        })
        this.deliverer.wake()
      },
      settle: code => store.transact(tx => settleAlarm(tx, channel, code, now())),
      newTicketForm,
      home: async actor => redacted(store.read, await homePageOf(this.context, actor)),
      actionsFor: async (thread, actor) => redacted(store.read, await actionsIn(this.context, channel, thread, actor)),
      agents: async () =>
        (await allAgents(store.read)).map(({ handle, name, email, chats }) => ({ handle, name, email, chats })),
      vouch: ({ kind, address }, others) => this.performer.vouch({ kind, address }, others),
      conversations: () => openConversations(store.read, channel),
    }
  }
}
