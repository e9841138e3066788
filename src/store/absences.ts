// Agents who are away.
import type { Sql, Tx } from './engine/sql.ts'

/** An agent who is away. */
export interface Absence {
  personId: string
  /** ISO 8601 UTC. */
  until: string
  /** Person id and handle of who stands in. */
  deputyId: string | null
  deputy: string | null
}

export async function absenceOf(sql: Sql, personId: string, now: string): Promise<Absence | undefined> {
  const [found] = await absencesAt(sql, now).then(all => all.filter(each => each.personId === personId))
  return found
}

/** Everybody who is away at a time. */
export async function absencesAt(sql: Sql, now: string): Promise<Absence[]> {
  return sql<Absence>`
    SELECT a.person_id AS "personId", a.until, a.deputy_id AS "deputyId", p.handle AS deputy
    FROM absences a LEFT JOIN people p ON p.id = a.deputy_id WHERE a.until > ${now}`
}

export async function saveAbsence(tx: Tx, { personId, until, deputyId }: Omit<Absence, 'deputy'>): Promise<void> {
  await tx`
    INSERT INTO absences (person_id, until, deputy_id) VALUES (${personId}, ${until}, ${deputyId})
    ON CONFLICT (person_id) DO UPDATE SET until = excluded.until, deputy_id = excluded.deputy_id`
}

/** False if they were not away. */
export async function endAbsence(tx: Tx, personId: string): Promise<boolean> {
  const ended = await tx`DELETE FROM absences WHERE person_id = ${personId} RETURNING person_id`
  return ended.length > 0
}
