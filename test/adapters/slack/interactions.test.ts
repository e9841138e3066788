import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { MemoryChannel } from '../../../adapters/memory/adapter.ts'
import { createApp, createClient } from '../../../adapters/slack/api/bolt-app.ts'
import { HttpWire } from '../../../adapters/slack/api/http-receiver.ts'
import { ReadApi } from '../../../adapters/slack/api/read-api.ts'
import { isReplyUrl } from '../../../adapters/slack/api/reply-url.ts'
import { actionBlocks } from '../../../adapters/slack/blocks/action-blocks.ts'
import { answerOf } from '../../../adapters/slack/blocks/answer-blocks.ts'
import { Interactions } from '../../../adapters/slack/interact/interactions.ts'
import { rereadSubmission } from '../../../adapters/slack/interact/submission.ts'
import { Mentions } from '../../../adapters/slack/people/mentions.ts'
import { People } from '../../../adapters/slack/people/workspace-people.ts'
import { slackSettings } from '../../../adapters/slack/settings.ts'
import { decodeTyped } from '../../../adapters/slack/text/typed-text.ts'
import type { Workspace } from '../../../adapters/slack/workspace.ts'
import type { Actor, CommandRequest, Desk, Reply } from '../../../src/channel/desk.ts'
import type { InboundMessage, Receipt } from '../../../src/channel/message.ts'
import type { Action, Home } from '../../../src/channel/surface.ts'
import { newTicketForm } from '../../../src/commands/command/forms.ts'
import { actionOf } from '../../../src/commands/command/ticket-actions.ts'
import { solvedActions } from '../../../src/commands/life/solved.ts'
import { reply } from '../../../src/commands/talk/reply.ts'
import { table } from '../../../src/core/text/table.ts'
import type { TicketPolicy } from '../../../src/core/ticket/policy.ts'
import { DeskError } from '../../../src/errors.ts'
import type { Ticket } from '../../../src/store/tickets.ts'
import { AGENTS } from '../../support/desk.ts'
import { eventually } from '../../support/eventually.ts'
import { type MemoryDesk, makeMemoryDesk } from '../../support/memory-desk.ts'
import { patience } from '../../support/patience.ts'
import type { Block, Json, Message, View } from '../../support/slack/shapes.ts'
import { SlackStand } from '../../support/slack/stand.ts'
import { serveWire } from '../../support/slack/wire-server.ts'

const CLAIM: Action = { label: 'Claim', line: 'claim HD-7', style: 'primary' }
const [REPLY] = actionOf(reply, { policy: {} as TicketPolicy }, { ref: 'HD-7', eventSeq: 4 } as Ticket, {
  recipients: [{ recipient: 'T1/U1', name: 'Ann Lee', shown: 'to', channel: 'slack', kind: 'slack' }],
  isShared: false,
  leftOff: [],
}) as [Action]
const WAITS: Receipt = { outcome: 'opened', ref: 'HD-7' }

/** A desk that does nothing but remember what it was asked. */
class RecordingDesk implements Desk {
  readonly performed: CommandRequest[] = []
  readonly received: InboundMessage[] = []
  readonly homesOf: Actor[] = []
  readonly actionsAsked: { thread: string; actor: Actor }[] = []
  answer: (request: CommandRequest) => Promise<Reply> = async ({ line }) => ({ text: `Did ${line}`, data: null })
  receipt: () => Promise<Receipt> = async () => WAITS
  actions: Action[] = []
  shown: Home = { intro: 'Ask us.', actions: [], sections: [] }

  async perform(request: CommandRequest): Promise<Reply> {
    this.performed.push(request)
    return this.answer(request)
  }

  async receive(message: InboundMessage | object): Promise<Receipt> {
    this.received.push(message as InboundMessage)
    return this.receipt()
  }

  async home(actor: Actor): Promise<Home> {
    this.homesOf.push(actor)
    return this.shown
  }

  async actionsFor(thread: string, actor: Actor): Promise<Action[]> {
    this.actionsAsked.push({ thread, actor })
    return this.actions
  }

  newTicketForm = newTicketForm
  agents = async () => AGENTS
  recall = async () => undefined
  remember = async () => undefined
  alarm = async () => undefined
  settle = async () => undefined
  vouch = async () => undefined
  conversations = async () => []
}

let stand: SlackStand
let desk: RecordingDesk
let running: { interactions: Interactions; url: string; stop(): Promise<void> }
let warnings: string[]

/** The part under test behind Bolt, on a port of its own. */
async function start(desk: Desk, name = 'chat', options: ConstructorParameters<typeof Interactions>[2] = {}) {
  const http = { signingSecret: stand.signingSecret }
  const settings = slackSettings.parse({ botToken: stand.botToken, api: stand.apiUrl, http })
  const { team, bot } = stand.workspace
  const workspace = {
    ...{ settings, desk, teamId: team.id, botUserId: bot.id, botId: bot.botId, support: new Map() },
    roomId: stand.workspace.channel('room'),
    options: {
      name,
      deskName: 'Help desk',
      now: () => new Date(),
      warn: (sentence: string) => warnings.push(sentence),
    },
    client: createClient(settings, { warn: sentence => warnings.push(sentence) }),
  } as unknown as Workspace
  const reader = new ReadApi(workspace.client, new AbortController().signal)
  const people = new People(workspace, reader)
  const mentions = new Mentions(reader, people, workspace.options.now)
  const interactions = new Interactions(
    workspace,
    { people, mentions },
    {
      ...{ homesApart: 150, answerWithin: patience(10_000) },
      ...options,
    },
  )
  if (!settings.http) throw new Error('No http')
  const wire = new HttpWire({ workspace, onConnected: async () => undefined }, settings.http)
  const handlers = {
    event: async ({ event }: { event: { type: string } }) => {
      const { type, user, tab } = event as unknown as Record<string, string>
      if (type === 'app_home_opened' && user && tab) await interactions.homeOpened({ userId: user, tab })
    },
    command: (body: unknown) => interactions.command(body),
    action: (body: unknown) => interactions.action(body),
    view: (body: unknown) => interactions.view(body),
    shortcut: (body: unknown) => interactions.shortcut(body),
  }
  createApp(workspace, handlers, wire)
  const { url, stop: stopWire } = await serveWire(wire, sentence => warnings.push(sentence))
  stand.route = stand.http(url)
  const stop = async () => {
    await stopWire()
    await interactions.stop()
  }
  return { interactions, url, stop }
}

