// Who somebody in Slack is.
import type { Identity } from '../../../src/channel/message.ts'
import { normaliseAddress, oneLine } from '../../../src/core/text/address.ts'
import { DeskError } from '../../../src/errors.ts'
import { LruCache } from '../../chat/lru-cache.ts'
import { ReadApi, Refusal } from '../api/read-api.ts'
import { type Fields, fieldsOf, textOf } from '../text/text-fields.ts'
import { readPlace, type Workspace } from '../workspace.ts'

/** Who somebody in Slack is. */
export interface Person {
  /** `T024/U123`; of somebody from another workspace with the id of that one. */
  address: string
  userId: string
  /** Their real name if they have one, in one line; never ''. */
  name: string
  /** Lower case. Null where the workspace does not vouch for it: of guests, apps, and people of other workspaces. */
  email: string | null
  /** An app. */
  isBot: boolean
  /** Of this workspace, not of another one that shares a channel with it. */
  isOurs: boolean
}

const HOUR_MS = 60 * 60 * 1000
const MOST_KNOWN = 5_000

/** There is nobody of this id that the app can see. Any other refusal is a matter of the app, and of everybody. */
const NOBODY = ['user_not_found', 'users_not_found', 'user_not_visible']

/** The other addresses of somebody, for which their workspace vouches. */
export function otherAddresses({ email }: Person): Identity[] {
  return email === null ? [] : [{ kind: 'email', address: email }]
}

/** Who the people are that write; asked for once in a while. */
export class People {
  readonly #workspace: Workspace
  readonly #reader: ReadApi
  readonly #known: LruCache<Promise<Person | undefined>>
  readonly #warnedOf = new Set<string>()
  /** Accounts of agents. */
  readonly #agents = new Set<string>()

  constructor(workspace: Workspace, reader = new ReadApi(workspace.client)) {
    this.#workspace = workspace
    this.#reader = reader
    this.#known = new LruCache({ most: MOST_KNOWN, lifetime: HOUR_MS, now: workspace.options.now })
  }

