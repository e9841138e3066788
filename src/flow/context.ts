// What all of the flow works on: store, channels, configuration; and the facts of one transaction.
import { able } from '../channel/abilities.ts'
import type { ChannelAdapter } from '../channel/adapter.ts'
import type { InboundMessage } from '../channel/message.ts'
import type { Clock } from '../clock.ts'
import type { Commands, DeskFacts } from '../commands/command/command.ts'
import type { FloodLimits } from '../core/intake/flood-limits.ts'
import type { ScanResult } from '../core/intake/situation.ts'
import type { TicketPolicy } from '../core/ticket/policy.ts'
import type { TokenKey } from '../core/ticket/token.ts'
import { DeskError } from '../errors.ts'
import type { Log } from '../logger.ts'
import { absencesAt } from '../store/absences.ts'
import type { Sql, Store, Tx } from '../store/engine/sql.ts'
import type { LargeFiles } from '../store/files.ts'
import { tokenKeys } from '../store/keys.ts'
import {
  addIdentity,
  addPerson,
  allAgents,
  type Identity,
  type Person,
  peopleByIdentity,
  personByAlias,
  personById,
  personByIdentity,
} from '../store/people.ts'
import { type SenderVerdict, senderVerdicts } from '../store/senders.ts'
import type { Clamd } from './scanner/clamd.ts'

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
  senders: SenderLists
  floods: FloodLimits
  automatic: AutomaticLimits
  policy: TicketPolicy
  /** Where the pages of requesters are reached from outside, without a slash at the end; undefined if nowhere. */
  publicUrl?: string | undefined
  /** Looks into messages with files; none unless configured. */
  scanner?: Pick<Clamd, 'scan' | 'version' | 'address'>
  /** Every command of the desk. */
  commands: Commands
}

/** Addresses and domains whose mail is never, or always, wanted. */
export interface SenderLists {
  block: readonly string[]
  allow: readonly string[]
}

/** How many automatic mails one address gets in a day. */
export interface AutomaticLimits {
  requester: number
  agent: number
}

/** What becomes of mail that machines write to people. */
export interface MachinePolicy {
  /** Newsletters are recorded and nothing else, or open tickets. */
  newsletters: 'ignore' | 'open'
  /** The note that all is well again is kept with its ticket, or closes it. */
  recovery: 'note' | 'close'
}

export async function deskFacts(context: Context, sql: Sql): Promise<DeskFacts> {
  const at = context.clock.now().toISOString()
  return {
    at,
    prefixes: context.desks.map(desk => desk.prefix),
    isOurs: ourAddresses(context),
    agents: await allAgents(sql),
    absences: await absencesAt(sql, at),
    desks: context.desks,
    policy: context.policy,
    commands: context.commands,
    ...channelFacts(context),
  }
}

/** Whether an address is one of the desk's own, on any channel. */
export function ourAddresses({ channels }: Pick<Context, 'channels'>): DeskFacts['isOurs'] {
  return recipient => [...channels.values()].some(({ adapter }) => able(adapter, 'owns')?.owns(recipient))
}