beforeAll(async () => {
  stand = await SlackStand.start({
    users: [
      { name: 'ann', email: 'ann@example.com' },
      { name: 'bob', email: 'bob@staff.example' },
      { name: 'carl', email: 'carl@example.com' },
    ],
    channels: [
      { name: 'general' },
      { name: 'help' },
      { name: 'room', private: true, members: ['bob'] },
      { name: 'secret', private: true, members: ['ann', 'carl'], bot: false },
      { name: 'elsewhere', bot: false },
    ],
  })
  stand.echo = 'never'
})

afterAll(() => stand?.stop())

beforeEach(async () => {
  warnings = []
  desk = new RecordingDesk()
  running = await start(desk)
  for (const view of await stand.views()) stand.readers.close(view)
})

afterEach(async () => {
  stand.clearFaults()
  await running.stop()
})

const ann = () => stand.as('ann')
const bob = () => stand.as('bob')
const address = (name: string) => `${stand.workspace.team.id}/${stand.as(name).id}`
const place = (channel: string, ts: string) => `${stand.workspace.team.id}/${stand.workspace.channel(channel)}/${ts}`
const asked = (blocks: unknown) => JSON.stringify(blocks)

/** A message of the desk's with buttons. */
async function posted(channel: string, actions: Action[], thread?: string): Promise<Message> {
  const id = channel.startsWith('D') ? channel : stand.workspace.channel(channel)
  const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: 'About HD-7' } }, ...actionBlocks(actions)]
  const metadata = { event_type: 'relaydesk_message', event_payload: { id: '7', token: 'q-7' } }
  const args = { channel: id, text: 'About HD-7', blocks, metadata, ...(thread ? { thread_ts: thread } : {}) }
  const { ts } = (await stand.api.perform({ method: 'chat.postMessage', args, caller: 'bot' })) as unknown as {
    ts: string
  }
  return messageAt(id, ts, thread)
}

async function messageAt(channel: string, ts: string, thread?: string): Promise<Message> {
  const all = thread === undefined ? await stand.messages(channel) : await stand.thread(channel, thread)
  const found = all.find(each => each.ts === ts)
  if (!found) throw new Error('There is no such message')
  return found
}

async function lastEphemeral(channel: string) {
  await running.interactions.idle()
  const found = (await stand.ephemerals(channel)).at(-1)
  if (!found) throw new Error(`Nobody was shown anything in ${channel}`)
  return found
}

const shownTexts = (view: { blocks: Block[] }) => view.blocks.map(block => block.text?.text ?? '').join('\n')

/** A view that took the place of another. */
const bodyView = (body: unknown) => (body as { view: View }).view

