// Who takes part in a ticket.
import { fragment, joined, list, type Sql, type Tx } from './engine/sql.ts'

export interface Participant {
  kind: string
  address: string
  name: string
  personId: string
  role: 'requester' | 'copied'
}

/** A participant, and since when. */
export interface PresentParticipant extends Participant {
  /** How many events the ticket had then; 0 for those on its first message. */
  joinedSeq: number
}

/** Lets people into a new ticket, each once. */
export async function addParticipants(
  tx: Tx,
  ticketId: string,
  participants: readonly Participant[],
  at: string,
): Promise<void> {
  if (participants.length === 0) return
  const rows = participants.map(
    each => fragment`(${ticketId}, ${each.kind}, ${each.address}, ${each.name}, ${each.personId}, ${each.role}, ${at})`,
  )
  await tx`
    INSERT INTO participants (ticket_id, kind, address, name, person_id, role, joined_at)
    VALUES ${joined(rows, ', ')} ON CONFLICT (ticket_id, kind, address) DO NOTHING`
}

/** Lets somebody into a ticket; false if they take part already, or were taken off it. */
export async function addParticipant(tx: Tx, ticketId: string, participant: Participant, at: string): Promise<boolean> {
  const added = await tx`
    INSERT INTO participants (ticket_id, kind, address, name, person_id, role, joined_at, joined_seq)
    VALUES (${ticketId}, ${participant.kind}, ${participant.address}, ${participant.name}, ${participant.personId},
            ${participant.role}, ${at}, (SELECT event_seq FROM tickets WHERE id = ${ticketId}))
    ON CONFLICT (ticket_id, kind, address) DO NOTHING RETURNING address`
  return added.length > 0
}

/**
 * Lets somebody into a ticket, also again: whoever was taken off it, or left off the last message, is answered from now
 * on. False if nothing has happened since they were let in.
 */
export async function inviteParticipant(
  tx: Tx,
  ticketId: string,
  participant: Participant,
  at: string,
): Promise<boolean> {
  if (await addParticipant(tx, ticketId, participant, at)) return true
  const again = await tx`
    UPDATE participants SET joined_at = ${at}, joined_seq = t.event_seq, left_at = NULL
    FROM tickets t WHERE t.id = participants.ticket_id AND participants.ticket_id = ${ticketId}
      AND participants.kind = ${participant.kind} AND participants.address = ${participant.address}
      AND (participants.joined_seq < t.event_seq OR participants.left_at IS NOT NULL) RETURNING address`
  return again.length > 0
}

/** Takes somebody off a ticket; the requester stays. False if they do not take part, or are the requester. */
export async function takeOff(
  tx: Tx,
  ticketId: string,
  { kind, address }: Pick<Participant, 'kind' | 'address'>,
  at: string,
): Promise<boolean> {
  const rows = await tx`
    UPDATE participants SET left_at = ${at}
    WHERE ticket_id = ${ticketId} AND kind = ${kind} AND address = ${address} AND role = 'copied' AND left_at IS NULL
    RETURNING address`
  return rows.length > 0
}

/** Everybody who takes part in one of these tickets, or did: `leftAt` tells when they were taken off. */
export async function everParticipants(
  sql: Sql,
  ticketIds: readonly string[],
): Promise<{ ticketId: string; kind: string; address: string; personId: string; leftAt: string | null }[]> {
  if (ticketIds.length === 0) return []
  return sql`
    SELECT ticket_id AS "ticketId", kind, address, person_id AS "personId", left_at AS "leftAt" FROM participants
    WHERE ticket_id IN (${list(ticketIds)})`
}

/** Whoever was taken off a ticket stays off the one that it becomes part of. Gives who takes no part there yet, as `kind address`. */
export async function keepOff(tx: Tx, ticketId: string, into: string, at: string): Promise<string[]> {
  const rows = await tx<{ person: string }>`
    INSERT INTO participants (ticket_id, kind, address, name, person_id, role, joined_at, joined_seq, left_at)
    SELECT ${into}, kind, address, name, person_id, 'copied', ${at}, joined_seq, left_at FROM participants
    WHERE ticket_id = ${ticketId} AND left_at IS NOT NULL
    ON CONFLICT (ticket_id, kind, address) DO NOTHING RETURNING kind || ' ' || address AS person`
  return rows.map(each => each.person)
}

export async function participantsOf(sql: Sql, ticketId: string): Promise<PresentParticipant[]> {
  return sql<PresentParticipant>`
    SELECT kind, address, name, person_id AS "personId", role, joined_seq AS "joinedSeq" FROM participants
    WHERE ticket_id = ${ticketId} AND left_at IS NULL ORDER BY role DESC, joined_at, address, kind`
}

/** Takes people out of a ticket again, each as `kind address`, but those who wrote to it since. Gives who left. */
export async function removeParticipants(tx: Tx, ticketId: string, people: readonly string[]): Promise<string[]> {
  const ids: string[] = []
  for (const person of people) {
    const [kind = '', address = ''] = person.split(' ')
    const rows = await tx`
      DELETE FROM participants WHERE ticket_id = ${ticketId} AND kind = ${kind} AND address = ${address}
        AND role = 'copied' AND NOT EXISTS (
          SELECT 1 FROM messages m WHERE m.ticket_id = participants.ticket_id AND m.author_address = participants.address)
      RETURNING address`
    if (rows.length > 0) ids.push(person)
  }
  return ids
}
