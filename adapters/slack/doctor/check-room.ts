// Tries who reads the room of the agents.
import type { WebClient } from '@slack/web-api'
import type { Finding } from '../../../src/channel/adapter.ts'
import type { Desk } from '../../../src/channel/desk.ts'
import { sentenceOf } from '../../../src/errors.ts'
import type { Account, Channel } from '../account.ts'
import { ReadApi } from '../api/read-api.ts'
import { membersOf } from '../people/room-members.ts'
import { leakOf } from '../people/room-privacy.ts'
import { type Person, personOf } from '../people/workspace-people.ts'
import { fieldsOf } from '../text/text-fields.ts'

const MOST_MEMBERS = 100 // Slack lets one ask for so many in a minute
const MOST_NAMED = 5

/** What is asked, and of whom. */
export interface CheckContext {
  client: WebClient
  account: Account
  desk: Pick<Desk, 'agents'>
}

/** Whoever is in the room reads every ticket, and what agents say among themselves. */
export async function checkRoom({ id, name, isPrivate, isShared }: Channel, context: CheckContext): Promise<Finding[]> {
  const what = `only invited members of this workspace can read #${name}`
  const advice = leakOf({ name, isPrivate, isShared })
  const privacy = advice === undefined ? { what, ok: true } : { what, ok: false, advice }
  return [privacy, ...(await checkMembers(id, name, context))]
}

async function checkMembers(channel: string, name: string, context: CheckContext): Promise<Finding[]> {
  const what = `everybody in #${name} is an agent`
  try {
    const ids = await membersOf(new ReadApi(context.client), channel)
    const people = await peopleOf(ids.slice(0, MOST_MEMBERS), context)
    const agents = await context.desk.agents()
    const isAgent = ({ email }: Person) => email !== null && agents.some(each => each.email.toLowerCase() === email)
    const strangers = people.filter(each => !each.isBot && !isAgent(each)).map(each => each.name)
    const isWhole = ids.length <= MOST_MEMBERS
    const outside = (isWhole ? agents : []).filter(
      ({ email }) => !people.some(each => each.email === email.toLowerCase()),
    )
    const absent = outside.map(({ handle }) => `@${handle}`)
    return [
      strangers.length === 0
        ? { what: isWhole ? what : `the first ${MOST_MEMBERS} people in #${name} are all agents`, ok: true }
        : {
            what,
            ok: false,
            advice: `${listNames(strangers)} can read every ticket there: remove them, or list them under agents.`,
          },
      ...(absent.length > 0
        ? [{ what: `not in #${name}, so notified of new tickets one by one instead: ${listNames(absent)}`, ok: true }]
        : []),
    ]
  } catch (error) {
    return [{ what, ok: false, advice: `Slack does not say who is there: ${sentenceOf(error)}` }]
  }
}

async function peopleOf(ids: readonly string[], { client, account }: CheckContext): Promise<Person[]> {
  const reader = new ReadApi(client)
  const found: Person[] = []
  for (const id of ids) {
    if (id === account.botUserId) continue
    const { user } = await reader.ask(each => each.users.info({ user: id }))
    found.push(personOf({ ...fieldsOf(user), id }, account.teamId))
  }
  return found
}

function listNames(names: readonly string[]): string {
  const more = names.length - MOST_NAMED
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