describe('the slash command', () => {
  test('a line, and below it the subject, go to the desk in the name of who typed them', async () => {
    const { body } = await bob().command('/desk note HD-7 Called her\nShe is in & out <today>.')
    expect(body).toMatchObject({
      response_type: 'ephemeral',
      text: 'Did note HD-7 Called her She is in &amp; out &lt;today&gt;.',
    })
    expect(desk.performed).toEqual([
      {
        actor: {
          ...{ kind: 'slack', address: address('bob'), name: 'bob' },
          alsoKnownAs: [{ kind: 'email', address: 'bob@staff.example' }],
        },
        channel: 'chat',
        line: 'note HD-7 Called her\nShe is in & out <today>.',
        id: expect.stringMatching(/\S/),
      },
    ])
  })

  test('nothing, or help, is help', async () => {
    await ann().command('/desk')
    await ann().command('/desk   help')
    expect(desk.performed.map(each => each.line)).toEqual(['help', 'help'])
  })

  test('what the desk refuses is told, and so is what went wrong', async () => {
    desk.answer = async () => {
      throw new DeskError('usage', 'There is no command "clam"; did you mean "claim"?')
    }
    const { body } = await bob().command('/desk clam HD-7')
    expect(asked(body)).toContain('did you mean \\"claim\\"?')
    expect(warnings).toEqual([])
    desk.answer = async () => {
      throw new Error('disk full at /var/secret')
    }
    const { body: other, acknowledged } = await bob().command('/desk claim HD-7')
    expect(acknowledged).toBe(true)
    expect(other).toMatchObject({ text: 'That did not work just now. Nothing was changed; please try again.' })
    expect(warnings.join()).toContain('disk full')
  })

  test('a table is code, and what does not fit is said to be missing', async () => {
    const rows = Array.from({ length: 50 }, (_, index) => [
      `HD-${index}`,
      'open',
      '<!channel> & ```',
      `Subject ${index}`,
    ])
    const small = table(['REF', 'STATE', 'WHO', 'SUBJECT'], rows.slice(0, 3))
    desk.answer = async () => ({ text: small, data: null })
    const { body } = await bob().command('/desk list')
    const [block, ...others] = (body as { blocks: Block[] }).blocks
    expect(others).toEqual([])
    expect(block).toEqual({
      type: 'rich_text',
      elements: [{ type: 'rich_text_preformatted', elements: [{ type: 'text', text: small }] }],
    })
    desk.answer = async () => ({ text: small.replaceAll('```', '"""'), data: null })
    const plain = (await bob().command('/desk list')).body as { blocks: Block[] }
    expect(plain.blocks[0]?.text?.text).toMatch(/^```\nREF {3}STATE.*\n```$/s)
    expect(plain.blocks[0]?.text?.text).toContain('&lt;!channel&gt; &amp;')
    desk.answer = async () => ({
      text: table(['REF', 'STATE', 'WHO', 'SUBJECT'], Array(8).fill(rows).flat()),
      data: null,
    })
    const { body: long, acknowledged } = await bob().command('/desk list all')
    expect(acknowledged).toBe(true)
    const { blocks } = long as { blocks: Block[] }
    expect(blocks.slice(0, -1).every(each => JSON.stringify(each).includes('rich_text_preformatted'))).toBe(true)
    expect(asked(blocks.at(-1))).toContain('in a terminal')
    await expectTaken(blocks)
  })

  test('text is shown as it is: nothing in it is styled, and no link hides where it leads', async () => {
    desk.answer = async () => ({ text: '- **HD-1** [Your bank](https://evil.example) <@U1>: open', data: null })
    const { body } = await ann().command('/desk status')
    const link = { type: 'link', url: 'https://evil.example', text: 'https://evil.example' }
    expect((body as { blocks: Block[] }).blocks[0]).toMatchObject({
      type: 'rich_text',
      elements: [
        {
          elements: [{ type: 'text', text: '- **HD-1** [Your bank](' }, link, { type: 'text', text: ') <@U1>: open' }],
        },
      ],
    })
  })

  test('what can be done next are buttons, which give way to their answer', async () => {
    desk.answer = async () => ({ text: 'HD-7 is free.', data: null, actions: [CLAIM] })
    await bob().command('/desk show HD-7', { channel: 'help' })
    const blocks = answerOf({ text: 'HD-7 is free.', actions: [CLAIM] }).blocks
    const args = { channel: stand.workspace.channel('help'), user: bob().id, text: 'x', blocks }
    await stand.api.perform({ method: 'chat.postEphemeral', args, caller: 'bot' })
    const shown = await lastEphemeral('help')
    desk.answer = async () => ({ text: 'HD-7 is yours.', data: null })
    await bob().press(shown, 'Claim')
    const now = await lastEphemeral('help')
    expect(now.text).toBe('HD-7 is yours.')
    expect(stand.buttonsOf(now)).toEqual([])
    expect(desk.performed.at(-1)).not.toHaveProperty('thread')
  })

  test('what takes longer than Slack waits is told later', async () => {
    await running.stop()
    running = await start(desk, 'chat', { answerWithin: 50 })
    const gate = Promise.withResolvers<void>()
    desk.answer = async () => {
      await gate.promise
      return { text: 'At last', data: null }
    }
    const before = stand.responses.length
    const { acknowledged, body } = await bob().command('/desk list', { channel: 'help' })
    expect({ acknowledged, body }).toEqual({ acknowledged: true, body: undefined })
    gate.resolve()
    await running.interactions.idle()
    expect(stand.responses.slice(before)).toMatchObject([{ person: 'bob', body: { text: 'At last' } }])
  })

  test('who is mentioned is called as the desk calls them', async () => {
    await ann().command(`/desk assign HD-7 <@${bob().id}|bob>`)
    await ann().command(`/desk invite HD-7 <mailto:x@y.example|x@y.example> <@${ann().id}|ann>`)
    expect(desk.performed.map(each => each.line)).toEqual(['assign HD-7 @bob', 'invite HD-7 x@y.example @ann'])
    expect(decodeTyped('a &amp;lt; <!here> <!subteam^S1|@crew> <#C1|help> <https://x.example/a|x>')).toBe(
      'a &lt; @here @crew #help https://x.example/a',
    )
  })

  test('a bold word is what was meant, and what is behind it goes on as typed', async () => {
    await bob().command('/desk *resolve* HD-7 —tell Done — really')
    expect(desk.performed[0]?.line).toBe('resolve HD-7 —tell Done — really')
  })

  test('whom Slack does not tell of is known to the desk by their address', async () => {
    stand.fault({ method: 'users.info', error: 'internal_error' })
    await bob().command('/desk list')
    expect(desk.performed[0]?.actor).toEqual({ kind: 'slack', address: address('bob'), name: 'bob' })
  })
})

/** Fails if Slack would not take these blocks. */
async function expectTaken(blocks: unknown): Promise<void> {
  const args = { channel: stand.workspace.channel('general'), text: 'x', blocks }
  expect(await stand.api.perform({ method: 'chat.postMessage', args, caller: 'bot' })).toMatchObject({ ok: true })
}

