// Alarms that stand, and those that are settled.
import type { Sql, Tx } from './engine/sql.ts'

export interface Alarm {
  channel: string
  code: string
  sentence: string
  raisedAt: string
}

/** True if it was not raised already. */
export async function raiseAlarm(tx: Tx, alarm: Alarm): Promise<boolean> {
  const [standing] = await tx`
    SELECT 1 AS one FROM alarms WHERE channel = ${alarm.channel} AND code = ${alarm.code} AND settled_at IS NULL`
  await tx`
    INSERT INTO alarms (channel, code, sentence, raised_at)
    VALUES (${alarm.channel}, ${alarm.code}, ${alarm.sentence}, ${alarm.raisedAt})
    ON CONFLICT (channel, code) DO UPDATE SET sentence = excluded.sentence, settled_at = NULL,
      raised_at = CASE WHEN alarms.settled_at IS NULL THEN alarms.raised_at ELSE excluded.raised_at END`
  return standing === undefined
}

export async function settleAlarm(tx: Tx, channel: string, code: string, at: string): Promise<void> {
  await tx`UPDATE alarms SET settled_at = ${at} WHERE channel = ${channel} AND code = ${code} AND settled_at IS NULL`
}

export async function standingAlarms(sql: Sql): Promise<Alarm[]> {
  return sql<Alarm>`
    SELECT channel, code, sentence, raised_at AS "raisedAt" FROM alarms WHERE settled_at IS NULL ORDER BY raised_at, channel, code`
}
