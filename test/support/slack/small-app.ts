import type { AddressInfo } from 'node:net'
import { App, ExpressReceiver, LogLevel, SocketModeReceiver } from '@slack/bolt'
import type { Block, Json } from './shapes.ts'
import type { SlackStand } from './stand.ts'

/** Bolt and its clients say nothing: a test says what it expects. */
export const logger = {
  ...{ debug() {}, info() {}, warn() {}, error() {}, setLevel() {}, setName() {} },
  getLevel: () => LogLevel.ERROR,
}

/** Everything that the little app below was told, in order. */
export interface Told {
  events: Json[]
  bodies: Json[]
}

/** The least that an app can be: it takes everything, answers commands, and opens a form where a button is pressed. */
function listen(app: App): Told {
  const told: Told = { events: [], bodies: [] }
  app.use(async ({ body, next }) => {
    const { event } = body as unknown as { event?: Json }
    if (event) told.events.push(event)
    else told.bodies.push(body as unknown as Json)
    await next()
  })
  app.message(/^fail$/, async () => {
    throw new Error('The commit failed')
  })
  app.command('/desk', async ({ ack, command, respond }) => {
    await ack({ response_type: 'ephemeral', text: `You said ${command.text}` })
    await respond({ response_type: 'ephemeral', text: 'And now?' })
  })
  app.action(/.*/, async ({ ack, body, client }) => {
    await ack()
    const { trigger_id } = body as unknown as { trigger_id: string }
    await client.views.open({ trigger_id, view: FORM as never })
  })
  app.view('form', async ({ ack, view }) => {
    const note = Object.values(view.state.values.note ?? {})[0]?.value ?? ''
    if (note === 'bad') await ack({ response_action: 'errors', errors: { note: 'Not that' } })
    else if (note === 'more') await ack({ response_action: 'update', view: { ...FORM, blocks: [SENTENCE] } as never })
    else await ack()
  })
  app.shortcut(/.*/, async ({ ack }) => ack())
  app.event('app_home_opened', async ({ event, client }) => {
    await client.views.publish({ user_id: event.user, view: { type: 'home', blocks: [SENTENCE, BUTTONS] as never } })
  })
  return told
}

export const plain = (text: string) => ({ type: 'plain_text', text })
export const SENTENCE: Block = { type: 'section', text: { type: 'mrkdwn', text: 'A sentence' } }
export const BUTTONS: Block = {
  type: 'actions',
  block_id: 'buttons',
  elements: [
    { type: 'button', action_id: 'claim', text: plain('Claim'), value: 'claim HD-1', style: 'primary' },
    { type: 'overflow', action_id: 'more', options: [{ text: plain('Close'), value: 'close HD-1' }] },
  ],
}
export const FORM = {
  type: 'modal',
  callback_id: 'form',
  private_metadata: 'HD-1',
  title: plain('Answer'),
  submit: plain('Send'),
  blocks: [
    {
      type: 'input',
      block_id: 'note',
      label: plain('Your note'),
      element: { type: 'plain_text_input', action_id: 'note', max_length: 10 },
    },
    {
      type: 'input',
      block_id: 'level',
      optional: true,
      label: plain('How urgent'),
      element: { type: 'static_select', action_id: 'level', options: [{ text: plain('Very'), value: 'high' }] },
    },
  ],
}

/** An app that runs, and where. */
export interface SmallApp {
  told: Told
  /** Where it listens; nowhere, over the socket. */
  url: string
  stop(): Promise<unknown>
}

/** Starts the app and tells the stand the way to it. */
export async function smallAppAt(stand: SlackStand, way: 'http' | 'socket'): Promise<SmallApp> {
  const clientOptions = { slackApiUrl: stand.apiUrl }
  const receiver =
    way === 'http'
      ? new ExpressReceiver({
          ...{ signingSecret: stand.signingSecret, endpoints: '/slack/events', processBeforeResponse: true, logger },
        })
      : new SocketModeReceiver({
          ...{ appToken: stand.appToken, installerOptions: { clientOptions }, autoReconnectEnabled: false, logger },
        })
  const { id: botUserId, botId } = stand.workspace.bot
  const app = new App({
    ...{ receiver, token: stand.botToken, botId, botUserId, ignoreSelf: false, logger },
    clientOptions: { ...clientOptions, retryConfig: { retries: 0 } },
  })
  const told = listen(app)
  const server = await (way === 'http' ? app.start({ port: 0, host: '127.0.0.1' }) : app.start())
  const port = way === 'http' ? ((server as { address(): AddressInfo }).address() as AddressInfo).port : 0
  const url = way === 'http' ? `http://127.0.0.1:${port}/slack/events` : ''
  stand.route = way === 'http' ? stand.http(url) : stand.socket
  return { told, url, stop: () => app.stop() }
}
