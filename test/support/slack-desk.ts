import { makeDesk, type TestDesk } from './desk.ts'
import { eventually } from './eventually.ts'
import { freePort } from './ports.ts'
import type { ChannelOptions, PersonOptions } from './slack/service/workspace.ts'
import type { Message } from './slack/shapes.ts'
import { SlackStand } from './slack/stand.ts'
import { World } from './smtp-world.ts'
import type { Engine } from './store/engines.ts'

/** A desk that is reached by mail and in Slack, with real servers on all sides. */
export interface SlackDesk {
  desk: TestDesk
  stand: SlackStand
  world: World
  /** Where it takes mail. */
  mailPort: number
  /** Where it takes what Slack sends by HTTP. */
  slackUrl: string
  /** Resolves with the newest message of a thread that this holds for. */
  inThread(channel: string, ts: string, holds: (message: Message) => boolean, what: string): Promise<Message>
  /** The card of a ticket, once this holds for it. */
  card(ref: string, holds?: (message: Message) => boolean): Promise<Message>
  remove(): Promise<void>
}

export const PEOPLE = [
  { name: 'ann', email: 'ann@example.com' },
  { name: 'bob', email: 'bob@staff.example' },
  { name: 'eve', email: 'eve@staff.example' },
  { name: 'carl', email: 'carl@example.com' },
]

const CHANNELS: ChannelOptions[] = [
  { name: 'help', members: ['ann', 'bob', 'carl', 'desk'] },
  { name: 'triage', private: true, members: ['bob', 'eve', 'desk'] },
  { name: 'random', members: ['ann', 'carl'] },
]

interface SlackDeskOptions {
  /** By Socket Mode; by signed HTTP otherwise. */
  socket?: boolean
  /** Put into the settings of the channel. */
  more?: object
  /** Put into the configuration. */
  root?: object
  /** Who is in the workspace, and in which channels. */
  people?: PersonOptions[]
  channels?: ChannelOptions[]
}

export async function makeSlackDesk(
  engine: Engine,
  { socket = false, more = {}, root = {}, people = PEOPLE, channels: rooms = CHANNELS }: SlackDeskOptions = {},
): Promise<SlackDesk> {
  const world = new World()
  await world.start()
  const stand = await SlackStand.start({ users: people, channels: rooms })
  stand.waitsForAnswers = true
  const [mailPort, slackPort] = [await freePort(), await freePort()]
  const way = socket ? { appToken: stand.appToken } : { http: { port: slackPort, signingSecret: stand.signingSecret } }
  const channels = [
    {
      ...{ name: 'support', kind: 'email', address: 'help@desk.example', listen: { port: mailPort } },
      send: { smtp: { host: '127.0.0.1', port: world.port, requireTls: false } },
    },
    {
      ...{ name: 'slack', kind: 'slack', botToken: stand.botToken, ...way, api: stand.apiUrl },
      ...{ room: '#triage', support: [{ channel: '#help' }], ...more },
    },
  ]
  const desk = await makeDesk(engine, { maildir: 'mail' }, {}, { channels, ...root })
  const slackUrl = `http://127.0.0.1:${slackPort}/slack/events`
  stand.route = socket ? stand.socket : stand.http(slackUrl)
  return {
    ...{ desk, stand, world, mailPort, slackUrl },
    inThread: (channel, ts, holds, what) =>
      eventually(async () => (await stand.thread(channel, ts)).findLast(holds), what),
    card: (ref, holds = () => true) =>
      eventually(
        async () =>
          (await stand.messages('triage')).find(each => JSON.stringify(each).includes(`${ref} `) && holds(each)),
        `the card of ${ref}`,
      ),
    async remove() {
      await desk.remove()
      await stand.stop()
      await world.stop()
    },
  }
}

/** All that a message shows, in its text and blocks. */
export function said(message: Message): string {
  return JSON.stringify([message.text, message.blocks])
}