describe('buttons', () => {
  test('in the room one line is performed and answered to the one who pressed', async () => {
    const card = await posted('room', [CLAIM, REPLY])
    await bob().press(card, 'Claim')
    expect(desk.performed).toMatchObject([
      {
        line: 'claim HD-7',
        id: expect.any(String),
        actor: { address: address('bob') },
      },
    ])
    const answer = await lastEphemeral('room')
    expect(answer).toMatchObject({ shownTo: 'bob', text: 'Did claim HD-7' })
    expect(answer.thread_ts).toBeUndefined()
    expect(await messageAt('room', card.ts)).toMatchObject({ blocks: card.blocks })
  })

  test('below a card the answer is in its thread', async () => {
    const card = await posted('room', [CLAIM])
    const entry = await posted('room', [REPLY, CLAIM], card.ts)
    await bob().press(entry, 'Claim')
    // The line names its ticket, which may be another than that of the conversation.
    expect(desk.performed[0]).not.toHaveProperty('thread')
    expect(await lastEphemeral('room')).toMatchObject({ thread_ts: card.ts })
  })

  test('an item of the menu', async () => {
    const more = ['one', 'two', 'three', 'four', 'five', 'six'].map(word => ({ label: word, line: `${word} HD-7` }))
    const card = await posted('room', more)
    await bob().press(card, 'six')
    expect(desk.performed[0]?.line).toBe('six HD-7')
  })

  test('one that comes twice has the same id', async () => {
    const card = await posted('room', [CLAIM])
    const delivery = await bob().press(card, 'Claim')
    await stand.redeliver(delivery)
    expect(new Set(desk.performed.map(each => each.id)).size).toBe(1)
  })

  test('a question in messages is answered once: the answer takes the place of the buttons', async () => {
    const channel = await ann().directMessages()
    const question = await posted(channel, [
      { label: 'It is about HD-7', line: 'belongs 5 yes' },
      { label: 'It is something new', line: 'belongs 5 no' },
    ])
    desk.answer = async () => ({ text: 'M-5 joined HD-7.', data: null })
    const delivery = await ann().press(question, 'It is about HD-7')
    await running.interactions.idle()
    const after = await messageAt(channel, question.ts)
    expect(stand.buttonsOf(after)).toEqual([])
    expect(after.blocks?.map(each => each.text?.text)).toEqual(['About HD-7', '*It is about HD-7*\nM-5 joined HD-7.'])
    expect(after.metadata).toEqual(question.metadata)
    await stand.redeliver(delivery)
    await running.interactions.idle()
    expect((await messageAt(channel, question.ts)).blocks).toEqual(after.blocks)
  })

  test('of several things to do the others stay', async () => {
    const channel = await bob().directMessages()
    const notice = await posted(channel, [CLAIM, REPLY, { label: 'Open M-1', line: 'open M-1' }])
    await bob().press(notice, 'Claim')
    await running.interactions.idle()
    expect(stand.buttonsOf(await messageAt(channel, notice.ts)).map(each => each.label)).toEqual(['Reply', 'Open M-1'])
  })

  test('what the desk refuses leaves the buttons', async () => {
    const channel = await bob().directMessages()
    const notice = await posted(channel, [CLAIM])
    desk.answer = async () => {
      throw new DeskError('conflict', 'Eve has it.')
    }
    await bob().press(notice, 'Claim')
    expect(await lastEphemeral(channel)).toMatchObject({ text: 'Eve has it.', shownTo: 'bob' })
    expect(stand.buttonsOf(await messageAt(channel, notice.ts))).toHaveLength(1)
  })

  test('where the app is taken out, the address that came with the press is good', async () => {
    const card = await posted('help', [CLAIM])
    stand.fault({ method: 'chat.postEphemeral', error: 'not_in_channel' })
    stand.fault({ method: 'conversations.history', error: 'not_in_channel' })
    const before = stand.responses.length
    await bob().press(card, 'Claim')
    await running.interactions.idle()
    expect(stand.responses.slice(before)).toMatchObject([
      { person: 'bob', body: { response_type: 'ephemeral', replace_original: false, text: 'Did claim HD-7' } },
    ])
  })
})

describe('forms', () => {
  async function opened(action: Action, channel = 'room', who = bob()): Promise<View> {
    const card = await posted(channel, [action])
    await who.press(card, action.label)
    return stand.modalOf(who.name)
  }

  test('what was entered goes into the line and the text', async () => {
    const [yes] = solvedActions('HD-7')
    if (!yes) throw new Error('No action')
    const channel = await ann().directMessages()
    const card = await posted(channel, solvedActions('HD-7'))
    await ann().press(card, yes.label)
    const view = await stand.modalOf('ann')
    expect(desk.performed).toEqual([])
    await ann().submit(view, { 'How did we do?': '5: very good', 'Anything you would like to tell us?': 'Thanks' })
    expect(desk.performed).toMatchObject([{ line: 'solved HD-7 yes 5', body: 'Thanks' }])
    expect(desk.performed[0]?.id).toMatch(new RegExp(`^${view.id}/`))
    await running.interactions.idle()
    expect(stand.buttonsOf(await messageAt(channel, card.ts))).toEqual([])
    expect(await stand.views()).toEqual([])
  })

  test('a field that is left empty takes its word along', async () => {
    const [yes] = solvedActions('HD-7')
    if (!yes) throw new Error('No action')
    await ann().submit(await opened(yes, 'help', ann()))
    expect(desk.performed[0]).toMatchObject({ line: 'solved HD-7 yes' })
    expect(desk.performed[0]).not.toHaveProperty('body')
  })

  test('what is wrong is said at the field', async () => {
    const view = await opened({
      ...REPLY,
      form: { ...form(REPLY), fields: [{ ...field(REPLY), least: 5, required: false }] },
    })
    const { body } = await bob().submit(view, { Text: 'ab' })
    expect(body).toMatchObject({ response_action: 'errors', errors: { 'field:text': expect.stringContaining('5') } })
    expect(desk.performed).toEqual([])
  })

  test('what the desk refuses keeps what was entered', async () => {
    const view = await opened(REPLY)
    desk.answer = async () => {
      throw new DeskError('conflict', 'Eve answered HD-7 meanwhile.')
    }
    const refused = await bob().submit(view, { Text: 'Restart it.' })
    expect(refused.body).toEqual({
      response_action: 'errors',
      errors: { 'field:text': 'Eve answered HD-7 meanwhile.' },
    })
    desk.answer = async () => ({ text: 'On its way.', data: null })
    await bob().submit(view, { Text: 'Restart it.' })
    expect(desk.performed.map(each => each.body)).toEqual(['Restart it.', 'Restart it.'])
    expect(await lastEphemeral('room')).toMatchObject({ text: 'On its way.' })
  })

  test('it is open before Slack is asked for anything else', async () => {
    const card = await posted('room', [REPLY])
    const before = stand.asked.length
    await bob().press(card, 'Reply')
    expect(stand.asked.slice(before)[0]).toBe('views.open')
    expect((await stand.modalOf('bob')).title?.text).toBe('Reply on HD-7')
  })

  test('one that was opened too late is told', async () => {
    const card = await posted('room', [REPLY])
    stand.fault({ method: 'views.open', error: 'expired_trigger_id' })
    await bob().press(card, 'Reply')
    expect((await lastEphemeral('room')).text).toContain('press the button again')
  })

  test('the answer goes out though Slack does not take what is told then', async () => {
    const view = await opened(REPLY, 'help')
    stand.fault({ method: 'conversations.history', error: 'internal_error' })
    stand.fault({ method: 'chat.postEphemeral', error: 'internal_error' })
    const { acknowledged } = await bob().submit(view, { Text: 'Restart it.' })
    await running.interactions.idle()
    expect(acknowledged).toBe(true)
    expect(stand.responses.at(-1)).toMatchObject({ body: { text: `Did ${REPLY.line}` } })
  })
})

