// Links between tickets.
import type { LinkKind } from '../core/ticket/ticket-event.ts'
import type { Sql, Tx } from './engine/sql.ts'

export interface Link {
  ticketId: string
  /** What the other ticket is to this one. */
  kind: LinkKind
  otherId: string
}

export interface ShownLink extends Link {
  otherRef: string
  otherSubject: string
  otherState: string
}

export async function addLink(tx: Tx, { ticketId, kind, otherId }: Link): Promise<void> {
  await tx`
    INSERT INTO links (ticket_id, kind, other_id) VALUES (${ticketId}, ${kind}, ${otherId})
    ON CONFLICT (ticket_id, kind, other_id) DO NOTHING`
}

export async function removeLink(tx: Tx, { ticketId, kind, otherId }: Link): Promise<void> {
  await tx`DELETE FROM links WHERE ticket_id = ${ticketId} AND kind = ${kind} AND other_id = ${otherId}`
}

export async function linksOf(sql: Sql, ticketId: string): Promise<ShownLink[]> {
  return sql<ShownLink>`
    SELECT l.ticket_id AS "ticketId", l.kind, l.other_id AS "otherId", d.prefix || '-' || t.number AS "otherRef",
           t.subject AS "otherSubject", t.state AS "otherState"
    FROM links l JOIN tickets t ON t.id = l.other_id JOIN desks d ON d.id = t.desk_id
    WHERE l.ticket_id = ${ticketId} ORDER BY l.kind, t.number`
}

/** Parent, its parent, and so on. */
export async function ancestorsOf(sql: Sql, ticketId: string): Promise<string[]> {
  const rows = await sql<{ id: string }>`
    WITH RECURSIVE above (id) AS (
      SELECT other_id FROM links WHERE ticket_id = ${ticketId} AND kind = 'parent'
      UNION SELECT l.other_id FROM links l JOIN above a ON l.ticket_id = a.id WHERE l.kind = 'parent')
    SELECT id FROM above`
  return rows.map(row => row.id)
}
