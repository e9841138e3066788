// Tries a Slack channel.
import { createServer } from 'node:net'
import { webApi } from '@slack/bolt'
import type { ChannelOptions, Finding } from '../../../src/channel/adapter.ts'
import type { Desk } from '../../../src/channel/desk.ts'
import { codeOf, DeskError, sentenceOf } from '../../../src/errors.ts'
import {
  type Account,
  type Channel,
  channelNamed,
  channelsOfBot,
  configuredChannels,
  identify,
  publicChannels,
} from '../account.ts'
import { deliveryError, slackCode } from '../api/api-error.ts'
import { clientOptions, createLogger } from '../api/bolt-app.ts'
import { HERE } from '../api/http-receiver.ts'
import { SCOPES } from '../manifest.ts'
import { ownPortOf, type SlackHttpSettings, type SlackSettings } from '../settings.ts'
import { type CheckContext, checkRoom } from './check-room.ts'

const MOST_SKEW_MS = 60_000
const ANSWER_MS = 3_000

/** Tries what the channel needs, without starting it. */
export async function check(
  settings: SlackSettings,
  options: Pick<ChannelOptions, 'now' | 'web'>,
  desk: Pick<Desk, 'agents'>,
): Promise<Finding[]> {
  // What Slack's libraries say besides is in the findings.
  const logger = createLogger(settings, { warn: () => undefined })
  let skew: number | undefined
  const client = new webApi.WebClient(settings.botToken, {
    ...clientOptions(settings, logger),
    fetch: async (...request) => {
      const requestedAt = options.now().getTime()
      const answer = await fetch(...request)
      const date = Date.parse(answer.headers.get('date') ?? '')
      if (!Number.isNaN(date)) skew = (requestedAt + options.now().getTime()) / 2 - date
      return answer
    },
  })
  const account = await identify(client).catch(error => asError(error))
  const wire = settings.http ? checkHttp(settings.http, options.web) : checkSocket(settings, account)
  if (account instanceof Error) {
    return [{ what: 'Slack accepts the bot token', ok: false, advice: account.message }, ...(await wire)]
  }
  const what = `Slack accepts the bot token: @${account.bot} in ${account.team} (${account.teamId})`
  return [
    { what, ok: true },
    ...checkScopes(account),
    ...checkClock(skew),
    ...(await wire),
    ...(await checkChannels(settings, { client, account, desk })),
  ]
}

function checkScopes({ scopes }: Account): Finding[] {
  if (!scopes) return []
  const missing = Object.entries(SCOPES).filter(([scope]) => !scopes.includes(scope))
  if (missing.length === 0) return [{ what: 'the app has all scopes that it needs', ok: true }]
  return missing.map(([scope, why]) => ({
    what: `the app has the scope ${scope} (${why})`,
    ok: false,
    advice: `OAuth & Permissions > Scopes > Bot Token Scopes: add ${scope}, then reinstall the app.`,
  }))
}

function checkClock(skew: number | undefined): Finding[] {
  if (skew === undefined) return []
  const seconds = Math.round(Math.abs(skew) / 1000)
  if (Math.abs(skew) <= MOST_SKEW_MS) return [{ what: 'the clocks of this machine and of Slack agree', ok: true }]
  const what = `the clock of this machine is ${seconds} seconds ${skew > 0 ? 'ahead of' : 'behind'} that of Slack`
  return [
    { what, ok: false, advice: 'set the clock of this machine (NTP): otherwise requests from Slack are refused.' },
  ]
}

