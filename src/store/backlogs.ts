// Tickets opened from mail that had waited before it came, such as that of an import, until agents are told of them.
import type { Sql, Tx } from './engine/sql.ts'

/** What came of mail that had waited, on one desk. */
export interface Backlog {
  deskId: string
  channel: string
  /** Tickets opened in all. */
  opened: number
  /** Numbers of the first and the last ticket that nobody was told of; null: there is none. */
  firstUntold: number | null
  lastUntold: number | null
  beganAt: string
  lastAt: string
}

/** Counts one more ticket, and gives how many there are. Beyond `limit` nobody is told of it by itself. */
export async function countInBacklog(
  tx: Tx,
  {
    deskId,
    channel,
    number,
    limit,
    at,
  }: { deskId: string; channel: string; number: number; limit: number; at: string },
): Promise<number> {
  const [row] = await tx<{ opened: number }>`
    INSERT INTO backlogs (desk_id, channel, opened, began_at, last_at) VALUES (${deskId}, ${channel}, 1, ${at}, ${at})
    ON CONFLICT (desk_id) DO UPDATE SET opened = backlogs.opened + 1, last_at = excluded.last_at,
      first_untold = CASE WHEN backlogs.opened < CAST(${limit} AS BIGINT) THEN NULL ELSE coalesce(backlogs.first_untold, CAST(${number} AS BIGINT)) END,
      last_untold = CASE WHEN backlogs.opened < CAST(${limit} AS BIGINT) THEN NULL ELSE CAST(${number} AS BIGINT) END
    RETURNING opened`
  return row?.opened ?? 1
}

/** Takes the backlogs that nothing came to since `quietSince`, or that began before `beganBefore`. */
export async function takeBacklogs(tx: Tx, since: { quietSince: string; beganBefore: string }): Promise<Backlog[]> {
  return tx<Backlog>`
    DELETE FROM backlogs WHERE last_at <= ${since.quietSince} OR began_at <= ${since.beganBefore}
    RETURNING desk_id AS "deskId", channel, opened, first_untold AS "firstUntold", last_untold AS "lastUntold",
      began_at AS "beganAt", last_at AS "lastAt"`
}

/** Whether any mail is told of together. */
export async function hasBacklog(sql: Sql): Promise<boolean> {
  return (await sql`SELECT 1 AS one FROM backlogs LIMIT 1`).length > 0
}
