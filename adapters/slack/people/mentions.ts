// What the ids in a text stand for.
import { oneLine } from '../../../src/core/text/address.ts'
import { LruCache } from '../../chat/lru-cache.ts'
import type { ReadApi } from '../api/read-api.ts'
import { type Fields, fieldsOf, textOf } from '../text/text-fields.ts'
import type { Names } from '../text/text-names.ts'
import type { People } from './workspace-people.ts'

/** What the ids in a text stand for; kept with a message, so that it reads the same later. */
export interface KnownNames {
  users: Record<string, string>
  channels: Record<string, string>
}

/** Stands for the desk itself until the text is put together. */
const DESK = '\uE00F'
const DESK_FIRST = new RegExp(`^(?:\\s|@${DESK}[,:]?)+`)

/** Further ones stay ids: nobody reads a text that names more. */
const MOST_USERS = 20
const MOST_CHANNELS = 10
const LONGEST_LOOKED_AT = 200_000

const HOUR_MS = 60 * 60 * 1000
const MOST_KNOWN = 1_000

/** Whether a text mentions this user. In code nobody is: there the signs are written otherwise. */
export function isMentioned(text: string, userId: string): boolean {
  return new RegExp(`<@${userId}(?:\\|[^<>]*)?>`).test(text)
}

export function beginsWithMention(text: string, userId: string): boolean {
  return new RegExp(`^\\s*<@${userId}(?:\\|[^<>]*)?>`).test(text)
}

/** For reading a text in which mentions of the desk are to be told apart: see `withoutDesk`. */
export function namesFrom({ users, channels }: KnownNames, botUserId: string): Names {
  return {
    user: id => (id === botUserId ? DESK : Object.hasOwn(users, id) ? users[id] : undefined),
    channel: id => (Object.hasOwn(channels, id) ? channels[id] : undefined),
    group: () => undefined,
  }
}

/** A text that was read so, without the mention of the desk that it begins with. */
export function withoutDesk(text: string, deskName: string): string {
  return text.replace(DESK_FIRST, '').replaceAll(DESK, deskName).trimEnd()
}

/** Finds out what the ids in messages stand for. What cannot be found out stays an id. */
export class Mentions {
  readonly #reader: ReadApi
  readonly #people: Pick<People, 'find'>
  readonly #channels: LruCache<Promise<string | undefined>>

  constructor(reader: ReadApi, people: Pick<People, 'find'>, now: () => Date) {
    this.#reader = reader
    this.#people = people
    this.#channels = new LruCache({ most: MOST_KNOWN, lifetime: HOUR_MS, now })
  }

  /** `nameOf` gives another name for somebody, in place of what others see. */
  async namesIn(
    message: Fields,
    nameOf: (email: string | null) => string | undefined = () => undefined,
  ): Promise<KnownNames> {
    const { text, blocks, attachments } = message
    const written = JSON.stringify([text, blocks, attachments]).slice(0, LONGEST_LOOKED_AT)
    const [users, channels] = await Promise.all([
      namesById(idsIn(written, /(?:<@|"(?:user|author)_id":")([UW][A-Z0-9]{1,20})\b/g, MOST_USERS), async id => {
        const person = await this.#people.find(id).catch(() => undefined)
        return person && (nameOf(person.email) ?? (person.name === id ? undefined : person.name))
      }),
      namesById(idsIn(written, /(?:<#|"channel_id":")([CG][A-Z0-9]{1,20})\b/g, MOST_CHANNELS), id => this.#channel(id)),
    ])
    return { users, channels }
  }

  #channel(id: string): Promise<string | undefined> {
    const known = this.#channels.get(id)
    if (known) return known
    const lookup = this.#reader
      .ask(client => client.conversations.info({ channel: id }))
      .then(answer => oneLine(textOf(fieldsOf(answer.channel).name)) || undefined)
      .catch(() => undefined)
    this.#channels.set(id, lookup)
    return lookup
  }
}

function idsIn(text: string, expression: RegExp, most: number): string[] {
  const ids = new Set<string>()
  for (const found of text.matchAll(expression)) {
    if (ids.size === most) break
    ids.add(found[1] ?? '')
  }
  return [...ids]
}

async function namesById(
  ids: readonly string[],
  nameOf: (id: string) => Promise<string | undefined>,
): Promise<Record<string, string>> {
  const names = await Promise.all(ids.map(async id => [id, await nameOf(id)] as const))
  return Object.fromEntries(names.flatMap(([id, name]) => (name === undefined ? [] : [[id, name]])))
}
