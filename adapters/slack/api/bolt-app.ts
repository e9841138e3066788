// Bolt, kept from acknowledging before the commit.
import {
  App,
  type BlockAction,
  type EnvelopedEvent,
  type Logger,
  LogLevel,
  type Receiver,
  type ReceiverEvent,
  type RespondArguments,
  type SlackShortcut,
  type SlashCommand,
  type ViewResponseAction,
  type ViewSubmitAction,
  webApi,
} from '@slack/bolt'
import type { ChannelOptions } from '../../../src/channel/adapter.ts'
import { sentenceOf } from '../../../src/errors.ts'
import type { SlackSettings } from '../settings.ts'
import type { Workspace } from '../workspace.ts'

/** Shown to whoever typed the command. */
export interface CommandAnswer {
  response_type?: 'ephemeral' | 'in_channel'
  text: string
  blocks?: readonly object[]
}

/** What becomes of a form that was sent. https://docs.slack.dev/surfaces/modals#updating_response */
export interface ViewAnswer {
  response_action: 'errors' | 'update' | 'push' | 'clear'
  errors?: Record<string, string>
  view?: object
}

/**
 * What is done about what Slack sends. Each resolves once all it does is committed: Slack is told "got it" after that,
 * within three seconds if a person waits. If one rejects, Slack is not, and sends events again.
 */
export interface Handlers {
  event(body: EnvelopedEvent): Promise<void>
  command(body: SlashCommand): Promise<CommandAnswer | undefined>
  action(body: BlockAction): Promise<void>
  view(body: ViewSubmitAction): Promise<ViewAnswer | undefined>
  shortcut(body: SlackShortcut): Promise<void>
}

/** What both ways from Slack need. */
export interface WireOptions {
  workspace: Pick<Workspace, 'settings' | 'options' | 'desk' | 'teamId'>
  /** The app's id (A024...), where it is known. */
  appId?: string | undefined
  /** Catches up with what was missed; events that come meanwhile wait for it, commands and presses do not. */
  onConnected(): Promise<void>
}

/** It is meant for another workspace or another app. */
export class ForeignRequest extends Error {}

/** It came while the desk was stopping. */
export class Stopping extends Error {}

const CALL_MS = 30_000 // an attempt to send has a minute
const SAME_SENTENCE_MS = 60_000
const SECRETS = /\bx(?:ox[a-z]|app)-[\w-]+|(?<=ticket=)[^&\s"]+|(?<=hooks\.slack\.com\/)[^\s"]+/g

/** One Bolt app behind either way. Nothing in it calls Slack by itself. */
export function createApp(
  { settings, options, teamId, botId, botUserId }: Omit<Workspace, 'client' | 'desk' | 'roomId' | 'support'>,
  handlers: Handlers,
  receiver: Receiver,
): App {
  const { botToken } = settings
  const logger = createLogger(settings, options)
  const app = new App({
    receiver,
    logger,
    ignoreSelf: false,
    convoStore: false,
    processBeforeResponse: true,
    clientOptions: clientOptions(settings, logger),
    authorize: async () => ({ botToken, botId, botUserId, teamId }),
  })
  app.event(/./, ({ body }) => handlers.event(body))
  app.command(/./, async ({ command, ack }) => ack((await handlers.command(command)) as RespondArguments | undefined))
  app.action<BlockAction>({ type: 'block_actions' }, async ({ body, ack }) => {
    await handlers.action(body)
    await ack()
  })
  app.view<ViewSubmitAction>({ type: 'view_submission', callback_id: /^/ }, async ({ body, ack }) =>
    ack((await handlers.view(body)) as ViewResponseAction | undefined),
  )
  app.shortcut(/^/, async ({ shortcut, ack }) => {
    await handlers.shortcut(shortcut)
    await ack()
  })
  app.error(async error => {
    // Whoever swallows it here tells Slack that all went well.
    throw (error as { original?: Error }).original ?? error
  })
  return app
}

/** Makes one attempt a call, and rejects when Slack says to slow down. */
export function createClient(settings: SlackSettings, options: Pick<ChannelOptions, 'warn'>): webApi.WebClient {
  return new webApi.WebClient(settings.botToken, clientOptions(settings, createLogger(settings, options)))
}

export function clientOptions({ api }: Pick<SlackSettings, 'api'>, logger: Logger): webApi.WebClientOptions {
  const retryConfig = { retries: 0 }
  return { slackApiUrl: api, retryConfig, rejectRateLimitedCalls: true, timeout: CALL_MS, logger }
}

