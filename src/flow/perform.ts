// Runs command lines for every surface.
import type { Layout } from '../channel/adapter.ts'
import type { Actor, CommandRequest, Reply } from '../channel/desk.ts'
import type { Identity } from '../channel/message.ts'
import type { Action } from '../channel/surface.ts'
import { ticketArgument } from '../commands/command/arguments.ts'
import type { Call, Command, ReadCommand, SettleCommand, WriteCommand } from '../commands/command/command.ts'
import { type DeskFacts, isSent, usageOf } from '../commands/command/command.ts'
import { findTicket, lockTickets } from '../commands/command/find-ticket.ts'
import { MOST_TEXT } from '../commands/command/forms.ts'
import { readersOf } from '../commands/command/recipients.ts'
import { repeatAction, textAction } from '../commands/command/ticket-actions.ts'
import { senderDoubt, UNKNOWN } from '../core/intake/sender-trust.ts'
import { quoteArgument } from '../core/text/command-line.ts'
import type { Options } from '../core/text/options.ts'
import { readableMarkdown, withoutBlankEnds } from '../core/text/plain-text.ts'
import { wordOf } from '../core/text/typed-line.ts'
import { DeskError } from '../errors.ts'
import { isAgent, may } from '../people/access.ts'
import { arrivalByNumber } from '../store/arrivals.ts'
import { readBlob } from '../store/blobs.ts'
import { doubtAbout } from '../store/doubts.ts'
import { keyOf } from '../store/engine/id.ts'
import type { Sql } from '../store/engine/sql.ts'
import {
  addIdentity,
  allAgents,
  type Person,
  personByHandle,
  personByIdentity,
  removeIdentity,
} from '../store/people.ts'
import { answerBefore, rememberAnswer } from '../store/performed.ts'
import { rememberSeen } from '../store/seen-tickets.ts'
import { ticketOfThread } from '../store/threads.ts'
import { listTickets } from '../store/ticket-lists.ts'
import { currentTicket, type Ticket, ticketById, ticketIdByNumber } from '../store/tickets.ts'
import { type Context, deskFacts, personByOther } from './context.ts'
import { through } from './intake/waiting-message.ts'
import { redacted } from './outgoing/redact.ts'
import { readCommand, type TypedCommand, type TypedPlace } from './read-command.ts'
import type { WaitingMessages } from './waiting-messages.ts'

const MOST_OFFERED = 5
/** Characters: a message of Slack has 40,000 at most, and what Markdown would read in it is written with two. */
const MOST_TYPED = 80_000

function refuseTooLong({ line, body = '' }: CommandRequest): void {
  const length = line.length + body.length
  if (length <= MOST_TYPED) return
  throw new DeskError(
    'usage',
    `Nothing was done: a command with its text can have at most ${MOST_TYPED} characters, and yours has ${length}. Split it up, or put the text into a file.`,
  )
}

/** Text on the line, and what was written apart from it. */
function withBody(text: string, written: string): string {
  return text && written ? `${text}\n\n${written}` : withoutBlankEnds(text || written)
}

/** The same as Markdown, where its writer chose what is styled in it and it is certain which part of it is the text. */
async function markdownOf(
  place: TypedPlace,
  { line, body = '', format }: CommandRequest,
  plain: string,
): Promise<Pick<Call, 'markdown'>> {
  if (format !== 'markdown') return {}
  const text = await readCommand(place, line).then(
    typed => typed.text,
    () => undefined,
  )
  const markdown = text === undefined ? undefined : withBody(text, body).replace(/^(?:\\?[^\S\n]*\n)+/, '')
  return markdown !== undefined && readableMarkdown(markdown) === plain ? { markdown } : {}
}

/** Runs command lines for every surface. */
export class Performer {
  readonly #context: Context
  readonly #waiting: WaitingMessages
  /** Called after each command that may have queued something. */
  onCommit: () => void = () => undefined

  constructor(context: Context, waiting: WaitingMessages) {
    this.#context = context
    this.#waiting = waiting
  }

