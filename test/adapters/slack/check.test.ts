import { globSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { identify, resolveChannels } from '../../../adapters/slack/account.ts'
import { createClient } from '../../../adapters/slack/api/bolt-app.ts'
import { check } from '../../../adapters/slack/doctor/check-slack.ts'
import { EVENTS, manifest, SCOPES, SHORTCUTS } from '../../../adapters/slack/manifest.ts'
import { slackOf, slackSettings } from '../../../adapters/slack/settings.ts'
import { freePort } from '../../support/ports.ts'
import { BOT_SCOPES } from '../../support/slack/service/workspace.ts'
import { SlackStand } from '../../support/slack/stand.ts'

const CHANNELS = [
  { name: 'help' },
  { name: 'agents', private: true },
  { name: 'open-room' },
  { name: 'elsewhere', bot: false },
  { name: 'hidden', private: true, bot: false },
]

const ADMIN = { handle: 'admin', name: 'Admin', email: 'admin@emulate.dev' } // made the workspace, and is everywhere
const ALL = [ADMIN, { handle: 'anna', name: 'Anna', email: 'Anna@example.com' }]

let stand: SlackStand
let servers: Server[] = []

beforeAll(async () => {
  stand = await SlackStand.start({ users: [{ name: 'anna', email: 'anna@example.com' }], channels: CHANNELS })
})

afterAll(() => stand.stop())

afterEach(() => {
  stand.clearFaults()
  for (const each of servers) each.close()
  servers = []
})

function settingsWith(others: object) {
  const { botToken, appToken, apiUrl: api } = stand
  return slackSettings.parse({ botToken, api, ...('http' in others ? {} : { appToken }), ...others })
}

const WEB = { host: '127.0.0.1', port: 8025 }

/** Findings in one line each, with what to do behind those that are not good. */
async function checked(others: object, { now = () => new Date(), agents = ALL } = {}): Promise<string[]> {
  const findings = await check(settingsWith(others), { now, web: WEB }, { agents: async () => agents })
  return findings.map(({ ok, what, advice }) => `${ok ? 'ok' : 'FAIL'} ${what}${advice ? ` -> ${advice}` : ''}`)
}

function clientOf(others: object = {}) {
  return createClient(settingsWith(others), { warn: () => undefined })
}

describe('doctor', () => {
  test('all is well', async () => {
    expect(await checked({ room: '#agents', support: [{ channel: 'help' }] })).toEqual([
      'ok Slack accepts the bot token: @desk in Example (T000000001)',
      'ok the app has all scopes that it needs',
      'ok the clocks of this machine and of Slack agree',
      'ok Slack accepts the app token for Socket Mode',
      'ok room: the bot is in #agents',
      'ok only invited members of this workspace can read #agents',
      'ok everybody in #agents is an agent',
      'ok support[0].channel: the bot is in #help',
    ])
    expect(await checked({})).toContain('ok people can ask in direct messages; no channel is set')
  })

  test('tokens that Slack refuses', async () => {
    const [bot, app, ...others] = await checked({ botToken: 'xoxb-another', appToken: 'xapp-another', room: 'agents' })
    expect(bot).toMatch(/^FAIL Slack accepts the bot token -> botToken: .*\(invalid_auth\).*Bot User OAuth Token/)
    expect(app).toMatch(
      /^FAIL Slack accepts the app token .* -> Basic Information > App-Level Tokens: .*\(invalid_auth\)/,
    )
    expect(others).toEqual([])
    expect(`${bot}${app}`).not.toMatch(/xoxb-another|xapp-another/)
  })

  test('Slack cannot be reached', async () => {
    const api = `http://127.0.0.1:${await freePort()}/api/`
    const findings = await checked({ api, room: 'agents' })
    expect(findings).toHaveLength(2)
    for (const finding of findings) expect(finding).toMatch(/^FAIL .* -> Slack could not be reached.*ECONNREFUSED/)
  })

  test('a scope is missing', async () => {
    const scopes = BOT_SCOPES.filter(each => each !== 'files:read' && each !== 'im:write')
    const other = await SlackStand.start({ users: [], channels: [], scopes })
    try {
      expect(await checked({ api: other.apiUrl })).toEqual(
        expect.arrayContaining([
          expect.stringMatching(
            /^FAIL the app has the scope im:write .*Bot Token Scopes: add im:write, then reinstall/,
          ),
          expect.stringMatching(
            /^FAIL the app has the scope files:read .*Bot Token Scopes: add files:read, then reinstall/,
          ),
        ]),
      )
    } finally {
      await other.stop()
    }
  })

  test('channels that the bot is not in, or that are none', async () => {
    const support = ['help', '#elsewhere', 'hidden', stand.workspace.channel('elsewhere'), 'C0NOTHERE1']
    const findings = await checked({ room: 'none', support: support.map(channel => ({ channel })) })
    const unseen = (setting: string, name: string) =>
      `FAIL ${setting}: the bot is in ${name} -> there is no public channel ${name}: if it is private, write /invite @desk in it in Slack; otherwise correct ${setting}.`
    expect(findings.slice(4)).toEqual([
      unseen('room', 'none'),
      'ok support[0].channel: the bot is in #help',
      'FAIL support[1].channel: the bot is in #elsewhere -> in Slack write /invite @desk in #elsewhere.',
      unseen('support[2].channel', 'hidden'),
      `FAIL support[3].channel: the bot is in ${support[3]} -> in Slack write /invite @desk in #elsewhere.`,
      unseen('support[4].channel', 'C0NOTHERE1'),
    ])
  })

  test('a room that everybody can read', async () => {
    const findings = await checked({ room: 'open-room' })
    expect(findings.at(-2)).toMatch(
      /^FAIL only invited members .* read #open-room -> everybody in the workspace .*private channel\.$/,
    )
  })

  test('a room with somebody who is no agent, and an agent who is not in it', async () => {
    const agents = [ADMIN, { handle: 'eve', name: 'Eve', email: 'eve@example.com' }]
    const findings = await checked({ room: 'agents' }, { agents })
    expect(findings.slice(-2)).toEqual([
      'FAIL everybody in #agents is an agent -> anna can read every ticket there: remove them, or list them under agents.',
      'ok not in #agents, so notified of new tickets one by one instead: @eve',
    ])
    stand.fault({ method: 'conversations.members', status: 500 })
    expect((await checked({ room: 'agents' })).at(-1)).toMatch(/^FAIL everybody in #agents .*Slack does not say/)
  })

  test('the list of channels cannot be read', async () => {
    stand.fault({ method: 'users.conversations', status: 500 })
    expect((await checked({ room: 'agents' })).at(-1)).toMatch(
      /^FAIL Slack says which channels .* -> Slack has a problem/,
    )
    // Slack's wish to wait is no trouble.
    stand.fault({ method: 'users.conversations', status: 429, retryAfter: 1 })
    expect((await checked({ room: 'agents' })).at(-1)).toMatch(/^ok/)
  })

  test('a clock that is off', async () => {
    const ahead = () => new Date(Date.now() + 90_000)
    expect(await checked({}, { now: ahead })).toContainEqual(
      expect.stringMatching(
        /^FAIL the clock of this machine is (?:89|90|91) seconds ahead of that of Slack -> set the clock/,
      ),
    )
    const behind = () => new Date(Date.now() - 200_000)
    expect(await checked({}, { now: behind })).toContainEqual(
      expect.stringMatching(/^FAIL the clock of this machine is \d+ seconds behind /),
    )
    expect(await checked({}, { now: () => new Date(Date.now() + 30_000) })).toContain(
      'ok the clocks of this machine and of Slack agree',
    )
  })

  test('the port for HTTP is free, taken by the desk, or taken by something else', async () => {
    const port = await freePort()
    const http = { signingSecret: stand.signingSecret, port }
    const what = `Slack's requests come in by HTTP on 127.0.0.1:${port}/slack/events`
    expect(await checked({ http })).toContain(`ok ${what} (not started)`)
    await serve(port, 'Relaydesk listens here for Slack.\n')
    expect(await checked({ http })).toContain(`ok ${what}`)
    for (const each of servers) each.close()
    await serve(port, '<h1>Another</h1>')
    expect(await checked({ http })).toContain(
      `FAIL ${what} -> another program answers there ("<h1>Another</h1>"): choose another http.port.`,
    )
  })

  test('what listens on the port and is no web server', async () => {
    const { createServer: plain } = await import('node:net')
    const server = plain(socket => socket.end('220 mail\r\n'))
    const port = await freePort()
    await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
    const findings = await checked({ http: { signingSecret: 'secret', port } })
    expect(findings).toContainEqual(
      expect.stringMatching(/^FAIL Slack's requests .*cannot listen there \(EADDRINUSE\)/),
    )
    server.close()
  })

  test('what is written as the signing secret is none', async () => {
    const http = { signingSecret: 'xoxb-a-token', port: await freePort() }
    expect(await checked({ http })).toContainEqual(
      expect.stringMatching(/^FAIL there is a signing secret -> .*App Credentials/),
    )
  })

  async function serve(port: number, text: string): Promise<void> {
    const server = createServer((_, response) => response.end(text))
    servers.push(server)
    await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  }
})

describe('who the bot is, and where', () => {
  test('the token says it', async () => {
    const { team, bot } = stand.workspace
    expect(await identify(clientOf())).toMatchObject({
      ...{ teamId: team.id, team: 'Example', botUserId: bot.id, botId: bot.botId, bot: 'desk' },
      scopes: BOT_SCOPES,
    })
    await expect(identify(clientOf({ botToken: 'xoxb-another' }))).rejects.toMatchObject({ code: 'config' })
    stand.fault({ method: 'auth.test', status: 503 })
    await expect(identify(clientOf())).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('channels are found by name in any form, and by id', async () => {
    const help = stand.workspace.channel('help')
    const open = stand.workspace.channel('open-room')
    const found = await resolveChannels(clientOf(), {
      room: ' #Agents ',
      support: [
        { channel: help, take: 'asked' },
        { channel: 'open-room', take: 'all' },
      ],
    })
    expect(found.roomId).toBe(stand.workspace.channel('agents'))
    expect([...found.support]).toEqual([
      [help, 'asked'],
      [open, 'all'],
    ])
    const before = stand.calls('users.conversations')
    expect(await resolveChannels(clientOf(), { support: [] })).toEqual({ roomId: undefined, support: new Map() })
    expect(stand.calls('users.conversations')).toBe(before)
  })

  test('a channel that is not there, or is there twice, is named with its setting', async () => {
    await expect(resolveChannels(clientOf(), { room: '#elsewhere', support: [] })).rejects.toMatchObject({
      code: 'config',
      message:
        'room: the bot is in no channel named #elsewhere: correct the name, or invite the bot in Slack (/invite).',
    })
    const support = [{ channel: '#agents', take: 'all' as const }]
    await expect(resolveChannels(clientOf(), { room: 'agents', support })).rejects.toMatchObject({
      code: 'config',
      message: 'support[0].channel: #agents is already in room: leave one out.',
    })
    stand.fault({ method: 'users.conversations', error: 'missing_scope' })
    await expect(resolveChannels(clientOf(), { room: 'agents', support })).rejects.toMatchObject({ code: 'config' })
    stand.fault({ method: 'users.conversations', error: 'internal_error' })
    await expect(resolveChannels(clientOf(), { room: 'agents', support })).rejects.toMatchObject({
      code: 'unavailable',
    })
  })

  test('a workspace of many channels is read page by page', async () => {
    const pages = [['help', 'a'], ['b'], ['agents']]
    const calls: unknown[] = []
    const client = {
      users: {
        conversations: async ({ cursor, limit }: { cursor?: string; limit: number }) => {
          calls.push({ cursor, limit })
          const page = Number(cursor ?? 0)
          const channels = pages[page]?.map(name => ({ id: `C${name}`, name }))
          return { ok: true, channels, response_metadata: { next_cursor: page < 2 ? `${page + 1}` : '' } }
        },
      },
    } as unknown as Parameters<typeof resolveChannels>[0]
    expect((await resolveChannels(client, { room: 'agents', support: [] })).roomId).toBe('Cagents')
    expect(calls).toEqual([
      { cursor: undefined, limit: 999 },
      { cursor: '1', limit: 999 },
      { cursor: '2', limit: 999 },
    ])
  })
})

/** Scopes of methods as the vendor's pages have them: https://docs.slack.dev/reference/methods */
const OF_METHODS: Record<string, (keyof typeof SCOPES)[]> = {
  'apps.connections.open': [],
  'auth.test': [],
  'bots.info': ['users:read'],
  'chat.postEphemeral': ['chat:write'],
  'chat.postMessage': ['chat:write', 'chat:write.customize'],
  'chat.update': ['chat:write'],
  'conversations.history': ['channels:history', 'groups:history', 'im:history'],
  'conversations.info': ['channels:read', 'groups:read', 'im:read'],
  'conversations.list': ['channels:read', 'groups:read', 'im:read'],
  'conversations.members': ['channels:read', 'groups:read', 'im:read'],
  'conversations.open': ['im:write'],
  'conversations.replies': ['channels:history', 'groups:history', 'im:history'],
  'files.completeUploadExternal': ['files:write'],
  'files.getUploadURLExternal': ['files:write'],
  'files.info': ['files:read'],
  'users.conversations': ['channels:read', 'groups:read', 'im:read'],
  'users.info': ['users:read'],
  'users.lookupByEmail': ['users:read.email'],
  'views.open': [],
  'views.publish': [],
  'views.push': [],
  'views.update': [],
}

/** The same of events: https://docs.slack.dev/reference/events */
const OF_EVENTS: Record<(typeof EVENTS)[number], (keyof typeof SCOPES)[]> = {
  app_home_opened: [],
  app_mention: ['app_mentions:read'],
  app_uninstalled: [],
  member_joined_channel: ['channels:read', 'groups:read'],
  member_left_channel: ['channels:read', 'groups:read'],
  'message.channels': ['channels:history'],
  'message.groups': ['groups:history'],
  'message.im': ['im:history'],
  reaction_added: ['reactions:read'],
  tokens_revoked: [],
  user_change: ['users:read'],
}

const OWN_CODE = globSync('adapters/slack/**/*.ts')
  .filter(path => !path.endsWith('manifest.ts'))
  .map(path => readFileSync(path, 'utf8').replace(/^\s*(?:\/\/|\/?\*).*$/gm, ''))
  .join('\n')

describe('the manifest', () => {
  test('asks for the scopes of what the code does, and for no other', () => {
    const families = 'apps|auth|bots|chat|conversations|files|pins|reactions|team|usergroups|users|views'
    const calls = [...OWN_CODE.matchAll(new RegExp(`\\b(${families})\\s*\\.(\\w+(?:\\.\\w+)?)\\(`, 'g'))]
    // Of what looks like a call, the client says which methods Slack has.
    const client = clientOf() as unknown as Record<string, Record<string, unknown>>
    const isOfSlack = (family: string, name: string) => {
      const [first = '', second] = name.split('.')
      const found = client[family]?.[first]
      return (
        typeof (second === undefined ? found : (found as Record<string, unknown> | undefined)?.[second]) === 'function'
      )
    }
    const used = new Set(
      calls.flatMap(([, family = '', name = '']) => (isOfSlack(family, name) ? [`${family}.${name}`] : [])),
    )
    expect(used.size).toBeGreaterThan(10)
    const needed = new Set<string>(['commands', ...Object.values(OF_EVENTS).flat()])
    for (const method of used) {
      expect(OF_METHODS, `the scopes of ${method} are to be written here`).toHaveProperty([method])
      for (const scope of OF_METHODS[method] ?? []) needed.add(scope)
    }
    expect(Object.keys(SCOPES).sort()).toEqual([...needed].sort())
  })

  test('subscribes to the events that the code looks at, and to no other', () => {
    const others = ['channel_rename', 'channel_archive', 'reaction_removed', 'team_join', 'user_change']
    const looked = [...EVENTS, ...others].filter(name => OWN_CODE.includes(`'${name.split('.')[0]}'`))
    // Each change of anybody's status would be an event, and Slack holds back all of them where they are too many.
    const leftOut = ['user_change']
    expect(looked.sort()).toEqual([...EVENTS, ...leftOut].sort())
  })

  test('has no shortcut that the code does not know', () => {
    for (const name of Object.keys(SHORTCUTS)) expect(OWN_CODE.includes(`SHORTCUTS.${name}:`), name).toBe(true)
  })

  test('for Socket Mode needs no address', () => {
    const made = manifest({ socketMode: true, name: 'Relaydesk', reaction: 'ticket' })
    expect(JSON.stringify(made)).not.toContain('http')
    expect(made).toMatchObject({
      display_information: { name: 'Relaydesk' },
      features: {
        bot_user: { display_name: 'relaydesk', always_online: true },
        app_home: { home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: false },
        slash_commands: [{ command: '/desk', should_escape: true }],
        shortcuts: [
          { type: 'global', callback_id: 'open_ticket' },
          { type: 'message', callback_id: 'open_ticket_from_message' },
          { type: 'message', callback_id: 'send_to_requester' },
        ],
      },
      oauth_config: { scopes: { bot: Object.keys(SCOPES) } },
      settings: {
        event_subscriptions: { bot_events: EVENTS },
        interactivity: { is_enabled: true },
        ...{ org_deploy_enabled: false, socket_mode_enabled: true, token_rotation_enabled: false },
      },
    })
  })

  test('for HTTP has one address everywhere', () => {
    const url = 'https://desk.example.com/slack/events'
    const made = manifest({ socketMode: false, requestUrl: url, name: 'Relaydesk', reaction: 'ticket' })
    expect(made).toMatchObject({
      features: { slash_commands: [{ url }] },
      settings: {
        event_subscriptions: { request_url: url },
        interactivity: { request_url: url },
        socket_mode_enabled: false,
      },
    })
  })

  test.each([
    ['https://desk.example.com/slack/events', {}, 'https://desk.example.com'],
    ['https://example.com/desk/slack/help', { path: '/slack/help' }, 'https://example.com/desk'],
    ['https://slack.example.com/slack/events', { port: 3000, publicUrl: 'https://slack.example.com' }, undefined],
    ['https://127.0.0.1:3000/slack/events', { port: 3000 }, 'https://desk.example.com'],
  ])('names %s, which the configuration says', (url, http, publicUrl) => {
    const settings = settingsWith({ http: { signingSecret: 'secret', ...http } })
    expect(slackOf(settings, publicUrl)).toEqual({ reaction: 'ticket', requestUrl: url })
  })

  test('keeps to the limits of Slack, whatever the desk is called', () => {
    const { display_information: shown, features } = manifest({
      socketMode: true,
      name: `Äußerst ${'lang '.repeat(20)}`,
      reaction: 'x',
    })
    expect(shown.name.length).toBeLessThanOrEqual(35)
    expect(shown.description?.length).toBeLessThanOrEqual(140)
    expect(shown.long_description?.length).toBeGreaterThanOrEqual(174)
    expect(features?.bot_user?.display_name).toMatch(/^[a-z0-9._-]{1,80}$/)
    for (const { name, description } of features?.shortcuts ?? []) {
      expect(name.length).toBeLessThanOrEqual(24)
      expect(description.length).toBeLessThanOrEqual(150)
    }
    expect(manifest({ socketMode: true, name: '求助', reaction: 'x' }).features?.bot_user?.display_name).toBe(
      'relaydesk',
    )
  })
})
