// Who wrote a mail that came through a list or group.
import type { Address, Authentication } from '../../channel/message.ts'
import { canonicalAddress, isOurs, normaliseAddress } from '../text/address.ts'
import {
  isCertainlyThrough,
  isMadeOf,
  isQuotedBefore,
  isSameName,
  isWithin,
  nameBefore,
  nameThrough,
} from './list-name.ts'

/**
 * Who wrote a mail that came through a list or a group. Since domains forbid others to send in their name (DMARC), lists
 * put their own address into From (RFC 7960 section 4.1.3.1); who wrote it then stands elsewhere, in each in another way.
 */

/** What is looked at of a mail; names of fields in lower case. */
export interface ListFields {
  /** Values of a field as they stand. */
  header(name: string): string[]
  /** Mailboxes of a field. */
  mailboxes(name: string): Address[]
  from: Address | null
  replyTo: readonly Address[]
  to: readonly Address[]
  cc: readonly Address[]
  /** The writer of the only message within, where there is no text beside it. */
  wrapped: Address | null
  /** Addresses of the desk. */
  ownAddresses: readonly string[]
}

/** What a mail tells of the lists that it came through. */
export interface ListMail {
  /** Addresses of lists and groups, which are nobody's. */
  lists: string[]
  /** All of them are the desk's own: a group that people write to in order to reach it. */
  isOwn: boolean
  /** The address in From is that of a list or a service, in the place of the writer's. */
  rewritten: boolean
  /** Who wrote it; null where nothing tells. */
  writer: Address | null
  /** What the list calls its writer, without the words around it; '' where it does not say. */
  name: string
  /** Everything that tells of a writer tells of this one. */
  agreed: boolean
}

/** Takes a mail apart. Whoever sent it may have written any of this: how far it can be believed, `throughList` says. */
export function readListMail(fields: ListFields): ListMail {
  const { from, ownAddresses } = fields
  const marks = listMarks(fields)
  const lists = marks.addresses
  const isOwn = marks.any && isOwnList(marks, ownAddresses)
  const plain = { lists, isOwn, rewritten: false, writer: from, name: from?.name ?? '', agreed: true }
  if (!from) return plain
  const originals = originalsOf(fields, marks)
  if (!isRewritten(fields, marks, originals)) return plain
  const name = nameBefore(from.name, marks.names)
  const { writer, agreed } = writerOf(fields, marks, originals, name)
  if (writer) {
    const called = nameBefore(writer.name, marks.names) || nameOf(writer.address, fields) || name
    const named = { address: writer.address, name: called }
    return { lists: withFrom(lists, from), isOwn, rewritten: true, writer: named, name, agreed }
  }
  // What a list host made for this writer alone reaches them, and nobody else.
  if (isAlias(from.address) && !isOurs(from.address, lists)) return plain
  // A mail of ours that our own group sends back names nobody else.
  if (isOurs(from.address, ownAddresses) && nameThrough(from.name) === null) return plain
  return { lists: withFrom(lists, from), isOwn, rewritten: true, writer: null, name, agreed: false }
}

/**
 * How far the writer can be believed, where the list stands in From. `found` is about the list's address. A list says
 * who wrote, and nobody can check that: so it confirms nobody, and an own group's word is worth as much as that of a
 * transport that says nothing. Any other list's, or none that is vouched for, is a stranger's word. `looked`: somebody
 * would have told if From could be confirmed.
 */
export function throughList(
  { rewritten, agreed, writer }: ListMail,
  found: Authentication,
  { from, ownAddresses, looked }: { from: string | null; ownAddresses: readonly string[]; looked: boolean },
): Authentication {
  if (!rewritten || found.result === 'fail') return found
  const reasons = [...found.reasons, `sent on by ${from ?? 'a list'}`]
  if (writer && !agreed) return { result: 'unaligned', reasons: [...reasons, 'which names several writers'] }
  if (found.result === 'pass')
    return { result: from !== null && isOurs(from, ownAddresses) ? 'none' : 'unaligned', reasons }
  return found.result === 'none' && !looked ? found : { result: 'unaligned', reasons }
}

interface ListMarks {
  any: boolean
  addresses: string[]
  /** Values of List-Id (RFC 2919): `support.groups.example`. */
  ids: string[]
  /** What it calls itself. */
  names: string[]
}

