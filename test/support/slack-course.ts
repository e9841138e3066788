import { KeyedQueue } from '../../adapters/chat/keyed-queue.ts'
import { readAction } from '../../adapters/slack/blocks/action-blocks.ts'
import { DeskError } from '../../src/errors.ts'
import { eventually } from './eventually.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { User } from './slack/service/user.ts'
import type { Message, Place, View } from './slack/shapes.ts'
import type { SlackDesk } from './slack-desk.ts'
import type { Seen, SlackWatch } from './slack-watch.ts'
import { answerTo, mailTo } from './smtp-world.ts'

/**
 * What a word stands in. `inner`: in what agents say among themselves. `outer`: in an answer. `own`: in what somebody
 * who asks has written where nobody else reads it. `open`: in what was written in public.
 */
type Kind = 'inner' | 'outer' | 'own' | 'open'

interface Word {
  kind: Kind
  /** Who wrote it. */
  by: string
  /** Of an answer: the ticket it was meant for. */
  ref?: string
}

interface Ticket {
  id: string
  ref: string
  /** Name of who asked. */
  requester: string
  mergedInto: string | null
  /** Where its card is. */
  card: Place | undefined
}

/** Who asks in Slack, who asks by mail alone, who answers in Slack, and who answers by mail alone. */
export const ASKING = ['ann', 'carl', 'dora'] as const
export const MAILING = 'mia'
export const ANSWERING = ['bob', 'eve'] as const
export const ANSWERING_BY_MAIL = { handle: 'zed', name: 'Zed Zorn', email: 'zed@staff.example' }

const WORD = /\b(?:inner|outer|own|open)\d+x\b/g
const EVERYBODY = '#'
const CATEGORY = 'hardware/printer'

/** Somebody found no button or form to go on with, or what they wanted was refused: that is no failure. */
class NothingToDo extends Error {}

/** People ask and agents work, in whatever order chance has it; every text holds a word of its own. */
export class Course {
  readonly words = new Map<string, Word>()
  /** What was done, for whoever reads of a failure. */
  readonly log: string[] = []
  readonly #all: SlackDesk
  readonly #watch: SlackWatch
  readonly #random: SeededRandom
  #tickets: Ticket[] = []
  /** What people wrote, so that it can be edited and deleted. */
  readonly #written: { person: string; place: Place; kind: Kind }[] = []
  readonly #turns = new KeyedQueue()
  /** Tickets that were answered where everybody reads it. */
  readonly #inPublic = new Set<string>()
  readonly #landed = new Map<string, string[]>()

  constructor(all: SlackDesk, watch: SlackWatch, random: SeededRandom) {
    this.#all = all
    this.#watch = watch
    this.#random = random
  }