  /**
   * `teamId` is the workspace that an event says they are of. Somebody whom Slack does not show is somebody of whom
   * nothing is known. Rejects with a temporary `DeskError`.
   */
  async find(userId: string, teamId?: string): Promise<Person> {
    return (await (this.#known.get(userId) ?? this.#ask(userId))) ?? this.#unknown(userId, teamId)
  }

  /** Whether the desk takes this person for one of its agents. */
  async isAgent({ address, email }: Pick<Person, 'address' | 'email'>): Promise<boolean> {
    const agents = await this.#workspace.desk.agents()
    return agents.some(agent => agent.email.toLowerCase() === email || (agent.chats ?? []).includes(`slack ${address}`))
  }

  /** What was known of them has changed. Whether an agent still is one is asked at once. */
  async changed(userId: string): Promise<void> {
    this.#known.delete(userId)
    if (this.#agents.has(userId)) await this.find(userId)
  }

  /** Tells the desk which accounts its agents have here, and have no more. One who has none is warned of once. */
  async introduceAgents(): Promise<void> {
    for (const agent of await this.#workspace.desk.agents()) {
      for (const chat of agent.chats ?? []) await this.#lookAgain(chat)
      await this.#introduce(agent)
    }
  }

  /** An account that the desk takes for an agent's, as `kind address`. */
  async #lookAgain(chat: string): Promise<void> {
    const [kind, address = ''] = chat.split(' ')
    const place = kind === 'slack' ? readPlace(address) : undefined
    if (place?.team !== this.#workspace.teamId) return
    this.#agents.add(place.channel)
    this.#known.delete(place.channel)
    await this.find(place.channel)
  }

  async #introduce({ handle, email }: { handle: string; email: string }): Promise<void> {
    const address = email.toLowerCase()
    const user = await this.#lookUp(address)
    if (user === undefined) return this.#warn(address, `no Slack account has the address ${email} of @${handle}`)
    const person = personOf(user, this.#workspace.teamId)
    await this.#vouch(user, person)
    if (person.email !== address) {
      const who = `the Slack account with the address ${email} of @${handle}`
      return this.#warn(
        address,
        `${who} is not a full member of the workspace, so it does not count as the account of an agent`,
      )
    }
    this.#known.set(person.userId, Promise.resolve(person))
    this.#agents.add(person.userId)
  }

  /** Slack takes no notice of upper and lower case. https://docs.slack.dev/reference/methods/users.lookupByEmail */
  async #lookUp(email: string): Promise<Fields | undefined> {
    try {
      return fieldsOf((await this.#reader.ask(client => client.users.lookupByEmail({ email }))).user)
    } catch (error) {
      if (error instanceof Refusal) return undefined
      throw error
    }
  }

  #warn(email: string, sentence: string): void {
    if (this.#warnedOf.has(email)) return
    this.#warnedOf.add(email)
    this.#workspace.options.warn(sentence)
  }

  /** All who ask for somebody meanwhile wait for the same answer. */
  #ask(userId: string): Promise<Person | undefined> {
    const lookup = this.#askSlack(userId)
    this.#known.set(userId, lookup)
    const forget = () => {
      if (this.#known.get(userId) === lookup) this.#known.delete(userId)
    }
    lookup.then(found => found ?? forget(), forget)
    return lookup
  }

  /** https://docs.slack.dev/reference/methods/users.info */
  async #askSlack(userId: string): Promise<Person | undefined> {
    try {
      const { user } = await this.#reader.ask(client => client.users.info({ user: userId }))
      const person = personOf({ ...fieldsOf(user), id: userId }, this.#workspace.teamId)
      await this.#vouch(fieldsOf(user), person)
      return person
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (NOBODY.includes(error.code)) return undefined
      throw new DeskError('temporary', `Slack does not say who ${userId} is (${error.code}).`, { cause: error })
    }
  }

  /**
   * Whoever is no member any more, or has another e-mail address now, is no agent any more. Where Slack shows no address
   * of a member, because the app may not see any, it says nothing.
   */
  async #vouch(user: Fields, person: Person): Promise<void> {
    const saysNothing = textOf(user.id) === '' || (isFullMember(user) && emailOf(user) === null)
    if (saysNothing) return
    await this.#workspace.desk.vouch({ kind: 'slack', address: person.address }, otherAddresses(person))
  }

  #unknown(userId: string, teamId: string | undefined): Person {
    const team = isTeam(teamId) ? teamId : this.#workspace.teamId
    return { address: `${team}/${userId}`, userId, name: userId, email: null, isBot: false, isOurs: false }
  }
}

/** Who a user is, as a workspace shows them. https://docs.slack.dev/reference/objects/user-object */
export function personOf(user: Fields, teamId: string): Person {
  const userId = textOf(user.id)
  const isOurs = user.is_stranger !== true && isOf(user, teamId)
  const isBot = user.is_bot === true || userId === 'USLACKBOT'
  const team = isOurs || !isTeam(user.team_id) ? teamId : user.team_id
  return {
    address: `${team}/${userId}`,
    userId,
    name: nameOf(user) || userId,
    email: isOurs && !isBot && isFullMember(user) ? emailOf(user) : null,
    isBot,
    isOurs,
  }
}

/** In an organisation of several workspaces `team_id` may name another one that somebody is in as well. */
function isOf(user: Fields, teamId: string): boolean {
  const { teams } = fieldsOf(user.enterprise_user)
  return user.team_id === teamId || (Array.isArray(teams) && teams.includes(teamId))
}

function isTeam(value: unknown): value is string {
  return typeof value === 'string' && /^[TE][A-Z0-9]{1,20}$/.test(value)
}

function isFullMember(user: Fields): boolean {
  const hindrances = [user.deleted, user.is_restricted, user.is_ultra_restricted, user.is_invited_user]
  return hindrances.every(each => each !== true) && user.is_email_confirmed !== false
}

function emailOf(user: Fields): string | null {
  return normaliseAddress(textOf(fieldsOf(user.profile).email))
}

function nameOf(user: Fields): string {
  const profile = fieldsOf(user.profile)
  const names = [profile.real_name, user.real_name, profile.display_name, user.name]
  return names.map(each => oneLine(textOf(each))).find(each => each !== '') ?? ''
}
