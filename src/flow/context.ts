import type { ChannelAdapter, Owns } from '../channel.ts'
import type { Clock } from '../clock.ts'
import type { DeskFacts } from '../commands/command.ts'
import type { TokenKey } from '../core/token.ts'
import { DeskError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { LargeFiles } from '../store/files.ts'
import { tokenKeys } from '../store/keys.ts'
import { addPerson, allAgents, type Identity, type Person, personByIdentity } from '../store/people.ts'
import type { Sql, Store, Tx } from '../store/sql.ts'

/** A channel as the desk knows it. */
export interface ChannelEntry {
  /** Kind of the identities that come through it, e.g. `email`. */
  kind: string
  deskId: string
  adapter: ChannelAdapter
}

/** What everything in this folder works on; made once, in `main.ts`. */
export interface Context {
  store: Store
  files: LargeFiles
  clock: Clock
  log: Log
  channels: ReadonlyMap<string, ChannelEntry>
  desks: readonly { id: string; name: string; prefix: string }[]
  /** Mail that reached the organisation longer ago is not acknowledged; milliseconds. */
  acknowledgeWithin: number
  machines: MachinePolicy
}

/** What becomes of mail that machines write to people. */
export interface MachinePolicy {
  /** Newsletters are recorded and nothing else, or open tickets. */
  newsletters: 'ignore' | 'open'
  /** The note that all is well again is kept with its ticket, or closes it. */
  recovery: 'note' | 'close'
}

export async function deskFacts(context: Context, sql: Sql): Promise<DeskFacts> {
  return {
    at: context.clock.now().toISOString(),
    prefixes: context.desks.map(desk => desk.prefix),
    isOurs: recipient => [...context.channels.values()].some(({ adapter }) => owns(adapter)?.owns(recipient)),
    agents: await allAgents(sql),
  }
}

function owns(adapter: ChannelAdapter): Owns | undefined {
  return 'owns' in adapter ? (adapter as ChannelAdapter & Owns) : undefined
}

/** What one group of messages is taken with. */
export interface Intake {
  context: Context
  facts: DeskFacts
  keys: readonly TokenKey[]
  /** How many messages are in the group. */
  group: number
  /** Who was looked up in this transaction, by kind and address; undefined for an address that nobody has yet. */
  met: Map<string, Person | undefined>
}

/** Where a message comes from. */
export interface Origin {
  channel: string
  /** Kind of its identities. */
  kind: string
  desk: { id: string; prefix: string }
}

export async function intakeFor(context: Context, sql: Sql, group: number): Promise<Intake> {
  return { context, facts: await deskFacts(context, sql), keys: await tokenKeys(sql), group, met: new Map() }
}

/** A channel that is no longer configured may still have messages that wait; they go to the first desk. */
export function originOf(context: Context, channel: string): Origin {
  const entry = context.channels.get(channel)
  const desk = context.desks.find(each => each.id === entry?.deskId) ?? context.desks[0]
  if (!desk) throw new DeskError('config', 'desks: list at least one desk.')
  return { channel, kind: entry?.kind ?? 'email', desk }
}

/** Who has this address, if anybody. Looked up once in a group. */
export async function knownPerson(
  sql: Sql,
  { met }: Intake,
  kind: string,
  address: string,
): Promise<Person | undefined> {
  const key = `${kind} ${address}`
  if (!met.has(key)) met.set(key, await personByIdentity(sql, kind, address))
  return met.get(key)
}

/** Who has this address; made if need be. */
export async function meet(tx: Tx, intake: Intake, identity: Identity): Promise<Person> {
  const { kind, address } = identity
  const person = (await knownPerson(tx, intake, kind, address)) ?? (await addPerson(tx, identity, intake.facts.at))
  intake.met.set(`${kind} ${address}`, person)
  return person
}