const form = (action: Action) => {
  if (!action.form) throw new Error('No form')
  return action.form
}

const field = (action: Action) => {
  const [first] = form(action).fields
  if (!first) throw new Error('No field')
  return first
}

const PRINTER = { 'What is it about?': 'Printer', 'What happened?': 'It burns.\nHelp' }

describe('opening a ticket', () => {
  test('by command, with what was typed filled in', async () => {
    const { body } = await ann().command('/desk new Printer jam\nOn floor 3')
    expect({ body, asked: stand.calls('users.info') }).toMatchObject({ body: undefined })
    const view = await stand.modalOf('ann')
    const sent = await ann().submit(view, { 'How urgent is it?': 'I cannot work' })
    expect(desk.received).toMatchObject([
      {
        ...{ id: `${stand.workspace.team.id}/view/${view.id}`, replyTo: address('ann'), subject: 'Printer jam' },
        ...{ from: { address: address('ann'), name: 'ann' }, text: 'On floor 3', visible: 'On floor 3' },
        ...{ urgency: 'high', kind: 'person', live: true, authentication: { result: 'pass' }, attachments: [] },
        alsoKnownAs: [{ kind: 'email', address: 'ann@example.com' }],
      },
    ])
    expect(desk.received[0]).not.toHaveProperty('chat')
    expect(shownTexts(bodyView(sent.body))).toBe('HD-7: Printer jam\nWe will answer you in your direct messages.')
    expect(desk.performed).toEqual([])
  })

  test('it is read again from what was stored', async () => {
    await ann().command('/desk new')
    await ann().submit(await stand.modalOf('ann'), PRINTER)
    const [message] = desk.received
    if (!message || !('bytes' in message.raw)) throw new Error('Nothing came')
    const { unpack } = await import('../../../src/content.ts')
    const raw = unpack(message.raw.encoding, message.raw.bytes)
    expect(rereadSubmission(raw)).toEqual(message)
    expect(rereadSubmission(Buffer.from('{"kind":"message"}'))).toBeUndefined()
    expect(rereadSubmission(Buffer.from('nonsense'))).toBeUndefined()
  })

  test('by the shortcut from everywhere', async () => {
    await ann().shortcut('open_ticket')
    await ann().submit(await stand.modalOf('ann'), PRINTER)
    expect(desk.received).toMatchObject([{ subject: 'Printer', text: 'It burns.\nHelp', urgency: 'medium' }])
  })

  test('sent twice it is the same message', async () => {
    await ann().shortcut('open_ticket')
    const delivery = await ann().submit(await stand.modalOf('ann'), PRINTER)
    await stand.redeliver(delivery)
    expect(new Set(desk.received.map(each => each.id)).size).toBe(1)
  })

  test('what could not be stored stays in the form', async () => {
    desk.receipt = async () => {
      throw new DeskError('temporary', 'It cannot be stored just now.')
    }
    await ann().shortcut('open_ticket')
    const { body } = await ann().submit(await stand.modalOf('ann'), PRINTER)
    expect(body).toEqual({
      response_action: 'errors',
      errors: { 'field:subject': 'It cannot be stored just now.' },
    })
  })

  test.each<[Receipt, string]>([
    [{ outcome: 'appended', ref: 'HD-3' }, 'added to HD-3'],
    [{ outcome: 'held:spam', ref: null }, 'somebody will look at it first'],
    [{ outcome: 'ignored:status', ref: null }, 'no ticket was opened'],
    [{ outcome: 'duplicate', ref: 'HD-7' }, 'HD-7: Printer'],
    [{ outcome: 'quarantined:failed', ref: null }, 'Somebody has been told'],
  ])('what became of it is said: %o', async (receipt, said) => {
    desk.receipt = async () => receipt
    await ann().shortcut('open_ticket')
    const { body } = await ann().submit(await stand.modalOf('ann'), PRINTER)
    expect(shownTexts(bodyView(body))).toContain(said)
  })

  async function fromMessage(channel: string, text: string, thread?: string): Promise<{ view: View; ts: string }> {
    const said = await stand.as('carl').say(channel, text, { raw: true, ...(thread === undefined ? {} : { thread }) })
    const message = await messageAt(channel, said.ts, thread)
    await ann().shortcut('open_ticket_from_message', message)
    return { view: await stand.modalOf('ann'), ts: said.ts }
  }

  test('from a message where the app is, which is answered there', async () => {
    const { view, ts } = await fromMessage('help', `The *printer* burns, <@${bob().id}>\nWhat now?`)
    expect(shownTexts(view)).toContain('in the thread of this message')
    const { body } = await ann().submit(view)
    expect(desk.received).toMatchObject([
      { subject: 'The printer burns, @bob', chat: { thread: place('help', ts) }, replyTo: place('help', ts) },
    ])
    expect(desk.received[0]?.text).toContain('What now?')
    expect(shownTexts(bodyView(body))).toContain('in the thread of that message')
  })

  test('from an answer in a thread', async () => {
    const { ts } = await stand.as('carl').say('help', 'First')
    const { view } = await fromMessage('help', 'Second', ts)
    await ann().submit(view)
    expect(desk.received[0]).toMatchObject({ chat: { thread: place('help', ts) }, subject: 'Second' })
  })

  test.each(['secret', 'elsewhere', 'between two people'])('from a message where the app is not: %s', async where => {
    const users = { method: 'conversations.open', args: { users: stand.as('carl').id }, caller: { person: 'ann' } }
    const direct = (await stand.api.perform(users)) as unknown as { channel: { id: string } }
    const channel = where === 'between two people' ? direct.channel.id : where
    const { view } = await fromMessage(channel, 'It burns')
    expect(shownTexts(view)).toContain('in your direct messages')
    const before = stand.responses.length
    await ann().submit(view, { 'What is it about?': 'Fire' })
    await running.interactions.idle()
    expect(desk.received).toMatchObject([{ subject: 'Fire', text: 'It burns', replyTo: address('ann') }])
    expect(desk.received[0]).not.toHaveProperty('chat')
    expect(stand.responses.slice(before)).toMatchObject([
      { person: 'ann', body: { response_type: 'ephemeral', text: expect.stringContaining('HD-7: Fire') } },
    ])
  })

  test('a message among agents is answered in messages', async () => {
    const said = await bob().say('room', 'Somebody should look at the printer')
    await bob().shortcut('open_ticket_from_message', await messageAt('room', said.ts))
    await bob().submit(await stand.modalOf('bob'))
    expect(desk.received[0]).toMatchObject({ replyTo: address('bob') })
    expect(desk.received[0]).not.toHaveProperty('chat')
  })

  test('a very long message is cut to what a form holds', async () => {
    const { view } = await fromMessage('help', `Help ${'word '.repeat(2_000)}`)
    expect(JSON.stringify(view.blocks)).toContain('only the first part: no more than 3000 characters fit')
    await ann().submit(view)
    expect(desk.received[0]?.text.length).toBeLessThanOrEqual(3_000)
    expect(desk.received[0]?.text).toMatch(/…$/)
  })
})

