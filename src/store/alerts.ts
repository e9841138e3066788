// Alerts of machines, by which the next one of a kind is known.
import type { Authenticity } from '../channel/message.ts'
import { countedAs, trustOf } from '../core/intake/sender-trust.ts'
import { keyOf } from './engine/id.ts'
import type { Sql, Tx } from './engine/sql.ts'

/** An alert that repeats, and the ticket that its next one joins. */
export interface StoredAlert {
  ticketId: string
  /** How many came, the first included. */
  count: number
  firstAt: string
  lastAt: string
  /** When the last one said that all is well; null while it does not. */
  recoveredAt: string | null
}

/** What the domain of a machine confirms is another alert than what others say in its name. */
export function alertKey(channel: string, { alert, authentication }: Alerting): string {
  return keyOf('alert', channel, countedAs(alert?.key ?? '', trustOf(authentication.result)))
}

interface Alerting {
  alert: { key: string } | null
  authentication: { result: Authenticity }
}

export async function alertByKey(sql: Sql, key: string): Promise<StoredAlert | undefined> {
  const [found] = await sql<StoredAlert>`
    SELECT ticket_id AS "ticketId", count, first_at AS "firstAt", last_at AS "lastAt", recovered_at AS "recoveredAt"
    FROM alerts WHERE key = ${key}`
  return found
}

export async function alertsOf(sql: Sql, ticketId: string): Promise<StoredAlert[]> {
  return sql<StoredAlert>`
    SELECT ticket_id AS "ticketId", count, first_at AS "firstAt", last_at AS "lastAt", recovered_at AS "recoveredAt"
    FROM alerts WHERE ticket_id = ${ticketId} ORDER BY first_at, key`
}

/** Counts one more of an alert on a ticket; begins anew if it is another ticket than before. */
export async function countAlert(
  tx: Tx,
  { key, ticketId, at, recovered }: { key: string; ticketId: string; at: string; recovered: boolean },
): Promise<void> {
  const recoveredAt = recovered ? at : null
  await tx`
    INSERT INTO alerts (key, ticket_id, count, first_at, last_at, recovered_at)
    VALUES (${key}, ${ticketId}, 1, ${at}, ${at}, ${recoveredAt})
    ON CONFLICT (key) DO UPDATE SET
      count = CASE WHEN alerts.ticket_id = excluded.ticket_id THEN alerts.count + 1 ELSE 1 END,
      first_at = CASE WHEN alerts.ticket_id = excluded.ticket_id THEN alerts.first_at ELSE excluded.first_at END,
      ticket_id = excluded.ticket_id, last_at = excluded.last_at, recovered_at = excluded.recovered_at`
}