  /** Rejects with a `DeskError` whose message is for the person who typed the line. */
  async perform(request: CommandRequest): Promise<Reply> {
    const { store } = this.#context
    refuseTooLong(request)
    const facts = await deskFacts(this.#context, store.read)
    const { channel, attachments = [], id } = request
    const read = (text: string) => (request.format === 'markdown' ? readableMarkdown(text) : text)
    const [line, written] = [read(request.line), read(request.body ?? '')]
    // Nobody hears of a ticket, in a question neither, before it is known that they are an agent.
    const actor = await this.#asker(request, this.#context.commands.find(wordOf(line)))
    const ticket = await this.#ticketOf(request)
    const hasMore = attachments.length > 0 || written.trim() !== ''
    const place = { sql: store.read, facts, commands: this.#context.commands, ticket, hasMore }
    const typed = await readCommand(place, line)
    const { command, options, text } = typed
    const body = withBody(text, written)
    if (command.body === 'none' && body.trim()) {
      throw new DeskError('usage', `${command.word} takes no text; write: ${usageOf(command)}`)
    }
    const offered = 'kind' in request.actor ? await this.#offer(typed, request, facts, actor) : undefined
    if (offered) return offered
    const argsAt = (at: string) => command.parse(typed, { ...facts, at })
    const address = 'kind' in request.actor ? { address: request.actor } : {}
    const call: Call = {
      ...facts,
      actor,
      ...address,
      channel,
      options,
      body,
      ...(await markdownOf(place, request, body)),
      attachments,
    }
    const reply = await this.#run(typed, call, argsAt, id)
    this.onCommit()
    return reply
  }

  #now(): string {
    return this.#context.clock.now().toISOString()
  }

  /** What the conversation is about that a line is given in. */
  async #ticketOf({ channel, thread }: CommandRequest): Promise<Ticket | undefined> {
    const { read } = this.#context.store
    const found = thread === undefined ? undefined : await ticketOfThread(read, channel, thread)
    return found && currentTicket(read, found.ticketId)
  }

  /** In a chat, where a press is less work than a reference, a line without its ticket is answered with some to choose from. */
  async #offer(
    { command, args }: TypedCommand,
    { line }: CommandRequest,
    facts: DeskFacts,
    actor: Person,
  ): Promise<Reply | undefined> {
    if (
      args.length > 0 ||
      !may(actor, 'work', 'installation') ||
      command.about !== 'ticket' ||
      command.body === 'required'
    )
      return undefined
    const find = (owner: string | null) =>
      listTickets(this.#context.store.read, { query: {}, ownerId: owner, now: facts.at, limit: MOST_OFFERED })
    const mine = await find(actor.id)
    const tickets = mine.length > 0 ? mine : await find(null)
    if (tickets.length === 0) return undefined
    return {
      text: `Which ticket? Or write: ${command.word} ${tickets[0]?.ref}`,
      data: tickets.map(({ ref, subject }) => ({ ref, subject })),
      actions: tickets.map(({ ref, subject }) => ({ label: `${ref} ${subject}`, line: `${line.trim()} ${ref}` })),
    }
  }

  /** `argsAt` reads the arguments as they are meant at a time. */
  async #run(typed: TypedCommand, call: Call, argsAt: (at: string) => never, id: string | undefined): Promise<Reply> {
    const { store, files } = this.#context
    const { command } = typed
    const args = argsAt(call.at)
    if ('reads' in command) return this.#read(command, call, args)
    if ('settles' in command) return this.#waiting.decide(call, (command as SettleCommand<never>).settles(args))
    for (const { content } of call.attachments) await files.keep(content)
    const write = command as WriteCommand<never>
    const tickets = write.tickets(args)
    const digest = digestOf(typed, call)
    for (;;) {
      // All locks in one go, so that no two wait for each other; if that was not all, from the start.
      const reply = await store.transact(async tx => {
        // The same request may be in hand elsewhere. Before the tickets, always, so that no two wait for each other.
        if (id !== undefined) await tx.lock([`request ${call.channel} ${id}`])
        const before = id === undefined ? undefined : await answerBefore(tx, call.channel, id)
        if (before)
          return answerRepeated(tx, typed, call, {
            isSame: before.said === null || before.said === digest,
            before: JSON.parse(before.answer) as Reply,
          })
        if (!(await lockTickets(tx, tickets))) return undefined
        // It happens when its turn has come, so that no event is older than the one before it, and no time is over by then.
        const at = this.#now()
        const answer = await write.writes(tx, { ...call, at }, argsAt(at))
        // What was not done may be asked for again, in other words.
        if (id !== undefined && !answer.undone)
          await rememberAnswer(tx, { channel: call.channel, id }, { digest, answer: JSON.stringify(answer) }, at)
        return answer
      })
      if (reply) return reply
    }
  }

  /** Looks, and remembers of an agent how far they have seen the ticket by now. */
  async #read(command: ReadCommand<never>, call: Call, args: never): Promise<Reply> {
    const { store } = this.#context
    const number = isAgent(call.actor) ? command.shows?.(args) : undefined
    const id = number === undefined ? undefined : await ticketIdByNumber(store.read, number)
    const named = id === undefined ? undefined : await ticketById(store.read, id)
    const current = named?.mergedInto ? await currentTicket(store.read, named.id) : named
    const reply = await command.reads(store.read, call, args)
    const seen = [...new Map([named, current].flatMap(each => (each ? [[each.id, each.eventSeq] as const] : [])))]
    if (seen.length > 0)
      await store.transact(async tx => {
        for (const [ticketId, seq] of seen) await rememberSeen(tx, ticketId, call.actor.id, seq)
      })
    return reply
  }

  async #asker({ actor }: CommandRequest, command: Command): Promise<Person> {
    const { read } = this.#context.store
    if ('handle' in actor) {
      const person = await personByHandle(read, actor.handle)
      if (person) return person
      throw new DeskError(
        'forbidden',
        `There is no agent "${actor.handle}": list them under agents in the configuration.`,
      )
    }
    const person = await this.#personOf(actor)
    if (person && may(person, 'work', 'installation')) return person
    if (command.anyone) return person ?? { id: '', name: actor.name ?? '', handle: null }
    throw new DeskError('forbidden', 'Commands are for agents. Please just write what you need in a message.')
  }

  /** Who has this address, or another one for which the transport vouches; from now on both. */
  async #personOf(actor: Exclude<Actor, { handle: string }>): Promise<Person | undefined> {
    const { read } = this.#context.store
    const known = await personByIdentity(read, actor.kind, actor.address)
    if (known) return known
    const same = await personByOther(read, actor.alsoKnownAs ?? [])
    const { kind, address } = actor
    if (same) await this.#context.store.transact(tx => addIdentity(tx, same.id, { kind, address, name: '' }))
    return same
  }

  /** An address in a chat becomes that of the agent who has one of the others, and is no other agent's any more. */
  async vouch(identity: { kind: string; address: string }, others: readonly Identity[]): Promise<void> {
    const { store } = this.#context
    /** Whose it is and whose it should be, if these differ and one of them is an agent. */
    const wrong = async (sql: Sql) => {
      const owner = await personByIdentity(sql, identity.kind, identity.address)
      const emails = others.filter(each => each.kind === 'email').map(each => each.address)
      const agent = (await allAgents(sql)).find(each => emails.includes(each.email))
      const differs = owner?.id !== agent?.id && (agent !== undefined || isAgent(owner))
      return differs ? { agent } : undefined
    }
    if (!(await wrong(store.read))) return
    await store.transact(async tx => {
      const found = await wrong(tx)
      if (!found) return
      await removeIdentity(tx, identity)
      if (found.agent) await addIdentity(tx, found.agent.id, { ...identity, name: '' })
    })
  }

  /** A message as its sender laid it out, and the reference of its ticket, '' where it has none. */
  async layout(
    number: number,
    options: { remote: boolean },
  ): Promise<{ layout: Layout; ref: string; doubt: string | null }> {
    const { store, files } = this.#context
    const arrival = await arrivalByNumber(store.read, number)
    if (!arrival) {
      throw new DeskError(
        'not-found',
        `There is no message M-${number}: relaydesk inbox list --all shows all messages.`,
      )
    }
    const ticket = arrival.ticketId === null ? undefined : await ticketById(store.read, arrival.ticketId)
    const raw = await readBlob(store.read, files, arrival.raw)
    const layout = await through(this.#context, arrival, 'layout').layout(raw, options)
    const storedDoubt = arrival.messageId === null ? null : await doubtAbout(store.read, arrival.messageId)
    const doubt = storedDoubt ?? senderDoubt(arrival.verdict?.authentication ?? UNKNOWN)
    return redacted(store.read, { layout, ref: ticket?.ref ?? '', doubt })
  }
}

