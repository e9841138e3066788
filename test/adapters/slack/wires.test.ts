import { createHmac } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { EnvelopedEvent } from '@slack/bolt'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createApp, createClient, type Handlers, type WireOptions } from '../../../adapters/slack/api/bolt-app.ts'
import { HttpWire } from '../../../adapters/slack/api/http-receiver.ts'
import { type SocketTiming, SocketWire } from '../../../adapters/slack/api/socket.ts'
import type { SlackSettings } from '../../../adapters/slack/settings.ts'
import { slackSettings } from '../../../adapters/slack/settings.ts'
import { cpuTime } from '../../support/cpu-time.ts'
import { eventually, inTime } from '../../support/eventually.ts'
import { HttpTalk } from '../../support/servers/http-talk.ts'
import type { Json } from '../../support/slack/shapes.ts'
import { SlackStand } from '../../support/slack/stand.ts'
import { serveWire } from '../../support/slack/wire-server.ts'

const PEOPLE = [
  { name: 'anna', email: 'anna@example.com' },
  { name: 'eve', email: 'eve@elsewhere.example', home: 'T0ELSEWHERE' },
]

let stand: SlackStand
const opened: { stop(): Promise<unknown> }[] = []

beforeAll(async () => {
  stand = await SlackStand.start({ users: PEOPLE, channels: [{ name: 'help' }, { name: 'general' }] })
  stand.echo = 'never'
})

afterAll(() => stand.stop())

afterEach(async () => {
  stand.route = undefined
  stand.clearFaults()
  stand.socket.greets = true
  await Promise.all(opened.splice(0).map(each => each.stop()))
})

/** What a wire's surroundings were told. */
class Surroundings {
  readonly warnings: string[] = []
  readonly alarms = new Map<string, string>()
  readonly events: EnvelopedEvent[] = []
  readonly others: string[] = []
  catchUp: () => Promise<void> = async () => undefined
  /** What is done with an event, beside noting it. */
  work: (body: EnvelopedEvent) => Promise<void> = async () => undefined
  caughtUp = 0

