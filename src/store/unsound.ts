// Rows that contradict each other.
import type { Sql } from './engine/sql.ts'

export interface Unsound {
  about: 'arrival' | 'ticket' | 'outbox'
  problem: string
}

/**
 * What the constraints of the tables cannot say: rows whose relatives contradict them. What a message came as is found by
 * the message alone (hence `coalesce`), for a ticket may have many thousands.
 */
export async function unsoundRows(sql: Sql): Promise<Unsound[]> {
  return sql<Unsound>`
    SELECT 'arrival' AS about, 'M-' || a.number || ' was ' || a.outcome || ', but its message is not on its ticket.' AS problem
    FROM arrivals a LEFT JOIN messages m ON m.id = a.message_id AND m.ticket_id = a.ticket_id
    WHERE a.outcome IN ('opened', 'appended') AND m.id IS NULL
    UNION ALL
    SELECT 'arrival', 'M-' || a.number || ' opened a ticket and has neither an acknowledgement nor a reason for none.'
    FROM arrivals a
    WHERE a.outcome = 'opened' AND a.acknowledgement NOT LIKE 'none:%' AND NOT EXISTS (
      SELECT 1 FROM outbox o WHERE o.ticket_id = a.ticket_id AND o.kind = 'acknowledgement')
    UNION ALL
    SELECT 'arrival', 'M-' || a.number || ' is the duplicate of an arrival that is none itself.'
    FROM arrivals a JOIN arrivals first ON first.number = a.duplicate_of WHERE first.outcome = 'duplicate'
    UNION ALL
    SELECT 'arrival', 'A message of ' || d.prefix || '-' || t.number || ' came in without an arrival.'
    FROM messages m JOIN tickets t ON t.id = m.ticket_id JOIN desks d ON d.id = t.desk_id
    WHERE m.direction = 'in' AND coalesce(m.what, '') <> 'split' AND NOT EXISTS (
      SELECT 1 FROM arrivals a WHERE a.message_id = m.id AND coalesce(a.ticket_id, '') = m.ticket_id)
    UNION ALL
    SELECT 'arrival', 'M-' || a.number || ' came in, but what it came as is not stored.'
    FROM arrivals a WHERE NOT EXISTS (SELECT 1 FROM blobs b WHERE b.sha256 = a.raw)
    UNION ALL
    SELECT 'ticket', d.prefix || '-' || t.number || ': what one of its messages came as is not stored.'
    FROM messages m JOIN tickets t ON t.id = m.ticket_id JOIN desks d ON d.id = t.desk_id
    WHERE m.raw IS NOT NULL AND NOT EXISTS (SELECT 1 FROM blobs b WHERE b.sha256 = m.raw)
    UNION ALL
    SELECT 'ticket', d.prefix || '-' || t.number || ': an attachment of one of its messages is not stored.'
    FROM attachments f JOIN messages m ON m.id = f.message_id
    JOIN tickets t ON t.id = m.ticket_id JOIN desks d ON d.id = t.desk_id
    WHERE NOT EXISTS (SELECT 1 FROM blobs b WHERE b.sha256 = f.sha256)
    UNION ALL
    SELECT 'ticket', d.prefix || '-' || t.number || ' has no message.'
    FROM tickets t JOIN desks d ON d.id = t.desk_id
    WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.ticket_id = t.id)
    UNION ALL
    SELECT 'ticket', d.prefix || '-' || t.number || ' was opened by ' || count(*) || ' arrivals.'
    FROM arrivals a JOIN tickets t ON t.id = a.ticket_id JOIN desks d ON d.id = t.desk_id
    WHERE a.outcome = 'opened' GROUP BY d.prefix, t.number HAVING count(*) > 1
    UNION ALL
    SELECT 'outbox', 'Message ' || o.number || ' in the outbox has no recipient.'
    FROM outbox o WHERE NOT EXISTS (SELECT 1 FROM outbox_recipients r WHERE r.outbox_id = o.id)
    UNION ALL
    SELECT 'outbox', 'An answer on ' || d.prefix || '-' || t.number || ' was never queued.'
    FROM messages m JOIN tickets t ON t.id = m.ticket_id JOIN desks d ON d.id = t.desk_id
    WHERE m.direction = 'out' AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.message_id = m.id AND o.kind = 'reply')
      AND m.author_address IS NULL -- what a colleague sent by hand names the address it came from`
}
