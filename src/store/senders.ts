// What agents said of senders.
import { list, type Sql, type Tx } from './engine/sql.ts'

/** What an agent said of a sender. */
export type SenderVerdict = 'spam' | 'wanted'

/** Of many senders at once: those that an agent judged, by address. */
export async function senderVerdicts(
  sql: Sql,
  kind: string,
  addresses: readonly string[],
): Promise<Map<string, SenderVerdict>> {
  if (addresses.length === 0) return new Map()
  const rows = await sql<{ address: string; verdict: SenderVerdict }>`
    SELECT address, verdict FROM senders WHERE kind = ${kind} AND address IN (${list(addresses)})`
  return new Map(rows.map(row => [row.address, row.verdict]))
}

/** The latest verdict counts. */
export async function judgeSenderAs(
  tx: Tx,
  sender: { kind: string; address: string; verdict: SenderVerdict; decidedBy: string },
  at: string,
): Promise<void> {
  await tx`
    INSERT INTO senders (kind, address, verdict, decided_by, decided_at)
    VALUES (${sender.kind}, ${sender.address}, ${sender.verdict}, ${sender.decidedBy}, ${at})
    ON CONFLICT (kind, address) DO UPDATE SET verdict = excluded.verdict, decided_by = excluded.decided_by,
      decided_at = excluded.decided_at`
}
