// The commands link, unlink and duplicate.
import { mayMove } from '../../core/ticket/ticket.ts'
import type { LinkKind } from '../../core/ticket/ticket-event.ts'
import { DeskError } from '../../errors.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { addLink, ancestorsOf, linksOf, removeLink } from '../../store/links.ts'
import { type Change, recordEvent, type Ticket } from '../../store/tickets.ts'
import { ticketArgument } from '../command/arguments.ts'
import type { ParseFacts } from '../command/command.ts'
import { findOwnTicket, findTicket } from '../command/find-ticket.ts'
import { onTicketWith } from '../command/on-ticket.ts'

/** What the first is to the second, if the second is that to the first. */
const BACK: Record<LinkKind, LinkKind> = {
  parent: 'child',
  child: 'parent',
  related: 'related',
  original: 'duplicate',
  duplicate: 'original',
  follows: 'followed',
  followed: 'follows',
}

const WANTED = ['parent', 'child', 'related'] as const

interface Other {
  kind: LinkKind
  other: number
}

function otherIn(words: readonly string[], facts: ParseFacts): Other {
  const named = WANTED.find(each => each === words[0]?.toLowerCase())
  const rest = named ? words.slice(1) : words
  const reference = /^(?:to|of|from)$/i.test(rest[0] ?? '') ? rest.slice(1) : rest
  if (reference.length === 0) throw new DeskError('usage', 'Say which: link TICKET parent TICKET')
  return { kind: named ?? 'related', other: ticketArgument(reference.join(' '), facts.prefixes) }
}

/** `link HD-7 parent HD-3`: HD-3 is the parent of HD-7. */
export const link = onTicketWith<Other>({
  word: 'link',
  usage: '[parent|child|related] TICKET',
  summary: 'Links it to its parent, a child, or a related ticket; both show it.',
  parse: otherIn,
  others: ({ other }) => [other],
  async writes(tx, call, ticket, change, { kind, other: number }) {
    const other = await findTicket(tx, number, call.prefixes)
    refuseSame(ticket, other)
    if (kind === 'parent') await refuseCircle(tx, ticket, other)
    if (kind === 'child') await refuseCircle(tx, other, ticket)
    if (await isLinked(tx, ticket, kind, other)) {
      throw new DeskError('conflict', `${ticket.ref} and ${other.ref} are already linked like that.`)
    }
    await linkBoth(tx, ticket, kind, other, change)
    return {
      text: `${other.ref} is ${inWords(kind)} ${ticket.ref}.`,
      data: { ref: ticket.ref, kind, other: other.ref },
    }
  },
})

export const unlink = onTicketWith<Other>({
  word: 'unlink',
  usage: 'TICKET',
  summary: 'Removes the link between two tickets.',
  parse: otherIn,
  others: ({ other }) => [other],
  async writes(tx, call, ticket, change, { other: number }) {
    // What was linked before it became part of another is linked by itself still.
    const named = [await findOwnTicket(tx, number, call.prefixes), await findTicket(tx, number, call.prefixes)]
    const links = (await linksOf(tx, ticket.id)).filter(each => named.some(({ id }) => id === each.otherId))
    const other = named.find(({ id }) => id === links[0]?.otherId) ?? named[0]
    if (!other || links.length === 0) throw new DeskError('conflict', `${ticket.ref} and ${other?.ref} are not linked.`)
    let [ticketNow, otherNow] = [ticket, other]
    for (const { kind } of links.filter(each => each.otherId === other.id)) {
      await removeLink(tx, { ticketId: ticketNow.id, kind, otherId: otherNow.id })
      await removeLink(tx, { ticketId: otherNow.id, kind: BACK[kind], otherId: ticketNow.id })
      ticketNow = await recordEvent(tx, ticketNow, { type: 'unlinked', data: { kind, ticket: otherNow.id } }, change)
      otherNow = await recordEvent(
        tx,
        otherNow,
        { type: 'unlinked', data: { kind: BACK[kind], ticket: ticketNow.id } },
        change,
      )
    }
    return {
      text: `${ticket.ref} and ${other.ref} are no longer linked.`,
      data: { ref: ticket.ref, other: other.ref },
    }
  },
})

/** `duplicate HD-7 of HD-3`: HD-7 closes, and tells where it goes on; its requester is not on HD-3 (merge does that). */
export const duplicate = onTicketWith<{ of: number }>({
  word: 'duplicate',
  usage: 'of TICKET',
  summary: 'Closes it as a duplicate of another ticket and links them; merge would make them one.',
  parse(words, facts) {
    const { other } = otherIn(words, facts)
    return { of: other }
  },
  others: ({ of }) => [of],
  async writes(tx, call, ticket, change, { of }) {
    const original = await findTicket(tx, of, call.prefixes)
    refuseSame(ticket, original)
    mayMove(ticket, 'close')
    const before = await isLinked(tx, ticket, 'original', original)
    const linked = before ? ticket : await linkBoth(tx, ticket, 'original', original, change)
    await recordEvent(tx, linked, { type: 'closed', data: { by: 'duplicate' } }, change)
    return {
      text: `${ticket.ref} is closed as a duplicate of ${original.ref}.`,
      data: { ref: ticket.ref, original: original.ref },
    }
  },
})

/** `kind` is what the other is to the first. Gives the first after it. */
export async function linkBoth(tx: Tx, ticket: Ticket, kind: LinkKind, other: Ticket, change: Change): Promise<Ticket> {
  await addLink(tx, { ticketId: ticket.id, kind, otherId: other.id })
  await addLink(tx, { ticketId: other.id, kind: BACK[kind], otherId: ticket.id })
  await recordEvent(tx, other, { type: 'linked', data: { kind: BACK[kind], ticket: ticket.id } }, change)
  return recordEvent(tx, ticket, { type: 'linked', data: { kind, ticket: other.id } }, change)
}

async function isLinked(tx: Tx, ticket: Ticket, kind: LinkKind, other: Ticket): Promise<boolean> {
  return (await linksOf(tx, ticket.id)).some(each => each.kind === kind && each.otherId === other.id)
}

export function refuseSame(ticket: Ticket, other: Ticket): void {
  if (ticket.id === other.id) throw new DeskError('conflict', `Both references lead to the same ticket, ${ticket.ref}.`)
}

/** Parents are given one after the other: two that share no ticket could close a circle together. */
async function refuseCircle(tx: Tx, child: Ticket, parent: Ticket): Promise<void> {
  await tx.lock(['parents'])
  const ancestors = await ancestorsOf(tx, parent.id)
  if (ancestors.includes(child.id)) throw new DeskError('conflict', `${child.ref} is already above ${parent.ref}.`)
  const [before] = (await linksOf(tx, child.id)).filter(each => each.kind === 'parent')
  if (before)
    throw new DeskError('conflict', `${child.ref} already has a parent, ${before.otherRef}: unlink that first.`)
}

export function inWords(kind: LinkKind): string {
  const phrases: Record<LinkKind, string> = {
    parent: 'the parent of',
    child: 'a child of',
    related: 'related to',
    original: 'the original of',
    duplicate: 'a duplicate of',
    follows: 'the follow-up to',
    followed: 'the ticket before',
  }
  return phrases[kind]
}