async function checkSocket(settings: SlackSettings, account: Account | Error): Promise<Finding[]> {
  const { appToken = '' } = settings
  const what = 'Slack accepts the app token for Socket Mode'
  const client = new webApi.WebClient(
    appToken,
    clientOptions(settings, createLogger(settings, { warn: () => undefined })),
  )
  try {
    await client.apps.connections.open({})
  } catch (error) {
    const code = slackCode(error)
    const mend = 'make one with the scope connections:write, put it where appToken points, and switch on Socket Mode'
    const refused = `Basic Information > App-Level Tokens: ${mend} (${code}).`
    return [{ what, ok: false, advice: code ? refused : deliveryError(error).message }]
  }
  const [, ofToken] = /^xapp-\d+-(A[A-Z0-9]+)-/.exec(appToken) ?? []
  const other = !(account instanceof Error) && account.appId && ofToken && ofToken !== account.appId
  if (!other) return [{ what, ok: true }]
  const advice = `the app token belongs to the app ${ofToken}, the bot token to ${account.appId}: copy both from the same app.`
  return [{ what: 'both tokens belong to the same app', ok: false, advice }]
}

/** Whether the desk listens there already, or could. */
async function checkHttp(http: SlackHttpSettings, web: ChannelOptions['web']): Promise<Finding[]> {
  const { path, signingSecret } = http
  const { host, port, setting } = ownPortOf(http) ?? { ...web, setting: 'web.port' }
  const what = `Slack's requests come in by HTTP on ${host}:${port}${path}`
  const secret = signingSecret.trim()
  const hasSecret = secret !== '' && !secret.startsWith('xox') && !secret.startsWith('xapp')
  const advice = 'http.signingSecret: copy the Signing Secret of Basic Information > App Credentials.'
  const findings = hasSecret ? [] : [{ what: 'there is a signing secret', ok: false, advice }]
  const greeting = await readGreeting(host, port, path)
  if (greeting?.includes(HERE)) return [...findings, { what, ok: true }]
  if (greeting !== undefined) {
    const other = `another program answers there ("${greeting.slice(0, 60)}"): choose another ${setting}.`
    return [...findings, { what, ok: false, advice: other }]
  }
  const listening = new Promise<Finding>(resolve => {
    const server = createServer()
    server.once('error', error => {
      const why = codeOf(error) || sentenceOf(error)
      resolve({
        what,
        ok: false,
        advice: `it cannot listen there (${why}): choose another ${setting}, or correct the host.`,
      })
    })
    server.listen(port, host, () => server.close(() => resolve({ what: `${what} (not started)`, ok: true })))
  })
  return [...findings, await listening]
}

/** What answers there, in its first line; undefined if nothing does. */
async function readGreeting(host: string, port: number, path: string): Promise<string | undefined> {
  const address = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  const url = new URL(path, `http://${address.includes(':') ? `[${address}]` : address}:${port}`)
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS), redirect: 'manual' })
    const text = await answer.text()
    return text.trim().split('\n')[0] || `HTTP ${answer.status}`
  } catch {
    return undefined // whether something is there is seen when listening
  }
}

async function checkChannels(settings: SlackSettings, context: CheckContext): Promise<Finding[]> {
  const { client, account } = context
  const channels = configuredChannels(settings)
  if (channels.length === 0) return [{ what: 'people can ask in direct messages; no channel is set', ok: true }]
  try {
    const joinedChannels = await channelsOfBot(client)
    const missing = channels.some(({ name }) => !channelNamed(joinedChannels, name))
    const others = missing ? await publicChannels(client) : []
    const findings = channels.map(async ({ setting, name }) => {
      const channel = channelNamed(joinedChannels, name)
      const what = `${setting}: the bot is in ${channel ? `#${channel.name}` : name}`
      if (!channel) return [{ what, ok: false, advice: invitation(name, setting, channelNamed(others, name), account) }]
      return [{ what, ok: true }, ...(setting === 'room' ? await checkRoom(channel, context) : [])]
    })
    return (await Promise.all(findings)).flat()
  } catch (error) {
    return [{ what: 'Slack says which channels the bot is in', ok: false, advice: sentenceOf(error) }]
  }
}

function invitation(name: string, setting: string, channel: Channel | undefined, { bot }: Account): string {
  if (channel) return `in Slack write /invite @${bot} in #${channel.name}.`
  const unseen = `there is no public channel ${name}`
  return `${unseen}: if it is private, write /invite @${bot} in it in Slack; otherwise correct ${setting}.`
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new DeskError('unavailable', sentenceOf(thrown))
}