  /** A few of the steps at once. */
  async go(many: number): Promise<void> {
    await this.#look()
    await Promise.all(Array.from({ length: many }, () => this.#step()))
  }

  /** What people do while the desk is away, which it finds out when it comes back. */
  async goWhileAway(): Promise<void> {
    const names = ['asks in private', 'goes on in private', 'asks in public', 'writes in a thread']
    const agentNames = [
      'talks below a card',
      'notes in the room',
      'answers in the room',
      'answers a notice in its thread',
    ]
    for (const name of names) await this.#do(this.#pick(ASKING), name, this.#askingSteps())
    const steps = { ...this.#internalSteps(), ...this.#answerSteps() }
    for (const name of agentNames) await this.#do(this.#pick(ANSWERING), name, steps)
  }

  /** What somebody saw that they must not have seen. */
  wrongs(seen: readonly Seen[], groups: Map<string, Set<string>>): string[] {
    return seen.flatMap(({ by, where, text }) => {
      if (by !== null && !this.#isRequester(by)) return []
      return [...new Set(text.match(WORD))].flatMap(word => {
        const known = this.words.get(word)
        if (!known || known.kind === 'open') return []
        const around = text.slice(Math.max(0, text.indexOf(word) - 150), text.indexOf(word) + 50)
        const sentence = `${where} shows ${word}, of ${known.by}${known.ref ? ` on ${known.ref}` : ''}: ${around}`
        if (known.kind === 'inner') return [sentence]
        return this.#mayKnow(word, known, by, groups) ? [] : [sentence]
      })
    })
  }

  /** Who takes part in each ticket, and in those it is one with, by reference. */
  async groups(): Promise<Map<string, Set<string>>> {
    const { read } = this.#all.desk.desk.context.store
    await this.#look()
    const rows = await read<{ ticketId: string; address: string; name: string }>`
      SELECT ticket_id AS "ticketId", address, name FROM participants`
    const byRoot = new Map<string, Set<string>>()
    for (const ticket of this.#tickets) {
      const people = byRoot.get(this.#rootOf(ticket).id) ?? new Set<string>()
      byRoot.set(this.#rootOf(ticket).id, people)
      people.add(ticket.requester)
      for (const { ticketId, address, name } of rows) {
        if (ticketId === ticket.id) people.add(address.includes('@') ? (address.split('@')[0] ?? '') : name)
      }
    }
    return new Map(
      this.#tickets.map(ticket => {
        const root = this.#rootOf(ticket)
        const isPublic = [ticket.ref, root.ref].some(ref => this.#inPublic.has(ref))
        return [ticket.ref, new Set([...(byRoot.get(root.id) ?? []), ...(isPublic ? [EVERYBODY] : [])])]
      }),
    )
  }

  /** Answers that did not come to whoever asked, agents too. */
  async missing(seen: readonly Seen[]): Promise<string[]> {
    const { read } = this.#all.desk.desk.context.store
    const rows = await read<{ text: string; ref: string; requester: string }>`
      SELECT m.text, t.ref, t."requesterName" AS requester FROM messages_read m
      JOIN tickets_read t ON t.id = m."ticketId" WHERE m.direction = 'out' AND m.raw IS NULL`
    return rows.flatMap(({ text, ref, requester }) =>
      (text.match(/\bouter\d+x\b/g) ?? [])
        .filter(word => !seen.some(each => this.#sees(requester, each) && each.text.includes(word)))
        .map(word => `${word} on ${ref} did not come to ${requester}`),
    )
  }

  /** Words that were meant for agents, and stand in something that went out. */
  async misfiled(): Promise<string[]> {
    const { read } = this.#all.desk.desk.context.store
    const rows = await read<{ text: string; ref: string; direction: string }>`
      SELECT m.text, t.ref, m.direction
      FROM messages_read m JOIN tickets_read t ON t.id = m."ticketId"
      WHERE m.direction = 'out'`
    return rows.flatMap(({ text, ref, direction }) =>
      (text.match(/\binner\d+x\b/g) ?? [])
        .filter(word => this.words.get(word)?.kind === 'inner')
        .map(word => `${word} is ${direction} on ${ref}`),
    )
  }

  /** How many words of each kind were written. */
  counts(): Record<string, number> {
    const found: Record<string, number> = {}
    for (const { kind } of this.words.values()) found[kind] = (found[kind] ?? 0) + 1
    return found
  }

  #sees(person: string, { by }: Seen): boolean {
    const [first = ''] = person.toLowerCase().split(' ')
    return by === null || [first, `${first}@example.com`, `${first}@staff.example`].includes(by)
  }

  #isRequester(by: string): boolean {
    const name = by.endsWith('@example.com') ? by.slice(0, -'@example.com'.length) : by
    return [...ASKING, MAILING].some(each => each === name)
  }

  #mayKnow(word: string, { kind, by, ref }: Word, seenBy: string | null, groups: Map<string, Set<string>>): boolean {
    const person = seenBy?.replace('@example.com', '') ?? null
    if (person === by) return true
    if (kind === 'outer') {
      const group = groups.get(ref ?? '') ?? new Set()
      return group.has(person ?? EVERYBODY)
    }
    if (person === null) return false
    // What somebody wrote is known to those who take part where it went.
    return this.#landed.get(word)?.some(each => groups.get(each)?.has(person)) ?? false
  }

  /** Which tickets the words of requesters are in. */
  async land(): Promise<void> {
    const { read } = this.#all.desk.desk.context.store
    const rows = await read<{ text: string; subject: string; ref: string }>`
      SELECT m.text, m.subject, t.ref FROM messages_read m JOIN tickets_read t ON t.id = m."ticketId"`
    for (const { text, subject, ref } of rows) {
      for (const word of `${text} ${subject}`.match(/\bown\d+x\b/g) ?? []) {
        this.#landed.set(word, [...(this.#landed.get(word) ?? []), ref])
      }
    }
  }

  async #look(): Promise<void> {
    const rows = await this.#all.desk.desk.context.store.read<
      Omit<Ticket, 'card'> & { place: string | null; replyTo: string | null }
    >`
      SELECT t.id, t.ref, t."requesterName" AS requester, t."mergedInto", t."replyTo", c.place FROM tickets_read t
      LEFT JOIN cards c ON c.ticket_id = t.id ORDER BY t.number`
    this.#tickets = rows.map(({ place, replyTo, ...ticket }) => {
      if (ticket.mergedInto === null && /^T\w+\/C/.test(replyTo ?? '')) this.#inPublic.add(ticket.ref)
      const [, channel = '', ts = ''] = place?.split('/') ?? []
      return { ...ticket, card: ts === '' ? undefined : { channel, ts } }
    })
  }

  async #step(): Promise<void> {
    const asks = this.#random.share() < 0.4 || this.#tickets.length < 3
    const agentSteps = [this.#internalSteps(), this.#answerSteps(), this.#workSteps()] as const
    const steps = asks ? this.#askingSteps() : this.#random.pick(agentSteps)
    const [name] = this.#pick(Object.entries(steps))
    await this.#do(asks ? this.#pick(ASKING) : this.#pick(ANSWERING), name, steps)
  }

  async #do(person: string, name: string, steps: Record<string, (person: User) => Promise<unknown>>): Promise<void> {
    const at = this.log.push(`${person}: ${name}`) - 1
    try {
      // One thing at a time: of two forms that are open somebody might fill in the wrong one.
      await this.#turns.take(person, async () => steps[name]?.(this.#all.stand.as(person)))
    } catch (error) {
      if (!isHarmless(error)) throw error
      this.log[at] += ` (${(error as Error).message.slice(0, 120)})`
    }
  }