/** What stands for all that a request says. */
function digestOf({ command, args }: TypedCommand, { options, body, attachments }: Call): string {
  return keyOf(command.word, options.toString(), ...args, body, ...attachments.map(({ content }) => content.sha256))
}

/** The same request once more is answered as before; one that was edited since is not done by itself. */
async function answerRepeated(
  sql: Sql,
  typed: TypedCommand,
  call: Call,
  { isSame, before }: { isSame: boolean; before: Reply },
): Promise<Reply> {
  if (isSame) return before
  throw new DeskError(
    'conflict',
    `Your first version was already carried out: ${before.text}\n\nThe edited version was not. Press the button, or write it in a new message.`,
    { actions: await repeatActions(sql, typed, call) },
  )
}

/** What does it as it says now: a text that leaves is shown with who would read it, as on any form. */
async function repeatActions(sql: Sql, { command, args }: TypedCommand, call: Call): Promise<Action[]> {
  const { options, body } = call
  const label = 'Do the edited version'
  const lineWith = (options: Options) =>
    [command.word, ...args.map(quoteArgument), options.toString()].filter(Boolean).join(' ')
  if (body === '') return [{ label, line: lineWith(options) }]
  if (body.length > MOST_TEXT) return []
  if (!isSent(command, options)) return [repeatAction(label, lineWith(options), body)]
  const ticket = await findTicket(sql, ticketArgument(args[0], call.prefixes), call.prefixes)
  const readers = await readersOf(sql, call, ticket, { only: options.has('only') })
  // Who read what when it was typed counts no more: the form says it anew.
  const { read: _, anyway: __, ...kinds } = command.options ?? {}
  return [textAction(label, lineWith(options.of(kinds)), body, { ticket, readers })]
}