/** What Slack's libraries have to say, at most once a minute each, and without tokens. */
export function createLogger(settings: SlackSettings, { warn }: Pick<ChannelOptions, 'warn'>): Logger {
  const { botToken, appToken, http } = settings
  const secrets = [botToken, appToken, http?.signingSecret].filter(each => each !== undefined)
  const loggedAt = new Map<string, number>()
  const say = (...parts: unknown[]) => {
    let sentence = `Slack: ${parts.map(sentenceOf).join(' ')}`.replace(SECRETS, '(left out)')
    for (const secret of secrets) sentence = sentence.replaceAll(secret, '(left out)')
    const now = performance.now()
    if (now - (loggedAt.get(sentence) ?? Number.NEGATIVE_INFINITY) < SAME_SENTENCE_MS) return
    if (loggedAt.size >= 100) loggedAt.clear()
    loggedAt.set(sentence, now)
    warn(sentence)
  }
  const nothing = () => undefined
  const levels = { debug: nothing, info: nothing, warn: say, error: say }
  return { ...levels, setLevel: nothing, setName: nothing, getLevel: () => LogLevel.WARN }
}

/**
 * Where everything from Slack passes, whichever way it came: what is not ours is refused, events wait for what is caught
 * up with, and Slack is answered after the handlers are done.
 */
export class EventGate {
  readonly #options: WireOptions
  readonly #logger: Logger
  readonly #inHand = new Set<Promise<void>>()
  readonly #stopped = Promise.withResolvers<void>()
  #app: App | undefined
  #ready = Promise.resolve()
  #stopping = false

  constructor(options: WireOptions, logger: Logger) {
    this.#options = options
    this.#logger = logger
  }

  init(app: App): void {
    this.#app = app
  }

  /** What the receivers of Bolt take for the app. */
  get app(): App {
    return { processEvent: (event: ReceiverEvent) => this.take(event) } as App
  }

  /** Resolves once it is committed and Slack knows; if it rejects, Slack does not. */
  take(event: ReceiverEvent): Promise<void> {
    const work = this.#process(event)
    this.#inHand.add(work)
    const done = () => this.#inHand.delete(work)
    work.then(done, done)
    return work
  }

  /** From now on events wait until what was missed is caught up with, or the desk stops. */
  catchUp(): void {
    const caughtUp = this.#ready
      .then(() => (this.#stopping ? undefined : this.#options.onConnected()))
      .catch(error => {
        // The next connection catches up with it; what comes now must not wait for that.
        this.#options.workspace.options.warn(`missed messages in Slack could not be read: ${sentenceOf(error)}`, error)
      })
    // Made once for all events: each race leaves something behind at what is not settled.
    this.#ready = Promise.race([caughtUp, this.#stopped.promise])
  }

  /** Takes nothing more, and resolves once nothing is in hand. Events that still wait are left to Slack. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#stopped.resolve()
    while (this.#inHand.size > 0) await Promise.allSettled([...this.#inHand])
  }

  async #process(event: ReceiverEvent): Promise<void> {
    const { body } = event
    if (this.#stopping) throw new Stopping('The desk is stopping.')
    this.#refuseForeign(body)
    // https://docs.slack.dev/reference/events/app_rate_limited: it has no event inside
    if (body.type === 'app_rate_limited') {
      this.#logger.warn('more events came than Slack lets through; some are held back.')
      return event.ack()
    }
    if (body.event !== undefined) {
      await this.#ready
      if (this.#stopping) throw new Stopping('The desk is stopping.')
    }
    let answer: unknown
    // Bolt acknowledges events before its listeners run: its yes is kept back until they are done.
    const ack = async (response: unknown) => {
      answer = response
    }
    await this.#app?.processEvent({ ...event, ack })
    await event.ack(answer)
  }

  #refuseForeign(body: ReceiverEvent['body']): void {
    const { workspace, appId } = this.#options
    const teams = teamsOf(body)
    if (teams.includes(workspace.teamId) && (appId ?? body.api_app_id) === body.api_app_id) return
    const what = `a request of workspace ${teams.join(', ') || 'unknown'} for the app ${body.api_app_id} was refused`
    this.#logger.warn(`${what}; this channel is for ${workspace.teamId}${appId ? ` and ${appId}` : ''}.`)
    throw new ForeignRequest(what)
  }
}

/**
 * The workspaces that something is for. In a channel shared with another one, `team_id` is that of who began the
 * channel, `authorizations` names where the app is installed (https://github.com/slackapi/bolt-js/issues/935), and forms
 * say it themselves (https://github.com/slackapi/bolt-js/issues/1614).
 */
function teamsOf(body: ReceiverEvent['body']): string[] {
  const { team, view, user } = body as { [name: string]: Record<string, string> | null | undefined }
  const authorizations: { team_id?: unknown }[] = Array.isArray(body.authorizations) ? body.authorizations : []
  const found = [...authorizations.map(each => each.team_id), body.context_team_id, body.team_id, team?.id]
  const all = [...found, view?.app_installed_team_id, ...(team === null ? [user?.team_id] : [])]
  return [...new Set(all.filter(each => typeof each === 'string'))]
}