  // What people do who ask.

  #askingSteps(): Record<string, (person: User) => Promise<unknown>> {
    return {
      'asks in public': async person =>
        this.#wrote(person, 'open', await person.say('help', this.#text('open', person.name))),
      'asks in public again': async person =>
        this.#wrote(person, 'open', await person.say('help', this.#text('open', person.name))),
      'mentions the desk elsewhere': person => person.say('random', `@desk ${this.#text('open', person.name)}`),
      'names a ticket in public': person =>
        person.say('help', `[${this.#ticket().ref}] ${this.#text('open', person.name)}`),
      'writes in a thread': async person => {
        const top = this.#pick(await this.#all.stand.messages('help'))
        await person.say('help', this.#text('open', person.name), { thread: top.ts })
      },
      'marks a message': async person => person.react(this.#pick(await this.#all.stand.messages('random')), 'ticket'),
      'asks in private': async person => this.#wrote(person, 'own', await person.dm(this.#text('own', person.name))),
      'goes on in private': async person => {
        const { ts } = this.#pick(await this.#all.stand.messages(await person.directMessages()))
        this.#wrote(person, 'own', await person.dm(this.#text('own', person.name), { thread: ts }))
      },
      'names a ticket in private': person => person.dm(`[${this.#ticket().ref}] ${this.#text('own', person.name)}`),
      'edits what they wrote': person => this.#edit(person),
      'deletes what they wrote': person => this.#remove(person),
      'opens a ticket with a form': async person => {
        await person.command(`/desk new ${this.#text('own', person.name)}`)
        await this.#submitted(person, { 'What happened?': this.#text('own', person.name) })
      },
      'sends a mail': person => this.#mail(person.name, this.#text('own', person.name)),
      'sends a mail about a ticket': person =>
        this.#mail(person.name, this.#text('own', person.name), `Re: [${this.#ticket().ref}]`),
      'lets Mia write': () => this.#mail(MAILING, this.#text('own', MAILING)),
      'lets Mia answer': () => this.#answerMail(`${MAILING}@example.com`, this.#text('own', MAILING)),
      'answers a mail': person => this.#answerMail(`${person.name}@example.com`, this.#text('own', person.name)),
      'asks for their tickets': async person =>
        this.#watch.toldAtOnce(person.name, await person.command('/desk status', { channel: 'help' })),
      'tries a command of agents': async person =>
        this.#watch.toldAtOnce(person.name, await person.command(`/desk show ${this.#ticket().ref}`)),
      'says that it is solved': async person => {
        const line = `/desk solved ${this.#ticket().ref} ${this.#pick(['yes', 'no', 'yes 4'])}`
        this.#watch.toldAtOnce(person.name, await person.command(line, { channel: 'help' }))
      },
      'says where it belongs': async person => {
        const line = `/desk belongs M-${this.#random.whole(1, 80)} ${this.#pick(['yes', 'no'])}`
        this.#watch.toldAtOnce(person.name, await person.command(line))
      },
      'opens the page': person => person.openHome(),
      'presses something on the page': async person => {
        const home = await this.#all.stand.homeOf(person.name)
        if (home) await this.#pressAny(person, home, 'own')
      },
      'presses something in private': async person => {
        const channel = await person.directMessages()
        await this.#pressAny(person, this.#pick(await this.#withButtons(channel)), 'own')
      },
      'presses something in public': async person =>
        this.#pressAny(person, this.#pick(await this.#withButtons('help')), 'own'),
      'makes a message a ticket': async person => {
        const message = this.#pick(await this.#all.stand.messages('help'))
        await person.shortcut('open_ticket_from_message', message)
        await this.#submitted(person, { 'What is it about?': this.#text('open', person.name) })
      },
    }
  }

  // What agents do.

  /** They say something among themselves. */
  #internalSteps(): Record<string, (agent: User) => Promise<unknown>> {
    const inner = (agent: User) => this.#text('inner', agent.name)
    return {
      'talks below a card': async agent => this.#wrote(agent, 'inner', await this.#below(agent, inner(agent))),
      'talks in the room': async agent => this.#wrote(agent, 'inner', await agent.say('triage', inner(agent))),
      'edits what they said': agent => this.#edit(agent),
      'deletes what they said': agent => this.#remove(agent),
      'notes by slash command': agent =>
        agent.command(`/desk note ${this.#ticket().ref} ${inner(agent)}`, { channel: 'help' }),
      'notes in the room': agent => this.#below(agent, `@desk note ${inner(agent)}`),
      'notes with a form': agent => this.#withForm(agent, 'Note', { Text: inner(agent) }),
      'notes at the command line': agent => this.#all.desk.as(agent.name, `note ${this.#ticket().ref}`, inner(agent)),
      'shares a file below a card': async agent => {
        const file = `${inner(agent)}.txt`.replace(/ /g, '-')
        const { ts, channel } = this.#card()
        await agent.upload(channel, file, Buffer.from(inner(agent)), { thread: ts, text: inner(agent) })
      },
      'notes with a file': async agent => {
        const { ts, channel } = this.#card()
        const options = { thread: ts, text: `@desk note ${inner(agent)}` }
        await agent.upload(channel, 'note.txt', Buffer.from(inner(agent)), options)
      },
      'answers a notice in its thread': async agent => {
        const channel = await agent.directMessages()
        const { ts } = this.#pick(await this.#all.stand.messages(channel))
        this.#wrote(agent, 'inner', await agent.dm(inner(agent), { thread: ts }))
      },
      'names a ticket to the desk': agent => agent.dm(`[${this.#ticket().ref}] ${inner(agent)}`),
      'presses something in a notice': async agent => {
        const channel = await agent.directMessages()
        await this.#pressAny(agent, this.#pick(await this.#withButtons(channel)), 'inner')
      },
      'mails about a ticket': agent =>
        this.#mail(`${agent.name}@staff.example`, inner(agent), `Re: [${this.#ticket().ref}]`),
      'lets Zed note by mail': () => this.#answerMail(ANSWERING_BY_MAIL.email, `!note ${this.#text('inner', 'zed')}`),
    }
  }

