import { fragment, joined, type Sql, type Tx } from './sql.ts'

export interface Participant {
  kind: string
  address: string
  name: string
  personId: string
  role: 'requester' | 'copied'
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

/** Lets somebody into a ticket; false if they take part already. */
export async function addParticipant(tx: Tx, ticketId: string, participant: Participant, at: string): Promise<boolean> {
  const added = await tx`
    INSERT INTO participants (ticket_id, kind, address, name, person_id, role, joined_at)
    VALUES (${ticketId}, ${participant.kind}, ${participant.address}, ${participant.name}, ${participant.personId},
            ${participant.role}, ${at})
    ON CONFLICT (ticket_id, kind, address) DO NOTHING RETURNING address`
  return added.length > 0
}

export async function takesPart(sql: Sql, ticketId: string, kind: string, address: string): Promise<boolean> {
  const found = await sql`
    SELECT 1 AS one FROM participants WHERE ticket_id = ${ticketId} AND kind = ${kind} AND address = ${address}`
  return found.length > 0
}

export async function participantsOf(sql: Sql, ticketId: string): Promise<Participant[]> {
  return sql<Participant>`
    SELECT kind, address, name, person_id AS "personId", role FROM participants
    WHERE ticket_id = ${ticketId} ORDER BY role DESC, joined_at, address`
}

/** Takes people out of a ticket again, each as `kind address`, but those who wrote to it since. Gives who left. */
export async function removeParticipants(tx: Tx, ticketId: string, people: readonly string[]): Promise<string[]> {
  const left: string[] = []
  for (const person of people) {
    const [kind = '', address = ''] = person.split(' ')
    const rows = await tx`
      DELETE FROM participants WHERE ticket_id = ${ticketId} AND kind = ${kind} AND address = ${address}
        AND role = 'copied' AND NOT EXISTS (
          SELECT 1 FROM messages m WHERE m.ticket_id = participants.ticket_id AND m.author_address = participants.address)
      RETURNING address`
    if (rows.length > 0) left.push(person)
  }
  return left
}
