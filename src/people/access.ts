// Who may do what. What is not allowed here is denied, on every surface and every page.

/** Whoever asks. An agent is a person with a handle, under which the configuration lists them. */
export interface Someone {
  id: string
  handle: string | null
}

/** What it is about: a ticket, or the installation as a whole. */
export type Subject = { requesterId: string | null } | 'installation'

/**
 * - `work`: do what agents do, such as give their commands, read their boards, decide messages that wait.
 * - `say-solved`: say of a ticket whether it is solved. Whoever asked for it says so.
 */
export type Action = 'work' | 'say-solved'

export function may(person: Someone | null | undefined, action: Action, subject: Subject): boolean {
  if (!person) return false
  switch (action) {
    case 'work':
      return isAgent(person)
    case 'say-solved':
      return subject !== 'installation' && person.id !== '' && subject.requesterId === person.id
    default:
      return false
  }
}

/** Whether somebody is one of us: what they write counts as the desk's own, whatever they may do. */
export function isAgent<Person extends Pick<Someone, 'handle'>>(
  person: Person | null | undefined,
): person is Person & { handle: string } {
  return person?.handle != null
}