  /** They answer. */
  #answerSteps(): Record<string, (agent: User) => Promise<unknown>> {
    return {
      'answers with a file': async agent => {
        const ticket = this.#ticket()
        const { ts, channel } = this.#card(ticket)
        const text = `@desk reply --anyway ${this.#text('outer', agent.name, ticket)}`
        await agent.upload(channel, 'answer.txt', Buffer.from(this.#text('outer', agent.name, ticket)), {
          thread: ts,
          text,
        })
      },
      'answers by slash command': agent => {
        const ticket = this.#ticket()
        return agent.command(`/desk reply ${ticket.ref} --anyway ${this.#text('outer', agent.name, ticket)}`)
      },
      'answers in the room': agent => {
        const ticket = this.#ticket()
        return this.#below(agent, `@desk reply --anyway ${this.#text('outer', agent.name, ticket)}`, ticket)
      },
      'answers in the room with several lines': agent => {
        const ticket = this.#ticket()
        const text = `@desk reply\n--anyway ${this.#text('outer', agent.name, ticket)}`
        return this.#below(agent, text, ticket)
      },
      'answers with a form': agent => {
        const ticket = this.#ticket()
        return this.#withForm(agent, 'Reply', { Text: this.#text('outer', agent.name, ticket) }, ticket)
      },
      'answers at the command line': agent => {
        const ticket = this.#ticket()
        return this.#all.desk.as(agent.name, `reply ${ticket.ref} --anyway`, this.#text('outer', agent.name, ticket))
      },
      'answers where it was asked': agent => this.#inPlace(agent),
      'sends a message of the room to the requester': agent => this.#sendToRequester(agent),
      'resolves it and tells': agent => {
        const ticket = this.#ticket()
        const text = this.#text('outer', agent.name, ticket)
        return this.#order(agent, `resolve TICKET --tell --category ${CATEGORY}`, text, ticket)
      },
      'resolves it with a form': agent => {
        const ticket = this.#ticket()
        const entries = { Category: CATEGORY, 'What solved it?': this.#text('outer', agent.name, ticket) }
        return this.#withForm(agent, 'Resolve', entries, ticket)
      },
      'lets Zed answer by mail': () => this.#zedAnswers(),
    }
  }

