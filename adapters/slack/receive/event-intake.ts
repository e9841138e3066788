// Takes events, in order and once.
import { ReadApi } from '../api/read-api.ts'
import { isTime } from '../api/slack-time.ts'
import { Answers } from '../interact/answers.ts'
import { Mentions } from '../people/mentions.ts'
import { RoomMembers } from '../people/room-members.ts'
import { RoomPrivacy } from '../people/room-privacy.ts'
import { People } from '../people/workspace-people.ts'
import { type Fields, fieldsOf, listOf, textOf } from '../text/text-fields.ts'
import type { Workspace } from '../workspace.ts'
import { CatchUp, unreadableCode } from './catch-up.ts'
import { CommittedCursor } from './committed-cursor.ts'
import { Files } from './file-download.ts'
import { FirstSeen } from './first-seen.ts'
import { HowToAsk } from './how-to-ask.ts'
import { MessageIntake } from './message-intake.ts'
import { PeriodicJobs } from './periodic-jobs.ts'
import { ReactionIntake } from './reaction-intake.ts'
import { Threads } from './thread-intake.ts'

/** What Slack sends for each event. https://docs.slack.dev/apis/events-api#callback-field */
export interface SlackEventBody {
  team_id?: unknown
  context_team_id?: unknown
  authorizations?: unknown
  api_app_id?: unknown
  event_id?: unknown
  event?: unknown
}

/** Somebody opened the app's page. https://docs.slack.dev/reference/events/app_home_opened */
export interface HomeOpened {
  userId: string
  /** `home` or `messages`. */
  tab: string
  /** Their conversation with the app. */
  channel: string
}

export interface EventIntakeOptions {
  onHomeOpened(opened: HomeOpened): Promise<void>
  /** Whom other parts know already. */
  people?: People
  /** The app's id (A024...), where it is known: what is for another one is dropped. */
  appId?: string | undefined
  /** Told of each event of which nothing is to be stored, with the reason in a few words. */
  onDropped?(reason: string, event: Fields): void
}

/** Takes everything that Slack tells by events. */
export class EventIntake {
  readonly people: People
  readonly mentions: Mentions
  readonly room: RoomMembers
  readonly #workspace: Workspace
  readonly #options: EventIntakeOptions
  readonly #threads: Threads
  readonly #progress: CommittedCursor
  readonly #intake: MessageIntake
  readonly #marked: ReactionIntake
  readonly #beginning: FirstSeen
  readonly #catchUp: CatchUp
  readonly #upkeep: PeriodicJobs
  readonly #privacy: RoomPrivacy
  readonly #stopping = new AbortController()
  readonly #inHand = new Set<Promise<void>>()