const MARKS = [
  'list-id',
  'list-post',
  'mailing-list',
  'x-beenthere',
  'x-mailing-list',
  'x-google-group-id',
  'x-mailman-version',
]
const MOST = 20

function listMarks({ header, mailboxes, from, to, cc, replyTo, ownAddresses }: ListFields): ListMarks {
  if (!MARKS.some(name => header(name).length > 0)) return { any: false, addresses: [], ids: [], names: [] }
  const values = (name: string) =>
    header(name)
      .slice(0, MOST)
      .map(value => value.slice(0, 500))
  const listIds = values('list-id').map(value => /^(.*?)<([^<>]{1,300})>[^<>]*$/s.exec(value) ?? ['', '', value])
  const ids = listIds.map(([, , id = '']) => id.trim().toLowerCase())
  const declaredAddresses = [
    ...values('list-post').flatMap(value =>
      [...value.matchAll(/<\s*mailto:([^>?\s]{1,320})/gi)].map(([, at = '']) => unescaped(at)),
    ),
    ...values('mailing-list').map(value => /\blist\s+<?([^\s;<>]{1,320})/i.exec(value)?.[1] ?? ''),
    ...[...values('x-beenthere'), ...values('x-mailing-list')].map(
      value => /[^\s<>;,]{1,64}@[^\s<>;,]{1,255}/.exec(value)?.[0] ?? '',
    ),
  ].flatMap(each => normaliseAddress(each) ?? [])
  const named = [...(from ? [from] : []), ...to, ...cc, ...replyTo, ...mailboxes('x-original-from')]
  const inferredAddresses = [...named.map(each => each.address), ...ownAddresses].filter(address =>
    ids.includes(address.replace('@', '.')),
  )
  const addresses = [...new Set([...declaredAddresses, ...inferredAddresses])].slice(0, MOST)
  const names = [...listIds.map(([, phrase = '']) => phrase.replace(/["']/g, '').trim()), ...addresses.map(localOf)]
  return { any: true, addresses, ids, names }
}

function unescaped(text: string): string {
  return text.replace(/%40/g, '@').replace(/%2b/gi, '+')
}

/** Nobody's list but ours: one that came through another list is a discussion of others. */
function isOwnList({ addresses, ids }: ListMarks, ownAddresses: readonly string[]): boolean {
  const ownIds = ownAddresses.map(address => address.replace('@', '.'))
  const some = addresses.length > 0 || ids.length > 0
  return some && addresses.every(address => isOurs(address, ownAddresses)) && ids.every(id => ownIds.includes(id))
}

/** Where lists that follow Google and Sympa keep what From was, and what it was encoded from. */
function originalsOf({ header, mailboxes, from }: ListFields, marks: ListMarks): Address[] {
  if (header('x-mailman-version').length > 0) return [] // it keeps none: its writer put it there
  const originalAddresses = mailboxes('x-original-from')
  const encoded = from && isOfHost(from.address, marks) ? encodedIn(from.address) : null
  const found = [...originalAddresses, ...(encoded ? [{ address: encoded, name: '' }] : [])]
  const senders = found.length > 0 ? found : mailboxes('x-original-sender')
  // One list may be a member of another, which keeps what the first one wrote.
  const isPerson = ({ address, name }: Address) => !isOurs(address, marks.addresses) && nameThrough(name) === null
  return distinct(senders).filter(each => each.address !== from?.address && isPerson(each))
}

/** `jan=example.com@groups.io` is jan@example.com. */
function encodedIn(address: string): string | null {
  const [, local = '', domain = ''] = /^([^=@]{1,64})=((?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,63})@/.exec(address) ?? []
  return local ? normaliseAddress(`${local}@${domain}`) : null
}

/** Made by LISTSERV for one writer: mail to it reaches them. */
function isAlias(address: string): boolean {
  return /-dmarc-request@/.test(address)
}

/** The address in From is of the host that keeps the list. */
function isOfHost(address: string, { addresses, ids }: ListMarks): boolean {
  const domain = domainOf(address)
  return addresses.some(each => domainOf(each) === domain) || ids.some(id => id === domain || id.endsWith(`.${domain}`))
}

function isRewritten(fields: ListFields, marks: ListMarks, originals: readonly Address[]): boolean {
  const { from, to, cc, replyTo } = fields
  if (!from) return false
  const { address, name } = from
  const quoted = isQuotedBefore(name)
  const certain = isCertainlyThrough(name)
  const isWrittenTo = [...to, ...cc].some(each => each.address === address)
  if (isOurs(address, marks.addresses) || (quoted && (certain || isWrittenTo))) return true
  const through = nameThrough(name) !== null
  const ofHost = isOfHost(address, marks)
  if (ofHost && (through || isAlias(address) || encodedIn(address) !== null)) return true
  if (originals.length > 0 && (through || isWrittenTo)) return true
  if (!certain) return false
  // Groups whose fields a gateway took away, and services that send in the name of their users.
  const other = replyTo.some(each => domainOf(each.address) !== domainOf(address))
  return other || (isWrittenTo && replyTo.some(each => each.address !== address))
}

/** What the list itself kept, else who is to be answered that is no list, else who is copied under the writer's name. */
function writerOf(
  fields: ListFields,
  { addresses }: ListMarks,
  originals: readonly Address[],
  name: string,
): { writer: Address | null; agreed: boolean } {
  const { from, ownAddresses, mailboxes, wrapped } = fields
  const nobodys = [...addresses, ...ownAddresses, from?.address ?? '', ...otherNames(fields)]
  const isOther = ({ address }: Address) => !isOurs(address, nobodys)
  const answered = distinct(fields.replyTo.filter(isOther))
  const copied = distinct(fields.cc.filter(each => isOther(each) && bears(each, name, from?.name ?? '')))
  const [original] = originals.length === 1 ? originals : []
  const named = answered.find(each => isSameName(each.name, name)) ?? answered[0]
  const first = original ?? named ?? (copied.length === 1 ? copied[0] : undefined)
  if (first) return { writer: first, agreed: witnesses(fields, addresses, originals).length === 1 }
  if (copied.length > 0) return { writer: null, agreed: false }
  // Last what a writer could have made the list say.
  const inName = /[^\s<>"'()‘’“”]{1,64}@[^\s<>"'()‘’“”]{1,255}/u.exec(from?.name ?? '')?.[0] ?? ''
  const guesses = [...asMailbox(inName), ...(wrapped ? [wrapped] : []), ...mailboxes('x-mailfrom')]
  return { writer: guesses.find(isOther) ?? null, agreed: false }
}

/**
 * Everybody whom the head may name as its writer. A writer of a post can put fields of their own beside those of the
 * list, but cannot keep the list from naming them: so only the addresses of that very host are left out.
 */
function witnesses(fields: ListFields, lists: readonly string[], originals: readonly Address[]): Address[] {
  const { from, ownAddresses, mailboxes, replyTo, cc } = fields
  const host = domainOf(from?.address ?? '')
  const nobodys = [...ownAddresses, from?.address ?? '', ...lists.filter(address => domainOf(address) === host)]
  const called = from?.name ?? ''
  const copied = cc.filter(
    each => each.name.includes('@') || bears(each, called, called) || isWithin(each.name, called),
  )
  const all = [...mailboxes('x-original-from'), ...originals, ...replyTo, ...copied]
  return distinct(all.filter(({ address }) => !isOurs(address, nobodys)))
}

/** Addresses of the list in other domains: what was written to, and is called as the list is. */
function otherNames({ from, to }: ListFields): string[] {
  return to.map(({ address }) => address).filter(address => from && localOf(address) === localOf(from.address))
}

/** Whether this mailbox is called what the list calls its writer; of an address, Mailman leaves `jan---`. */
function bears(each: Address, name: string, written: string): boolean {
  if (isSameName(each.name, name)) return true
  if (written.toLowerCase().startsWith(`${localOf(each.address)}---`)) return true
  return name !== '' && each.name === '' && isMadeOf(each.address, name)
}

function asMailbox(text: string): Address[] {
  const address = normaliseAddress(text)
  return address ? [{ address, name: '' }] : []
}

/** What this address is called where it is answered or copied. */
function nameOf(address: string, { replyTo, cc }: ListFields): string {
  return [...replyTo, ...cc].find(each => each.address === address && each.name !== '')?.name ?? ''
}

function withFrom(lists: readonly string[], { address }: Address): string[] {
  return [...new Set([...lists, address])]
}

/** One of each mailbox. */
function distinct(all: readonly Address[]): Address[] {
  return [...new Map(all.toReversed().map(each => [canonicalAddress(each.address), each])).values()].toReversed()
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1)
}

function localOf(address: string): string {
  return address.slice(0, address.lastIndexOf('@'))
}
