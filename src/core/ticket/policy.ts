// What kinds and categories ask for, and how long things take.
import { DeskError } from '../../errors.ts'
import { nearest } from '../text/command-line.ts'
import type { PriorityMatrix } from './priority.ts'
import type { TicketKind } from './ticket-kind.ts'

/** A field of a ticket that its kind or its category asks for. */
export interface Field {
  name: string
  /** What it must be one of; empty: any text. */
  choices: readonly string[]
  /** Asked for before the ticket is resolved. */
  required: boolean
}

/** A category with its path in the tree: `hardware/printer`. */
export interface Category {
  path: string
  fields: readonly Field[]
}

/** How tickets are dealt with here; from the configuration and the tree of categories. */
export interface TicketPolicy {
  matrix: PriorityMatrix
  categories: readonly Category[]
  fields: Record<TicketKind, readonly Field[]>
  /** Addresses and domains whose urgency counts one level higher. */
  vip: readonly string[]
  /** Handles of those to whom tickets are escalated. */
  leads: readonly string[]
  /** How long somebody has to take over what is handed to them; milliseconds. */
  handoverWithin: number
  /** A resolved ticket closes when the requester says nothing for this long. */
  closeAfter: number
  /** A message opens a closed ticket again for this long; after it a new one. */
  reopenWithin: number
}

/** The category that somebody means: its path, or the last part of it if that is one category's alone. */
export function categoryOf({ categories }: Pick<TicketPolicy, 'categories'>, text: string): Category {
  const path = text.toLowerCase().replace(/\s*[/>]\s*/g, '/')
  const exact = categories.find(each => each.path === path)
  const ending = categories.filter(each => each.path.endsWith(`/${path}`))
  const [only, second] = ending
  if (exact ?? (only && !second)) return (exact ?? only) as Category
  if (second) {
    throw new DeskError(
      'usage',
      `"${text}" could be ${ending.map(each => each.path).join(' or ')}: write the full name.`,
    )
  }
  const close = nearest(
    path,
    categories.map(each => each.path),
  )
  const known = close ? `did you mean ${close}?` : `there are ${categories.map(each => each.path).join(', ')}.`
  throw new DeskError('usage', `There is no category "${text}"; ${known}`)
}

/** The fields of a ticket: those of its kind, then those of its category and of what that lies in. */
export function fieldsOf(policy: TicketPolicy, kind: TicketKind | null, category: string | null): Field[] {
  const above = policy.categories.filter(each => category === each.path || category?.startsWith(`${each.path}/`))
  const all = [...(kind ? policy.fields[kind] : []), ...above.flatMap(each => each.fields)]
  return [...new Map(all.map(field => [field.name, field])).values()]
}

/** Whether a message reached the organisation so long ago that an acknowledgement would only confuse. `within`: milliseconds. */
export function isOld(reachedAt: string | null, now: Date, within: number): boolean {
  return reachedAt !== null && now.getTime() - Date.parse(reachedAt) > within
}
