/** The made-up workspace with which a desk is measured. */
export const WORKSPACE = {
  ...{ team: 'T0BENCH', bot: 'U0DESK', botId: 'B0DESK', app: 'A0BENCH' },
  ...{ botToken: 'xoxb-bench', appToken: 'xapp-bench', signingSecret: 'bench signing secret' },
} as const

export interface Channel {
  id: string
  name: string
}

/** Where agents work. */
export const ROOM: Channel = { id: 'C0TRIAGE', name: 'triage' }

/** Where people ask. */
export const HELP: readonly Channel[] = Array.from({ length: 5 }, (_, index) => ({
  id: `C0HELP${index + 1}`,
  name: `help-${index + 1}`,
}))

/** An agent of the desk has the same number as their handle: agent1 is U0A1. */
export function agentId(number: number): string {
  return `U0A${number}`
}

export function personId(number: number): string {
  return `U0P${number}`
}

/** The conversation that somebody has with the app. */
export function directOf(user: string): string {
  return `D${user.slice(1)}`
}

/** Undefined for an address that nobody there has. */
export function userOfEmail(email: string): string | undefined {
  const found = /^agent(\d+)@staff\.example$/.exec(email)
  return found?.[1] === undefined ? undefined : agentId(Number(found[1]))
}

/** Somebody as users.info shows them. https://docs.slack.dev/reference/objects/user-object */
export function userOf(id: string): object {
  const number = id.slice(3)
  const isAgent = id.startsWith('U0A')
  const name = `${isAgent ? 'agent' : 'person'}${number}`
  const real_name = `${isAgent ? 'Agent' : 'Person'} ${number}`
  const email = `${name}@${isAgent ? 'staff' : 'people'}.example`
  const profile = { real_name, display_name: name, email, team: WORKSPACE.team }
  return { ...{ id, name, real_name, team_id: WORKSPACE.team, profile, deleted: false, is_bot: false }, updated: 0 }
}