describe('a message for the requester', () => {
  async function send(): Promise<{ view: View; card: Message }> {
    const card = await posted('room', [CLAIM])
    const said = await bob().say('room', 'Please *restart* it.', { thread: card.ts, raw: true })
    await bob().shortcut('send_to_requester', await messageAt('room', said.ts, card.ts))
    const view = await eventually(async () => {
      const [top] = (await stand.views()).filter(each => each.shownTo === 'bob')
      return top?.title?.text === 'One moment' ? undefined : top
    }, 'the form')
    return { view, card }
  }

  test('the form says where it goes, and holds the text', async () => {
    desk.actions = [CLAIM, REPLY]
    const { view, card } = await send()
    expect(desk.actionsAsked).toMatchObject([{ thread: place('room', card.ts), actor: { address: address('bob') } }])
    expect(view.title?.text).toBe('Send to requester')
    expect(shownTexts(view)).toContain('Your text will be sent to Ann Lee in Slack.')
    await bob().submit(view)
    expect(desk.performed).toMatchObject([{ line: REPLY.line, body: 'Please **restart** it.' }])
    expect(await lastEphemeral('room')).toMatchObject({ text: `Did ${REPLY.line}`, thread_ts: card.ts })
  })

  test('where the desk has nothing of the kind, that is said', async () => {
    desk.actions = [CLAIM]
    const { view } = await send()
    expect(shownTexts(view)).toContain('does not belong to a ticket')
    desk.actionsFor = async () => {
      throw new Error('no database')
    }
    expect(shownTexts((await send()).view)).toContain('did not work just now')
  })
})