  /** Keeps the next event in hand until it is let go; `full` resolves once it is. Later ones go through. */
  hold(): { full: Promise<void>; open(): void } {
    const [full, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    this.work = () => {
      this.work = async () => undefined
      full.resolve()
      return gate.promise
    }
    return { full: full.promise, open: gate.resolve }
  }

  readonly handlers: Handlers = {
    event: async body => {
      await this.work(body)
      this.events.push(body)
    },
    command: async ({ text }) => {
      this.others.push(`command ${text}`)
      if (text === 'fail') throw new Error('The commit failed')
      return { response_type: 'ephemeral', text: `You said ${text}` }
    },
    action: async ({ actions: [action] }) => {
      this.others.push(`action ${(action as { value?: string }).value}`)
    },
    view: async ({ view }) => {
      this.others.push(`view ${view.callback_id}`)
      return { response_action: 'errors', errors: { note: 'Not that' } }
    },
    shortcut: async ({ callback_id }) => {
      this.others.push(`shortcut ${callback_id}`)
    },
  }

  options(settings: SlackSettings, appId?: string): WireOptions {
    const desk = {
      alarm: async (code: string, sentence: string) => void this.alarms.set(code, sentence),
      settle: async (code: string) => void this.alarms.delete(code),
    }
    const options = { now: () => new Date(), warn: (sentence: string) => void this.warnings.push(sentence) }
    const workspace = {
      settings,
      desk,
      options,
      teamId: stand.workspace.team.id,
    } as unknown as WireOptions['workspace']
    const onConnected = async () => {
      this.caughtUp += 1
      await this.catchUp()
    }
    return { workspace, appId, onConnected }
  }

  app(wire: HttpWire | SocketWire, settings: SlackSettings): void {
    const { team, bot } = stand.workspace
    const { options } = this.options(settings).workspace
    createApp({ settings, options, teamId: team.id, botId: bot.botId, botUserId: bot.id }, this.handlers, wire)
  }
}

async function overHttp(
  told = new Surroundings(),
  appId?: string,
): Promise<{ told: Surroundings; url: string; stop(): Promise<void> }> {
  const http = { signingSecret: stand.signingSecret }
  const settings = slackSettings.parse({ botToken: stand.botToken, api: stand.apiUrl, http })
  if (!settings.http) throw new Error('No http')
  const wire = new HttpWire(told.options(settings, appId), settings.http)
  told.app(wire, settings)
  const { url, stop } = await serveWire(wire, sentence => void told.warnings.push(sentence))
  opened.push({ stop })
  stand.route = stand.http(url)
  return { told, url, stop }
}

async function overSocket(told = new Surroundings(), timing: Partial<SocketTiming> = {}) {
  const wire = socketWire(told, stand.appToken, timing)
  await wire.start()
  stand.route = stand.socket
  return { told, wire }
}

function socketWire(told: Surroundings, appToken: string, timing: Partial<SocketTiming> = {}): SocketWire {
  const settings = slackSettings.parse({ botToken: stand.botToken, appToken, api: stand.apiUrl })
  const wire = new SocketWire(told.options(settings), appToken, { firstWait: 20, ...timing })
  told.app(wire, settings)
  opened.push(wire)
  return wire
}

/** A request signed by hand. */
async function post(url: string, body: string, type: string, headers: Record<string, string> = {}) {
  const time = Math.floor(Date.now() / 1000)
  const digest = createHmac('sha256', stand.signingSecret).update(`v0:${time}:${body}`).digest('hex')
  const signed = { 'x-slack-request-timestamp': `${time}`, 'x-slack-signature': `v0=${digest}` }
  const answer = await fetch(url, { method: 'POST', body, headers: { 'content-type': type, ...signed, ...headers } })
  return { status: answer.status, text: await answer.text(), headers: answer.headers }
}

const MESSAGE: Json = { type: 'message', channel: 'C000000001', user: 'U000000001', text: 'Hello', ts: '1.000001' }
const event = (options = {}) => JSON.stringify(stand.enveloped(MESSAGE, options))

/** Whether a promise is settled by now, a moment given to what might settle it too early. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true), pause(50, false)])
}

describe('HTTP', () => {
  test('Slack gets its yes after the handler is done', async () => {
    const { told } = await overHttp()
    const hand = told.hold()
    const sent = stand.send(MESSAGE)
    await hand.full
    expect(await isSettled(sent)).toBe(false)
    hand.open()
    expect(await sent).toMatchObject([{ acknowledged: true, status: 200, body: undefined }])
    expect(told.events.map(each => each.event)).toEqual([MESSAGE])
    expect(told.warnings).toEqual([])
  })

  test('commands, presses, forms and menus reach their handlers, and answers go with the yes', async () => {
    const { told } = await overHttp()
    const anna = stand.as('anna')
    expect(await anna.command('/desk mine')).toMatchObject({
      acknowledged: true,
      body: { response_type: 'ephemeral', text: 'You said mine' },
    })
    await anna.shortcut('open_ticket')
    const payload = {
      team: { id: stand.workspace.team.id },
      user: { id: anna.id },
      api_app_id: stand.workspace.bot.appId,
    }
    const view = { id: 'V1', callback_id: 'form', state: { values: {} } }
    const submitted = await stand.route.send('interaction', { ...payload, type: 'view_submission', view })
    expect(submitted).toMatchObject({
      acknowledged: true,
      body: { response_action: 'errors', errors: { note: 'Not that' } },
    })
    const press = { type: 'button', action_id: 'any', block_id: 'any', value: 'claim HD-1' }
    const pressed = await stand.route.send('interaction', { ...payload, type: 'block_actions', actions: [press] })
    expect(pressed).toMatchObject({ acknowledged: true, body: undefined })
    // What is not looked at is taken all the same: Slack would show an error to whoever did it.
    const closed = await stand.route.send('interaction', { ...payload, type: 'view_closed', view })
    expect(closed).toMatchObject({ acknowledged: true })
    expect(told.others).toEqual(['command mine', 'shortcut open_ticket', 'view form', 'action claim HD-1'])
  })

  test('a handler that fails gives 500, and the same event again is taken', async () => {
    const { told } = await overHttp()
    told.work = async () => {
      told.work = async () => undefined
      throw new Error('The commit failed')
    }
    const [first] = await stand.send(MESSAGE)
    const sentence = 'It could not be accepted at the moment: send it again.\n'
    expect(first).toMatchObject({ acknowledged: false, status: 500, body: sentence })
    expect(told.warnings.join()).toMatch(/could not be taken.*The commit failed/)
    if (!first) throw new Error('Nothing was sent')
    expect(await stand.redeliver(first, 'http_error')).toMatchObject({ acknowledged: true, attempt: 1 })
    expect(told.events).toHaveLength(1)
    expect(await stand.as('anna').command('/desk fail')).toMatchObject({ acknowledged: false, status: 500 })
  })

  test('what takes longer is done all the same, and what Slack sends again for it is taken', async () => {
    const { told } = await overHttp()
    const hand = told.hold()
    const sent = stand.send(MESSAGE, { timeout: 500 })
    await hand.full
    const [delivery] = await sent
    expect(delivery).toMatchObject({ acknowledged: false, status: undefined })
    if (!delivery) throw new Error('Nothing was sent')
    hand.open()
    await eventually(() => (told.events.length === 1 ? true : undefined), 'the event was taken')
    expect(await stand.redeliver(delivery)).toMatchObject({ acknowledged: true })
    expect(told.events).toHaveLength(2)
  })

  test('what Slack did not sign, or not just now, is refused', async () => {
    const { told, url } = await overHttp()
    for (const options of [
      { signature: 'wrong' },
      { signature: 'missing' },
      { ahead: -301 },
      { ahead: 120 },
    ] as const) {
      expect(await stand.send(MESSAGE, options), JSON.stringify(options)).toMatchObject([{ status: 401 }])
    }
    expect(told.events).toEqual([])
    expect(told.warnings.join('\n')).toContain('http.signingSecret is not the one from')
    expect(told.warnings.join('\n')).not.toContain(stand.signingSecret)
    // Clocks are never quite the same.
    expect(await stand.send(MESSAGE, { ahead: 30 })).toMatchObject([{ status: 200 }])
    expect(await stand.send(MESSAGE, { ahead: -290 })).toMatchObject([{ status: 200 }])
    const nonsense = { 'x-slack-request-timestamp': 'now' }
    expect(await post(url, event(), 'application/json', nonsense)).toMatchObject({ status: 401 })
  })

  test('a content type with a character set is read', async () => {
    const { told, url } = await overHttp()
    expect(await post(url, event(), 'application/json; charset=utf-8')).toMatchObject({ status: 200 })
    const form = 'application/x-www-form-urlencoded; charset=UTF-8'
    const command = new URLSearchParams({ command: '/desk', text: 'mine', team_id: stand.workspace.team.id })
    expect(await post(url, command.toString(), form)).toMatchObject({ status: 200 })
    expect(told.events).toHaveLength(1)
    expect(told.others).toEqual(['command mine'])
  })

  test('what is for another workspace or another app is refused for good', async () => {
    const { told, url } = await overHttp(new Surroundings(), stand.workspace.bot.appId)
    for (const options of [{ team: 'T0ANOTHER' }, { app: 'A0ANOTHER' }]) {
      const { status, headers } = await post(url, event(options), 'application/json')
      expect({ status, again: headers.get('x-slack-no-retry') }).toEqual({ status: 403, again: '1' })
    }
    expect(await stand.as('anna').command('/desk mine', { channel: 'help' })).toMatchObject({ status: 200 })
    const command = new URLSearchParams({ command: '/desk', text: 'other', team_id: 'T0ANOTHER' })
    expect(await post(url, command.toString(), 'application/x-www-form-urlencoded')).toMatchObject({ status: 403 })
    expect(told.events).toEqual([])
    expect(told.others).toEqual(['command mine'])
    expect(told.warnings.join('\n')).toContain('T0ANOTHER')
  })

  test('in a channel that another workspace began, an event is ours if the app was installed here', async () => {
    const { told } = await overHttp(new Surroundings(), stand.workspace.bot.appId)
    const body = { ...stand.enveloped(MESSAGE, { shared: true }), team_id: 'T0ELSEWHERE', context_team_id: undefined }
    expect(await stand.route.send('event', body)).toMatchObject({ status: 200 })
    expect(await stand.as('eve').say('help', 'From outside')).toMatchObject({ deliveries: [{ status: 200 }] })
    expect(told.events).toHaveLength(2)
    // Of a form that somebody from outside fills in, `team` is theirs.
    const view = {
      id: 'V1',
      callback_id: 'form',
      app_installed_team_id: stand.workspace.team.id,
      state: { values: {} },
    }
    const form = { type: 'view_submission', team: { id: 'T0ELSEWHERE' }, user: { id: stand.as('eve').id }, view }
    const sent = await stand.route.send('interaction', { ...form, api_app_id: stand.workspace.bot.appId })
    expect(sent).toMatchObject({ status: 200 })
  })

  test('what is no request of Slack is turned away', async () => {
    const { told, url } = await overHttp()
    const json = 'application/json'
    expect(await fetch(url).then(answer => answer.text())).toBe('Relaydesk listens here for Slack.\n')
    expect((await fetch(url.replace('/events', '/other'))).status).toBe(404)
    expect((await fetch(`${url}/`, { method: 'POST' })).status).toBe(404)
    expect((await fetch(url, { method: 'PUT' })).status).toBe(405)
    expect(await post(url, 'null', json)).toMatchObject({ status: 400 })
    expect(await post(url, '[]', json)).toMatchObject({ status: 400 })
    expect(await post(url, '{', json)).toMatchObject({ status: 400 })
    expect(await post(url, 'payload=null', 'application/x-www-form-urlencoded')).toMatchObject({ status: 400 })
    expect(await post(url, '{}', json)).toMatchObject({ status: 403 })
    const form = 'application/x-www-form-urlencoded'
    for (const type of ['', 'text/plain', 'multipart/form-data', 'multipart/form-data; boundary=x', 'a'.repeat(5_000)])
      expect(await post(url, event(), type), type).toMatchObject({ status: 415 })
    for (const packed of ['gzip', 'br', 'gzip, identity'])
      expect(await post(url, event(), json, { 'content-encoding': packed }), packed).toMatchObject({ status: 415 })
    for (const body of ['', '%', 'payload=%FF%FE', 'payload={"a":&payload=1', `payload=${'['.repeat(500_000)}`])
      expect((await post(url, body, form)).status, body.slice(0, 30)).toBeOneOf([400, 403])
    const spent = cpuTime()
    for (const body of ['a&'.repeat(1_000_000), '&'.repeat(2_000_000), 'a=&'.repeat(600_000), '%'.repeat(2_000_000)])
      expect(await post(url, body, form)).toMatchObject({ status: 403 })
    expect(spent()).toBeLessThan(5_000)
    for (const sign of ['', 'v0=', `v1=${'0'.repeat(64)}`, `v0=${'0'.repeat(63)}`, `v0=${'0'.repeat(64)}, v0=1`])
      expect(await post(url, event(), json, { 'x-slack-signature': sign }), sign).toMatchObject({ status: 401 })
    expect(told.events).toEqual([])
    expect(told.warnings.filter(each => each.includes(' at '))).toEqual([])
    expect(await stand.send(MESSAGE)).toMatchObject([{ status: 200 }])
  })

  test('what is larger than anything of Slack is refused by its head alone', async () => {
    const { url } = await overHttp()
    const fields = `Content-Type: application/json\r\nX-Slack-Request-Timestamp: ${Math.floor(Date.now() / 1000)}`
    const head = `POST /slack/events HTTP/1.1\r\nHost: desk\r\n${fields}\r\nX-Slack-Signature: v0=${'0'.repeat(64)}`
    const talk = await HttpTalk.open(Number(new URL(url).port))
    expect(await talk.send(`${head}\r\nContent-Length: ${2 ** 21 + 1}\r\n\r\n`).status()).toBe(413)
    talk.end()
  })

  test('deeply nested JSON that Slack signed breaks nothing', async () => {
    const { told, url } = await overHttp()
    const nested = `${'{"elements":['.repeat(100_000)}1${']}'.repeat(100_000)}`
    const blocks = event().replace('"text":"Hello"', `"text":"Hello","blocks":[${nested}]`)
    expect((await post(url, blocks, 'application/json')).status).toBeOneOf([200, 400])
    const form = new URLSearchParams({ payload: `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}` }).toString()
    expect((await post(url, form, 'application/x-www-form-urlencoded')).status).toBe(403)
    const challenge = `{"type":"url_verification","challenge":${nested}}`
    expect((await post(url, challenge, 'application/json')).status).toBe(200)
    expect(await stand.send(MESSAGE)).toMatchObject([{ status: 200 }])
    expect(told.warnings.join()).not.toContain('Maximum call stack')
  })

  test('Slack can try the address and its certificate', async () => {
    const { url } = await overHttp()
    const challenge = JSON.stringify({ type: 'url_verification', challenge: 'abc', token: 'any' })
    expect(await post(url, challenge, 'application/json')).toMatchObject({ status: 200, text: '{"challenge":"abc"}' })
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await fetch(url, { method: 'POST', headers, body: 'ssl_check=1&token=any' })).status).toBe(200)
    const more = 'ssl_check=1&payload=%7B%7D'
    expect((await fetch(url, { method: 'POST', headers, body: more.padEnd(2_000, '+') })).status).toBe(401)
    expect((await fetch(url, { method: 'POST', headers, body: 'command=%2Fdesk&text=new' })).status).toBe(401)
  })

  test('that events are held back by Slack is told, and taken note of', async () => {
    const { told, url } = await overHttp()
    const body = {
      type: 'app_rate_limited',
      team_id: stand.workspace.team.id,
      minute_rate_limited: 1,
      api_app_id: 'A1',
    }
    expect(await post(url, JSON.stringify(body), 'application/json')).toMatchObject({ status: 200 })
    expect(told.warnings.join()).toContain('some are held back')
  })

  test('events wait for what is caught up with; commands do not', async () => {
    const told = new Surroundings()
    const gate = Promise.withResolvers<void>()
    told.catchUp = () => gate.promise
    await overHttp(told)
    const waiting = stand.send(MESSAGE)
    expect(await stand.as('anna').command('/desk mine')).toMatchObject({ acknowledged: true })
    expect(await isSettled(waiting)).toBe(false)
    expect(told.events).toEqual([])
    gate.resolve()
    expect(await waiting).toMatchObject([{ acknowledged: true }])
    expect(told.caughtUp).toBe(1)
  })

  test('what comes before the channel is started is left to Slack', async () => {
    const told = new Surroundings()
    const http = { signingSecret: stand.signingSecret }
    const settings = slackSettings.parse({ botToken: stand.botToken, api: stand.apiUrl, http })
    const wire = new HttpWire(told.options(settings), http)
    told.app(wire, settings)
    const { url, stop } = await serveWire(wire, sentence => void told.warnings.push(sentence), false)
    opened.push({ stop })
    stand.route = stand.http(url)
    expect(await stand.send(MESSAGE)).toMatchObject([{ acknowledged: false, status: 503 }])
    expect((await fetch(url)).status).toBe(200)
    await wire.start()
    expect(await stand.send(MESSAGE)).toMatchObject([{ status: 200 }])
    expect(told.events).toHaveLength(1)
  })

  test('stopping finishes what is in hand, and leaves to Slack what still waits', async () => {
    const told = new Surroundings()
    const { stop, url } = await overHttp(told)
    const hand = told.hold()
    const inHand = stand.send(MESSAGE)
    await hand.full
    const stopped = Promise.all([stop(), stop()])
    expect(await isSettled(stopped)).toBe(false)
    hand.open()
    expect(await inHand).toMatchObject([{ acknowledged: true }])
    await stopped
    expect(await stand.send(MESSAGE)).toMatchObject([{ acknowledged: false, status: undefined }])
    expect(told.events).toHaveLength(1)

    const waits = new Surroundings()
    waits.catchUp = () => new Promise(() => undefined)
    const other = await overHttp(waits)
    const waiting = stand.send(MESSAGE)
    await stand.as('anna').command('/desk mine') // came after it, and waits for nothing
    await other.stop()
    expect(await waiting).toMatchObject([{ acknowledged: false, status: 503 }])
    expect(waits.events).toEqual([])
    expect(url).not.toBe(other.url)
  })
})

describe('Socket Mode', () => {
  test('an envelope is acknowledged after the handler is done, with its answer', async () => {
    const { told } = await overSocket()
    const hand = told.hold()
    const sent = stand.send(MESSAGE)
    await hand.full
    expect(await isSettled(sent)).toBe(false)
    hand.open()
    expect(await sent).toMatchObject([{ acknowledged: true }])
    expect(told.events.map(each => each.event)).toEqual([MESSAGE])
    const answered = await stand.as('anna').command('/desk mine')
    expect(answered).toMatchObject({ body: { response_type: 'ephemeral', text: 'You said mine' } })
    expect(told.warnings).toEqual([])
  })

  test('a handler that fails leaves it to Slack to send it again', async () => {
    const { told } = await overSocket()
    told.work = async () => {
      told.work = async () => undefined
      throw new Error('The commit failed')
    }
    const [first] = await stand.send(MESSAGE, { timeout: 300 })
    expect(first).toMatchObject({ acknowledged: false })
    await eventually(() => /not acknowledged.*The commit failed/.test(told.warnings.join()), 'the desk says so')
    if (!first) throw new Error('Nothing was sent')
    expect(await stand.redeliver(first, 'timeout')).toMatchObject({ acknowledged: true })
    expect(told.events).toHaveLength(1)
  })

  test('what is for another workspace is not acknowledged', async () => {
    const { told } = await overSocket()
    expect(await stand.send(MESSAGE, { team: 'T0ANOTHER', timeout: 300 })).toMatchObject([{ acknowledged: false }])
    expect(told.events).toEqual([])
  })

  test('a connection that breaks in the middle loses nothing, and another one is made', async () => {
    const { told } = await overSocket()
    const before = stand.socket.opened
    const hand = told.hold()
    const lost = stand.send(MESSAGE, { timeout: 500 })
    await hand.full
    stand.socket.cut()
    hand.open()
    const [delivery] = await lost
    expect(delivery).toMatchObject({ acknowledged: false })
    await eventually(() => (stand.socket.opened > before ? true : undefined), 'another connection')
    if (!delivery) throw new Error('Nothing was sent')
    expect(await stand.redeliver(delivery, 'timeout')).toMatchObject({ acknowledged: true })
    // The first time it was taken, though nobody could be told; the desk knows its id.
    expect(told.events).toHaveLength(2)
    expect(told.caughtUp).toBe(2)
    expect(stand.socket.connections).toBe(1)
  })

  test('before Slack closes a connection there is another one, and what is in hand is acknowledged', async () => {
    const { told } = await overSocket()
    const hand = told.hold()
    const inHand = stand.send(MESSAGE)
    await hand.full
    stand.socket.sayDisconnect('warning')
    await eventually(() => (stand.socket.connections === 2 ? true : undefined), 'two connections')
    hand.open()
    expect(await inHand).toMatchObject([{ acknowledged: true }])
    await eventually(() => (stand.socket.connections === 1 ? true : undefined), 'the old one is let go')
    expect(await stand.send(MESSAGE)).toMatchObject([{ acknowledged: true }])
  })

  test('a token that Slack refuses is named when the desk starts', async () => {
    const told = new Surroundings()
    const wire = socketWire(told, 'xapp-1-another')
    const refused = { code: 'config', message: expect.stringMatching(/^appToken: .*invalid_auth.*connections:write/) }
    await expect(wire.start()).rejects.toMatchObject(refused)
  })

  test('a token that is revoked later is an alarm, which is over once one works', async () => {
    const { told } = await overSocket(new Surroundings(), { refusedWait: 100 })
    stand.fault({ method: 'apps.connections.open', error: 'invalid_auth', times: 2 })
    stand.socket.cut()
    const alarm = await eventually(() => told.alarms.get('slack-connection'), 'an alarm')
    expect(alarm).toMatch(/app token \(invalid_auth\).*App-Level Tokens/)
    await eventually(() => (told.alarms.size === 0 ? true : undefined), 'the alarm is over')
    expect(await stand.send(MESSAGE)).toMatchObject([{ acknowledged: true }])
    expect(told.warnings.join()).not.toContain(stand.appToken)
  })

  test('where no connection comes about for long, agents are told, until one does', async () => {
    const told = new Surroundings()
    stand.fault({ method: 'apps.connections.open', status: 500, times: 3 })
    stand.fault({ method: 'apps.connections.open', status: 429, retryAfter: 1 })
    const wire = socketWire(told, stand.appToken, { alarmAfter: 50 })
    await wire.start()
    stand.route = stand.socket
    const alarm = await eventually(() => told.alarms.get('slack-connection'), 'an alarm')
    expect(alarm).toMatch(/^There has been no connection to Slack since \d{4}-.*: .*500.*relaydesk doctor/)
    await eventually(() => (told.alarms.size === 0 ? true : undefined), 'the alarm is over')
    expect(await stand.send(MESSAGE)).toMatchObject([{ acknowledged: true }])
  })

  test('a short break is no alarm', async () => {
    const { told } = await overSocket()
    stand.socket.cut()
    await eventually(() => (told.caughtUp === 2 ? true : undefined), 'another connection')
    expect(told.alarms.size).toBe(0)
    expect(told.warnings.join()).toContain('no connection: the connection broke')
  })

  test('one that Slack does not greet on is given up', async () => {
    const told = new Surroundings()
    stand.socket.greets = false
    const before = stand.socket.opened
    const wire = socketWire(told, stand.appToken, { greeting: 100 })
    await wire.start()
    await eventually(() => (stand.socket.opened >= before + 3 ? true : undefined), 'three attempts')
    stand.socket.greets = true
    await eventually(() => (told.caughtUp > 0 ? true : undefined), 'a greeting')
    await eventually(() => (stand.socket.connections === 1 ? true : undefined), 'the others are closed')
    stand.route = stand.socket
    expect(await stand.send(MESSAGE)).toMatchObject([{ acknowledged: true }])
  })

  test('one that was given up while Slack was still asked for the address is closed, too', async () => {
    const told = new Surroundings()
    stand.fault({ method: 'apps.connections.open', delay: 300 })
    const wire = socketWire(told, stand.appToken, { greeting: 100 })
    await wire.start()
    await eventually(() => (told.caughtUp === 1 ? true : undefined), 'a greeting')
    await pause(500)
    expect(stand.socket.connections).toBe(1)
    expect(told.caughtUp).toBe(1)
    stand.route = stand.socket
    expect(await stand.send(MESSAGE)).toMatchObject([{ acknowledged: true }])
  })

  test('one whose far end is gone without a word is noticed and replaced', async () => {
    const { told } = await overSocket()
    await eventually(() => (told.caughtUp === 1 ? true : undefined), 'a greeting')
    stand.socket.freeze()
    await eventually(() => (told.caughtUp === 2 ? true : undefined), 'another connection')
    expect(await stand.send(MESSAGE)).toMatchObject([{ acknowledged: true }])
    stand.socket.cut() // the frozen one does not notice by itself
  })

  test('events wait for what is caught up with, and not for ever', async () => {
    const told = new Surroundings()
    const gate = Promise.withResolvers<void>()
    told.catchUp = () => gate.promise
    await overSocket(told)
    const waiting = stand.send(MESSAGE)
    expect(await stand.as('anna').command('/desk mine')).toMatchObject({ acknowledged: true })
    expect(told.events).toEqual([])
    gate.reject(new Error('Slack is in trouble'))
    expect(await waiting).toMatchObject([{ acknowledged: true }])
    expect(told.warnings.join()).toContain('missed messages in Slack could not be read: Slack is in trouble')
  })

  test('a message without an event in it, and one that cannot be read, break nothing', async () => {
    const { told } = await overSocket()
    const body = {
      type: 'app_rate_limited',
      team_id: stand.workspace.team.id,
      minute_rate_limited: 1,
      api_app_id: 'A1',
    }
    expect(await stand.socket.send('event', body)).toMatchObject({ acknowledged: true })
    expect(await stand.socket.send('event', null as unknown as Json, { timeout: 200 })).toMatchObject({
      acknowledged: false,
    })
    expect(told.warnings.join()).toContain('some are held back')
    expect(await stand.send(MESSAGE)).toMatchObject([{ acknowledged: true }])
  })

  test('stopping acknowledges what is in hand and hangs up; what comes later is left to Slack', async () => {
    const { told, wire } = await overSocket()
    const hand = told.hold()
    const inHand = stand.send(MESSAGE)
    await hand.full
    const stopped = Promise.all([wire.stop(), wire.stop()])
    const late = stand.send(MESSAGE, { timeout: 400 })
    expect(await isSettled(stopped)).toBe(false)
    hand.open()
    expect(await inHand).toMatchObject([{ acknowledged: true }])
    await stopped
    expect(await late).toMatchObject([{ acknowledged: false }])
    expect(stand.socket.connections).toBe(0)
    expect(told.events).toHaveLength(1)
    const { opened: before } = stand.socket
    await pause(200)
    expect(stand.socket.opened).toBe(before)
  })

  test('stopping does not wait for a connection that does not come about', async () => {
    const told = new Surroundings()
    stand.socket.greets = false
    const wire = socketWire(told, stand.appToken)
    const started = wire.start()
    await eventually(() => (stand.socket.connections === 1 ? true : undefined), 'a connection')
    await inTime(wire.stop(), 'it stops')
    await started
    await eventually(() => (stand.socket.connections === 0 ? true : undefined), 'it is closed')
  })
})

test('nothing that a library says shows a secret, and nothing is said over and over', async () => {
  const told = new Surroundings()
  const settings = slackSettings.parse({ botToken: 'xoxb-1-secret', appToken: 'another-secret', api: stand.apiUrl })
  const { options } = told.options(settings).workspace
  const client = createClient(settings, options) as unknown as { logger: { warn(...parts: unknown[]): void } }
  const sentence = 'wss://example.com/?ticket=abc-def of xoxb-1-secret, xoxp-2-x, another-secret'
  for (let count = 0; count < 3; count += 1) client.logger.warn(sentence, new Error('xapp-1-A1-x'))
  expect(told.warnings).toEqual([
    'Slack: wss://example.com/?ticket=(left out) of (left out), (left out), (left out) (left out)',
  ])
})