/** What commands know of channels. */
export function channelFacts({
  channels,
}: Pick<Context, 'channels'>): Pick<DeskFacts, 'mailChannel' | 'deskOf' | 'kindOf' | 'isShared' | 'roomOf' | 'reach'> {
  const all = [...channels]
  const mailChannel = (deskId: string | undefined) =>
    all.find(([, { kind, deskId: desk }]) => kind === 'email' && (deskId === undefined || desk === deskId))?.[0]
  const roomOf = (deskId: string | undefined) =>
    all.find(([, { adapter, deskId: desk }]) => desk === deskId && able(adapter, 'showCard')?.hasRoom)?.[0]
  return {
    mailChannel,
    roomOf,
    deskOf: channel => channels.get(channel)?.deskId,
    kindOf: channel => channels.get(channel)?.kind ?? 'email',
    isShared(channel, replyTo) {
      const entry = channels.get(channel)
      return (entry && replyTo !== null && able(entry.adapter, 'isShared')?.isShared(replyTo)) ?? false
    },
    reach({ email, chats }, about) {
      const desk = channels.get(about)?.deskId
      const near = all.toSorted(([, a], [, b]) => Number(b.deskId === desk) - Number(a.deskId === desk))
      for (const [channel, { kind, adapter }] of near) {
        const chatAccount = chats.find(chat => {
          const [chatKind, address = ''] = chat.split(' ')
          return chatKind === kind && (able(adapter, 'reaches')?.reaches(address) ?? false)
        })
        const recipient = chatAccount?.slice(kind.length + 1)
        if (recipient !== undefined) {
          return {
            channel,
            recipient,
            seesCards: roomOf(desk) === channel && (able(adapter, 'showCard')?.seesCards(recipient) ?? false),
          }
        }
      }
      const byMail = channels.get(about)?.kind === 'email' ? about : (mailChannel(desk) ?? mailChannel(undefined))
      // No other channel is handed a mail address: what is for agents would leave with whatever it does with that.
      return byMail === undefined ? undefined : { channel: byMail, recipient: email, seesCards: false }
    },
  }
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
  /** What agents said of senders, by kind and address, for those that were looked up. */
  judged: Map<string, SenderVerdict | undefined>
  /** Waiting messages that agents decide by mail in this group, read again. */
  reread: ReadonlyMap<number, InboundMessage>
  /** What the scanner says of messages in this group, by id. */
  scans: ReadonlyMap<string, ScanResult>
}

/** Where a message comes from. */
export interface Origin {
  channel: string
  /** Kind of its identities. */
  kind: string
  desk: { id: string; prefix: string }
}

export async function intakeFor(
  context: Context,
  sql: Sql,
  group: number,
  { reread, scans }: Pick<Intake, 'reread' | 'scans'> = { reread: new Map(), scans: new Map() },
): Promise<Intake> {
  const facts = await deskFacts(context, sql)
  return { context, facts, keys: await tokenKeys(sql), group, met: new Map(), judged: new Map(), reread, scans }
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

/** Looks up at once who has these addresses. */
export async function knowAll(sql: Sql, intake: Intake, kind: string, addresses: readonly string[]): Promise<void> {
  const people = await peopleByIdentity(sql, kind, [...new Set(addresses)])
  for (const address of addresses) intake.met.set(`${kind} ${address}`, people.get(address))
}

/** What an agent said of a sender. Those of a whole group are looked up at once with `judgeAll`. */
export async function judgementOf(
  sql: Sql,
  intake: Intake,
  kind: string,
  address: string,
): Promise<SenderVerdict | undefined> {
  const key = `${kind} ${address}`
  if (!intake.judged.has(key)) await judgeAll(sql, intake, kind, [address])
  return intake.judged.get(key)
}

export async function judgeAll(sql: Sql, intake: Intake, kind: string, addresses: readonly string[]): Promise<void> {
  const verdicts = await senderVerdicts(sql, kind, [...new Set(addresses)])
  for (const address of addresses) intake.judged.set(`${kind} ${address}`, verdicts.get(address))
}

/**
 * Who has this address; made if need be. `vouched`: its domain says so, and thereby whose other addresses it is.
 * `others`: addresses of the same person on other kinds of channels, for which the transport vouches.
 */
export async function meet(
  tx: Tx,
  intake: Intake,
  identity: Identity,
  vouched = false,
  others: InboundMessage['alsoKnownAs'] = [],
): Promise<Person> {
  const { kind, address } = identity
  const known = await knownPerson(tx, intake, kind, address)
  const same =
    known ?? (await personByOther(tx, others)) ?? (vouched ? await personByAlias(tx, kind, address) : undefined)
  if (same && !known) await addIdentity(tx, same.id, identity)
  const person = same ?? (await addPerson(tx, identity, intake.facts.at))
  if (!known) for (const other of others) await addIdentity(tx, person.id, { ...other, name: identity.name })
  intake.met.set(`${kind} ${address}`, person)
  return person
}

/** Whoever has one of these addresses; an agent by none but the one of the configuration. */
export async function personByOther(
  sql: Sql,
  others: readonly { kind: string; address: string }[],
): Promise<Person | undefined> {
  for (const { kind, address } of others) {
    const found = await personByIdentity(sql, kind, address)
    if (found && (await personById(sql, found.id))?.handle === found.handle) return found
  }
  return undefined
}