  constructor(workspace: Workspace, options: EventIntakeOptions) {
    const { signal } = this.#stopping
    const { now } = workspace.options
    const reader = new ReadApi(workspace.client, signal)
    this.#workspace = workspace
    this.#options = options
    this.people = options.people ?? new People(workspace, reader)
    this.mentions = new Mentions(reader, this.people, now)
    this.room = new RoomMembers(workspace, reader)
    this.#threads = new Threads(workspace)
    this.#progress = new CommittedCursor(workspace)
    const beginning = new FirstSeen(workspace)
    this.#beginning = beginning
    const answers = new Answers(workspace)
    const hints = new HowToAsk(workspace, answers)
    this.#intake = new MessageIntake(workspace, {
      reader,
      people: this.people,
      mentions: this.mentions,
      files: new Files(workspace, reader, signal),
      threads: this.#threads,
      progress: this.#progress,
      beginning,
      hints,
      answers,
    })
    this.#marked = new ReactionIntake(workspace, {
      reader,
      intake: this.#intake,
      threads: this.#threads,
      hints,
      answers,
      people: this.people,
    })
    const take = this.#intake.take.bind(this.#intake)
    this.#catchUp = new CatchUp(workspace, { reader, progress: this.#progress, beginning, take, signal })
    this.#privacy = new RoomPrivacy(workspace, reader)
    const catchUp = () => this.#catchUp.run()
    this.#upkeep = new PeriodicJobs(workspace, {
      people: this.people,
      room: this.room,
      privacy: this.#privacy,
      progress: this.#progress,
      catchUp,
    })
  }

  /** Before the first event is taken. What it does in the background ends with `stop`. */
  async start(): Promise<void> {
    const { desk } = this.#workspace
    await desk.settle(UNINSTALLED)
    await this.#beginning.find()
    this.#threads.learn(await desk.conversations())
    this.#upkeep.start()
  }

  /** Brings in what was missed: to be called whenever events begin to come, before the first of them is taken. */
  async catchUp(): Promise<void> {
    await this.#catchUp.run()
    this.#upkeep.lookAtRoom()
  }

  /** Resolves once nothing is in hand; nothing is taken after that. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#upkeep.stop()
    await this.#catchUp.idle()
    while (this.#inHand.size > 0) await Promise.allSettled([...this.#inHand])
    await this.#progress.save('all').catch(error => {
      this.#workspace.options.warn('how far everything from Slack is stored could not be noted', error)
    })
  }

  /** Resolves once all that follows from the event is committed. If it rejects, Slack must send the event again. */
  event(body: SlackEventBody): Promise<void> {
    const work = this.#event(fieldsOf(body))
    this.#inHand.add(work)
    const done = () => this.#inHand.delete(work)
    work.then(done, done)
    return work
  }

  async #event(body: Fields): Promise<void> {
    const event = fieldsOf(body.event)
    const reason = this.#isOurs(body) ? await this.#take(event) : 'not ours'
    if (reason !== undefined) this.#options.onDropped?.(reason, event)
  }

  /** In a channel that workspaces share, `team_id` may be the other one: the app is where it is authorised. */
  #isOurs(body: Fields): boolean {
    const { teamId } = this.#workspace
    const teams = [body.team_id, body.context_team_id, ...listOf(body.authorizations).map(each => each.team_id)]
    const { appId } = this.#options
    return teams.includes(teamId) && (appId === undefined || body.api_app_id === appId)
  }

  /** Gives why nothing was stored. */
  async #take(event: Fields): Promise<string | undefined> {
    switch (event.type) {
      case 'message':
      case 'app_mention':
        return this.#message(event)
      case 'reaction_added':
        return this.#reaction(event)
      case 'user_change':
        await this.people.changed(textOf(fieldsOf(event.user).id))
        return 'noted'
      case 'member_left_channel':
      case 'member_joined_channel':
        return this.#member(event)
      case 'tokens_revoked':
        return listOf([event.tokens]).some(tokensAreOurs) ? this.#uninstalled() : 'tokens of others'
      case 'app_uninstalled':
        return this.#uninstalled()
      case 'app_home_opened':
        return this.#homeOpened(event)
      default:
        return 'another event'
    }
  }

  async #message(event: Fields): Promise<string | undefined> {
    const [channel, subtype] = [textOf(event.channel), textOf(event.subtype)]
    if (subtype.startsWith('channel_convert_to_')) await this.#privacy.converted(channel, subtype)
    const outcome = await this.#intake.take(event, { isLive: true })
    if ('receipt' in outcome) return undefined
    if (outcome.bare) await this.#marked.takeParent(outcome.bare)
    return outcome.dropped
  }

  /** https://docs.slack.dev/reference/events/reaction_added */
  async #reaction({ user, reaction, item, event_ts: at }: Fields): Promise<string | undefined> {
    const { settings, botUserId } = this.#workspace
    const { type, channel, ts } = fieldsOf(item)
    // Of some emoji there are several shades: `+1::skin-tone-2`.
    if (textOf(reaction).split('::')[0] !== settings.reaction || user === botUserId) return 'another emoji'
    if (type !== 'message' || !isTime(ts) || !isId(channel, 'CDG') || !isId(user, 'UW')) return 'no message'
    await this.#marked.take({ channel, ts }, user, isTime(at) ? at : ts)
    return undefined
  }

  /** Somebody came into the room or left it, or the app itself a channel of the configuration. */
  async #member({ type, user, channel }: Fields): Promise<string | undefined> {
    const { botUserId, support, roomId, desk } = this.#workspace
    if (channel === roomId && isId(user, 'UW')) this.room.changed(user, type === 'member_joined_channel')
    const isConfigured = typeof channel === 'string' && (support.has(channel) || channel === roomId)
    if (user !== botUserId || !isConfigured) return 'another member'
    if (type === 'member_joined_channel') {
      await desk.settle(unreadableCode(channel))
      await this.#catchUp.run(0)
      return undefined
    }
    const sentence = `The app was removed from the Slack channel ${channel} and can no longer read it: invite it again with /invite, or take the channel out of the configuration.`
    await desk.alarm(unreadableCode(channel), sentence)
    return undefined
  }

  async #uninstalled(): Promise<undefined> {
    const sentence =
      'The app was removed from the Slack workspace, or its token was revoked: install it again and set botToken.'
    await this.#workspace.desk.alarm(UNINSTALLED, sentence)
  }

  async #homeOpened({ user, tab, channel }: Fields): Promise<string | undefined> {
    if (!isId(user, 'UW')) return 'nobody'
    await this.#options.onHomeOpened({ userId: user, tab: textOf(tab) || 'home', channel: textOf(channel) })
    return undefined
  }
}

const UNINSTALLED = 'uninstalled'

/** Those of people, who let the app act for them, are none of ours. https://docs.slack.dev/reference/events/tokens_revoked */
function tokensAreOurs(tokens: Fields): boolean {
  return !Array.isArray(tokens.bot) || tokens.bot.length > 0
}

/** An id that begins with one of these letters. */
function isId(value: unknown, letters: string): value is string {
  return typeof value === 'string' && /^[A-Z0-9]{2,21}$/.test(value) && letters.includes(value.charAt(0))
}