describe('the page of the app', () => {
  const HOME: Home = {
    intro: 'You are agent @bob.',
    actions: [],
    sections: [
      {
        ...{ title: 'Unowned', empty: 'Nothing', more: 0 },
        items: [{ ref: 'HD-7', subject: 'Printer', detail: 'new', actions: [CLAIM, REPLY] }],
      },
    ],
  }

  async function home(name: string): Promise<View> {
    return eventually(() => stand.homeOf(name), 'the home')
  }

  test('it shows what the desk says of the person, and opens a ticket', async () => {
    await ann().openHome()
    expect(desk.homesOf).toMatchObject([{ kind: 'slack', address: address('ann') }])
    expect(shownTexts(await home('ann'))).toContain('Ask us.')
    await ann().press(await home('ann'), 'Open a ticket')
    await ann().submit(await stand.modalOf('ann'), PRINTER)
    expect(desk.received).toMatchObject([{ subject: 'Printer', replyTo: address('ann') }])
    await ann().openHome('messages')
    expect(desk.homesOf.length).toBeLessThanOrEqual(3)
  })

  test('a press there is answered in a window, and the page made anew', async () => {
    desk.shown = HOME
    await bob().openHome()
    await bob().press(await home('bob'), 'Claim')
    expect(shownTexts(await stand.modalOf('bob'))).toContain('Did claim HD-7')
    expect(desk.performed[0]).not.toHaveProperty('thread')
    await eventually(() => desk.homesOf.length > 1, 'the new page')
  })

  test('however often somebody presses, the page is made anew once in a while', async () => {
    await running.stop()
    running = await start(desk, 'chat', { homesApart: 3_600_000 })
    desk.shown = HOME
    await bob().openHome()
    const page = await home('bob')
    for (let times = 0; times < 4; times++) await bob().press(page, 'Claim')
    await running.interactions.idle()
    expect(desk.homesOf).toHaveLength(1)
  })

  test('a form there answers in its place', async () => {
    desk.shown = HOME
    await bob().openHome()
    await bob().press(await home('bob'), 'Reply')
    const { body } = await bob().submit(await stand.modalOf('bob'), { Text: 'Restart it.' })
    expect(shownTexts(bodyView(body))).toBe(`Did ${REPLY.line}`)
  })

  test('buttons in a window: the answer and the form take its place', async () => {
    desk.shown = HOME
    desk.answer = async () => ({
      text: 'HD-7 is yours.',
      data: null,
      actions: [{ label: 'Release', line: 'release HD-7' }, REPLY],
    })
    await bob().openHome()
    await bob().press(await home('bob'), 'Claim')
    const window = await stand.modalOf('bob')
    await bob().press(window, 'Release')
    expect(desk.performed.at(-1)?.line).toBe('release HD-7')
    expect((await stand.views()).map(each => each.id)).toEqual([window.id])
    await bob().press(window, 'Reply')
    const form = await stand.modalOf('bob')
    expect(form).toMatchObject({ id: window.id, title: { text: 'Reply on HD-7' } })
    const { body } = await bob().submit(form, { Text: 'Restart it.' })
    expect(shownTexts(bodyView(body))).toContain('HD-7 is yours.')
  })

  test('what fails is warned of', async () => {
    stand.fault({ method: 'views.publish', error: 'internal_error' })
    const [delivery] = await ann().openHome()
    expect(delivery).toMatchObject({ acknowledged: true })
    expect(warnings.join()).toContain('internal_error')
  })
})

describe('what is not of ours', () => {
  const view = (more: Json): Json => ({
    type: 'view_submission',
    team: { id: stand.workspace.team.id },
    user: { id: ann().id, name: 'ann' },
    api_app_id: stand.workspace.bot.appId,
    view: { id: 'V1', hash: '1.a', type: 'modal', callback_id: 'desk:form', private_metadata: '', blocks: [], ...more },
  })
  const press = (action: unknown, more: Json = {}): Json => ({
    type: 'block_actions',
    team: { id: stand.workspace.team.id },
    user: { id: ann().id, username: 'ann' },
    api_app_id: stand.workspace.bot.appId,
    trigger_id: '1.2.x',
    actions: [action],
    ...more,
  })
  const meta = (about: Json, fields: unknown[] = []) => JSON.stringify({ meta: about, fields })

  test('values and payloads of all sorts change nothing and break nothing', async () => {
    const button = (value: unknown) => ({
      type: 'button',
      action_id: 'desk:0',
      block_id: 'b',
      text: { text: 'x' },
      value,
    })
    const payloads = [
      ...['', 'claim HD-7', '{}', '{"line":""}', '{"line":"a\\nb"}', 'z', 'zAAAA', 'x'.repeat(100_000)].map(each =>
        press(button(each)),
      ),
      ...[null, 7, {}, []].map(each => press(button(each))),
      press({ type: 'static_select', action_id: 'desk:more', selected_option: null }),
      press({ type: 'static_select', action_id: 'desk:more', selected_option: { value: 7 } }),
      view({ private_metadata: 'x'.repeat(5_000) }),
      view({ private_metadata: meta({ line: 7 }) }),
      view({ private_metadata: meta({ nothing: 'x' }) }),
      view({ callback_id: 'another' }),
      view({ state: null, blocks: null }),
    ]
    for (const payload of payloads) {
      const { status } = await stand.sendInteraction(running.url, payload)
      expect(status, JSON.stringify(payload).slice(0, 200)).toBe(200)
    }
    expect(desk.performed).toEqual([])
    expect(desk.received).toEqual([])
  })

  test('a forged form gets no further than the desk, and calls nobody else', async () => {
    const url = 'http://127.0.0.1:9/steal'
    const about = { line: 'claim HD-7 {x}', channel: '../x', ts: 'now', thread: '9', url, label: '*'.repeat(500) }
    const fields = [{ name: 'x', kind: 'line', required: false }]
    const state = { values: { 'field:x': { 'field:x': { value: '"; close HD-1 --anyway' } } } }
    const { status } = await stand.sendInteraction(running.url, view({ private_metadata: meta(about, fields), state }))
    expect(status).toBe(200)
    expect(desk.performed).toMatchObject([{ line: 'claim HD-7 "\\"; close HD-1 --anyway"' }])
    expect(desk.performed[0]).not.toHaveProperty('thread')
    const place = `T0FOREIGN/C1/1.000001`
    await stand.sendInteraction(running.url, view({ private_metadata: meta({ line: 'new', place, url }), state }))
    await running.interactions.idle()
    expect(desk.received).toMatchObject([{ replyTo: address('ann') }])
    expect(warnings).toEqual([])
  })

  test('another workspace is refused before anything is done', async () => {
    const foreign = {
      ...press({ type: 'button', action_id: 'desk:0', value: '{"line":"claim HD-7"}' }),
      team: { id: 'T0FOREIGN' },
    }
    const { status } = await stand.sendInteraction(running.url, foreign)
    expect(status).toBe(403)
    expect(desk.performed).toEqual([])
  })

  test('a huge text and a line of signs go through as they are', async () => {
    const text = `reply HD-7 ${'&lt;'.repeat(3_000)}\u202E\u0000 ${'x'.repeat(40_000)}`
    const { acknowledged, body } = await bob().command(`/desk ${text}`)
    expect(acknowledged).toBe(true)
    expect(desk.performed[0]?.line.startsWith('reply HD-7 <<<')).toBe(true)
    await expectTaken((body as { blocks: Block[] }).blocks)
  })

  test('payloads that are no objects', async () => {
    const { interactions } = running
    for (const payload of [null, undefined, 7, 'x', [], {}, { user: {} }, { actions: [] }]) {
      await interactions.action(payload)
      await interactions.shortcut(payload)
      expect(await interactions.view(payload)).toBeUndefined()
      expect(await interactions.command(payload)).toMatchObject({ response_type: 'ephemeral' })
    }
    expect(desk.performed).toEqual([])
  })

  test('only addresses of Slack are answered to', () => {
    const api = 'https://slack.com/api/'
    expect(isReplyUrl('https://hooks.slack.com/actions/T1/2/x', api)).toBe(true)
    expect(isReplyUrl('https://hooks.slack-gov.com/actions/T1/2/x', 'https://slack-gov.com/api/')).toBe(true)
    for (const url of [
      ...['http://hooks.slack.com/x', 'https://hooks.slack.com.evil.example/x', 'https://evil.example/hooks.slack.com'],
      ...[
        'https://hooks.slack.com@evil.example/',
        'https://user@hooks.slack.com/',
        'https://hooks.slack.com:8443/x',
        '',
      ],
    ]) {
      expect(isReplyUrl(url, api), url).toBe(false)
    }
  })
})