  /** They do something else, and say why. */
  #workSteps(): Record<string, (agent: User) => Promise<unknown>> {
    const inner = (agent: User) => this.#text('inner', agent.name)
    return {
      'claims it': agent => this.#withForm(agent, 'Claim'),
      waits: agent => this.#order(agent, `wait TICKET for ${this.#pick(['requester', 'vendor'])}`, inner(agent)),
      'puts it off': agent => this.#order(agent, 'schedule TICKET 2d', inner(agent)),
      'goes on': agent => this.#order(agent, 'resume TICKET'),
      'assigns it': agent => this.#order(agent, `assign TICKET @${this.#pick(['bob', 'eve', 'zed'])}`, inner(agent)),
      'hands it over': agent =>
        this.#order(agent, `handover TICKET @${this.#pick(['bob', 'eve', 'zed'])}`, inner(agent)),
      'takes it over': agent => this.#order(agent, `${this.#pick(['accept', 'decline'])} TICKET`),
      'escalates it': agent =>
        this.#order(agent, `escalate TICKET @${this.#pick(['bob', 'eve', 'zed'])}`, inner(agent)),
      'asks colleagues for help': agent => this.#order(agent, 'swarm TICKET @bob @eve'),
      'tags it': agent => this.#order(agent, `tag TICKET ${inner(agent).split(' ')[1]}`),
      'says what was tried': agent => this.#order(agent, 'tried TICKET', inner(agent)),
      'says when': agent => this.#order(agent, 'expect TICKET 3d'),
      'resolves it for themselves': agent =>
        this.#order(agent, `resolve TICKET --told --category ${CATEGORY}`, inner(agent)),
      'closes it': agent => this.#order(agent, 'close TICKET'),
      'opens it again': agent => this.#order(agent, 'reopen TICKET'),
      'merges two': agent => this.#order(agent, `merge TICKET into ${this.#ticket().ref}`),
      'splits one': agent => this.#order(agent, `split TICKET M-${this.#random.whole(1, 60)}`),
      'links two': agent => this.#order(agent, `link TICKET to ${this.#ticket().ref}`),
      'decides on what is held': agent =>
        this.#all.desk.as(agent.name, `${this.#pick(['join', 'open', 'discard'])} M-${this.#random.whole(1, 80)}`),
      'looks at a ticket': agent => agent.command(`/desk show ${this.#ticket().ref}`, { channel: 'help' }),
      'opens the page': agent => agent.openHome(),
    }
  }

  #below(agent: User, text: string, ticket = this.#ticket()) {
    const { channel, ts } = this.#card(ticket)
    return agent.say(channel, text, { thread: ts })
  }

  /** By slash command, in the room, or at the command line. */
  async #order(agent: User, line: string, text = '', ticket = this.#ticket()): Promise<unknown> {
    const typed = line.replace('TICKET', ticket.ref)
    const way = this.#pick(['slash', 'room', 'line'])
    if (way === 'slash') return agent.command(`/desk ${typed}${text ? `\n${text}` : ''}`, { channel: 'help' })
    if (way === 'line') return this.#all.desk.as(agent.name, typed, text)
    return this.#below(agent, `@desk ${line.replace(' TICKET', '')}${text ? `\n${text}` : ''}`, ticket)
  }

  /** Presses a button or chooses an item of the card, and fills in the form behind it. */
  async #withForm(agent: User, label: string, entries?: Record<string, string>, ticket = this.#ticket()) {
    const { channel, ts } = this.#card(ticket)
    const [card] = await this.#all.stand.thread(channel, ts)
    if (!card) throw new NothingToDo()
    const { status } = await agent.press(card, label)
    if (entries && status === 200) await this.#submitted(agent, entries)
  }

  /** Whatever there is to press; forms are filled in with words of this kind. */
  async #pressAny(person: User, holder: Message | View, kind: Kind): Promise<void> {
    const control = this.#pick(this.#all.stand.buttonsOf(holder))
    const form = readAction(control.value)?.form
    const line = readAction(control.value)?.line ?? ''
    await person.use(holder, control)
    if (!form && line !== 'new') return
    const [, ref = ''] = line.split(' ')
    const ticket = this.#tickets.find(each => each.ref === ref)
    const isAnswer = /^(?:reply|resolve)/.test(line)
    const view = await this.#modal(person)
    const entries = view.blocks.flatMap(({ type, label, element }) => {
      if (type !== 'input' || element?.type !== 'plain_text_input' || !label) return []
      const text = isAnswer ? this.#text('outer', person.name, ticket) : this.#text(kind, person.name)
      return [[label.text, label.text === 'Until when?' ? '2d' : text]]
    })
    await this.#submitted(person, {
      ...Object.fromEntries(entries),
      ...(/^resolve/.test(line) ? { Category: CATEGORY } : {}),
    })
  }

  /** What an agent writes in the conversation of a requester is an answer, and everybody there reads it. */
  async #inPlace(agent: User): Promise<void> {
    const top = this.#pick(await this.#all.stand.messages('help'))
    await agent.say('help', this.#text('open', agent.name), { thread: top.ts })
  }

  /** The text of a message of the room as it is, or another one in its place; or the agent thinks better of it. */
  async #sendToRequester(agent: User): Promise<void> {
    const ticket = this.#ticket()
    const { channel, ts } = this.#card(ticket)
    const thread = (await this.#all.stand.thread(channel, ts)).filter(each => each.user && !each.bot_id)
    const message = this.#pick(thread)
    await agent.shortcut('send_to_requester', message)
    const view = await eventually(async () => {
      const shown = (await this.#all.stand.views()).find(each => each.shownTo === agent.name)
      return shown?.title?.text === 'One moment' ? undefined : shown
    }, 'the form')
    const way = this.#pick(['as it is', 'another', 'not'])
    if (way === 'not' || view.title?.text !== 'Send to requester') return void (await agent.cancel(view))
    const own = String(view.blocks.find(each => each.type === 'input')?.element?.initial_value ?? '')
    if (way === 'as it is') {
      for (const word of own.match(WORD) ?? []) {
        this.words.set(word, { kind: 'outer', by: agent.name, ref: this.#rootOf(ticket).ref })
      }
      await agent.submit(view)
    } else await agent.submit(view, { Text: this.#text('outer', agent.name, ticket) })
  }

  async #zedAnswers(): Promise<void> {
    const mails = this.#all.world.to(ANSWERING_BY_MAIL.email)
    const mail = this.#pick(mails)
    const [, ref = ''] = /\[?(HD-\d+)\]?/.exec(mail.subject ?? '') ?? []
    const isAnswer = mail.text?.includes('your reply goes to')
    const ticket = this.#tickets.find(each => each.ref === ref)
    const text = isAnswer ? this.#text('outer', 'zed', ticket) : this.#text('inner', 'zed')
    await mailTo(this.#all.mailPort, answerTo(mail, ANSWERING_BY_MAIL.email, text))
  }

  async #mail(from: string, text: string, subject = text): Promise<void> {
    const address = from.includes('@') ? from : `${from} <${from}@example.com>`
    await mailTo(this.#all.mailPort, { from: address, to: 'help@desk.example', subject, text })
  }

  async #answerMail(address: string, text: string): Promise<void> {
    const mail = this.#pick(this.#all.world.to(address))
    await mailTo(this.#all.mailPort, answerTo(mail, address, text))
  }

  async #edit(person: User): Promise<void> {
    const mine = this.#pick(this.#written.filter(each => each.person === person.name))
    await person.edit(mine.place, this.#text(mine.kind, person.name))
  }

  async #remove(person: User): Promise<void> {
    const mine = this.#pick(this.#written.filter(each => each.person === person.name))
    this.#written.splice(this.#written.indexOf(mine), 1)
    await person.remove(mine.place)
  }

  #wrote(person: User, kind: Kind, { channel, ts }: Place): void {
    this.#written.push({ person: person.name, place: { channel, ts }, kind })
  }

  async #withButtons(channel: string): Promise<Message[]> {
    const tops = await this.#all.stand.messages(channel)
    const some = tops.filter(each => each.reply_count).slice(-6)
    const threads = await Promise.all(some.map(each => this.#all.stand.thread(channel, each.ts)))
    const found = [...tops, ...threads.flat()].filter(each => this.#all.stand.buttonsOf(each).length > 0)
    return found.slice(-5)
  }

  async #modal(person: User): Promise<View> {
    const view = await eventually(
      async () => (await this.#all.stand.views()).find(each => each.shownTo === person.name),
      'a form',
      2_000,
    )
    return view
  }

  /** Fills in the fields of the form on top that have these labels. */
  async #submitted(person: User, entries: Record<string, string>): Promise<void> {
    const view = await this.#modal(person)
    const labels = view.blocks.map(each => each.label?.text)
    const fitting = Object.entries(entries).filter(([label]) => labels.includes(label))
    const delivery = await person.submit(view, Object.fromEntries(fitting))
    this.#watch.toldAtOnce(person.name, delivery)
    for (const each of await this.#all.stand.views()) {
      if (each.shownTo === person.name) this.#all.stand.readers.close(each)
    }
  }

  /** A sentence with a new word in it. */
  #text(kind: Kind, by: string, ticket?: Ticket): string {
    const word = `${kind}${this.words.size + 1}x`
    this.words.set(word, { kind, by, ...(ticket ? { ref: this.#rootOf(ticket).ref } : {}) })
    return `Say ${word} ${this.#pick(['please', 'now', 'of the printer', 'of the badge'])}`
  }

  /** The ticket itself, or the one that it became part of. */
  #rootOf(ticket: Ticket): Ticket {
    const into = this.#tickets.find(each => each.id === ticket.mergedInto)
    return into ? this.#rootOf(into) : ticket
  }

  #ticket(): Ticket {
    return this.#pick(this.#tickets)
  }

  #card(ticket = this.#ticket()): Place {
    if (!ticket.card) throw new NothingToDo()
    return ticket.card
  }

  #pick<T>(values: readonly T[]): T {
    const [first, ...others] = values
    if (first === undefined) throw new NothingToDo()
    return this.#random.pick([first, ...others])
  }
}

/** There was nothing to press, it was refused, or somebody else was faster. */
function isHarmless(error: unknown): boolean {
  if (error instanceof NothingToDo || error instanceof DeskError) return true
  return /^There (?:is|are|was) |did not come about|failed: |is required|must have/.test((error as Error).message)
}