describe('with the desk itself', () => {
  let memory: MemoryDesk

  beforeEach(async () => {
    await running.stop()
    const adapter = new MemoryChannel('chat', 'nobody')
    memory = await makeMemoryDesk('sqlite', {
      channels: new Map([['chat', { kind: 'slack', deskId: 'help', adapter }]]),
    })
    running = await start(memory.service.deskFor('chat'))
  })

  afterEach(() => memory.remove())

  test('from the form to solved', async () => {
    await ann().shortcut('open_ticket')
    const sent = await ann().submit(await stand.modalOf('ann'), { ...PRINTER, 'How urgent is it?': 'I cannot work' })
    expect(shownTexts(bodyView(sent.body))).toContain('HD-1: Printer')
    const again = await stand.redeliver(sent)
    expect(shownTexts(bodyView(again.body))).toContain('HD-1: Printer')
    const list = await bob().command('/desk list')
    expect(asked(list.body)).toMatch(/```.*HD-1 {2}new/)
    expect(asked((await ann().command('/desk claim HD-1')).body)).toContain('Commands are for agents')
    expect(asked((await ann().command('/desk status')).body)).toContain('HD-1 Printer')

    await bob().openHome()
    const page = await eventually(() => stand.homeOf('bob'), 'the home')
    await bob().use(page, stand.buttonsOf(page).find(each => each.label === 'Claim') as never)
    expect(shownTexts(await stand.modalOf('bob'))).toContain('HD-1 is yours')
    stand.readers.close(await stand.modalOf('bob'))
    const claimed = await eventually(async () => {
      const now = await stand.homeOf('bob')
      return now && stand.buttonsOf(now).some(each => each.label === 'Claim') ? undefined : now
    }, 'the page without Claim')
    await bob().use(claimed, stand.buttonsOf(claimed).find(each => each.label === 'Resolve') as never)
    const form = await stand.modalOf('bob')
    const category = form.blocks.find(each => each.element?.options)?.element?.options?.[0]?.text.text ?? ''
    const { body } = await bob().submit(form, { Category: category, 'What solved it?': 'A new toner.' })
    expect(shownTexts(bodyView(body))).toContain('HD-1')

    const channel = await ann().directMessages()
    const question = await posted(channel, solvedActions('HD-1'))
    await ann().press(question, 'Yes, it is solved')
    await ann().submit(await stand.modalOf('ann'), { 'How did we do?': '4' })
    await running.interactions.idle()
    const answered = await messageAt(channel, question.ts)
    expect(stand.buttonsOf(answered)).toEqual([])
    expect(asked(answered.blocks)).toContain('HD-1 is closed.')
  })

  test('an agent presses twice, and the second time is told', async () => {
    await ann().shortcut('open_ticket')
    await ann().submit(await stand.modalOf('ann'), PRINTER)
    const channel = await bob().directMessages()
    const notice = await posted(channel, [{ ...CLAIM, line: 'claim HD-1' }])
    const delivery = await bob().press(notice, 'Claim')
    await stand.redeliver(delivery)
    await running.interactions.idle()
    expect(asked((await messageAt(channel, notice.ts)).blocks)).toContain('HD-1 is yours: Printer')
    const other = await posted(channel, [{ ...CLAIM, line: 'claim HD-1' }])
    await bob().press(other, 'Claim')
    expect((await lastEphemeral(channel)).text).toContain('HD-1')
    expect(stand.buttonsOf(await messageAt(channel, other.ts))).toHaveLength(1)
  })
})
