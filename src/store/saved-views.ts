// Queries that agents named.
import type { Sql, Tx } from './engine/sql.ts'

/** A query that an agent named; `query` is a JSON list of its words. */
export interface SavedView {
  personId: string
  name: string
  query: string
}

export async function saveView(tx: Tx, { personId, name, query }: SavedView): Promise<void> {
  await tx`
    INSERT INTO views (person_id, name, query) VALUES (${personId}, ${name}, ${query})
    ON CONFLICT (person_id, name) DO UPDATE SET query = excluded.query`
}

export async function viewsOf(sql: Sql, personId: string): Promise<SavedView[]> {
  return sql<SavedView>`
    SELECT person_id AS "personId", name, query FROM views WHERE person_id = ${personId} ORDER BY name`
}

/** False if there was none. */
export async function dropView(tx: Tx, personId: string, name: string): Promise<boolean> {
  const dropped = await tx`DELETE FROM views WHERE person_id = ${personId} AND name = ${name} RETURNING name`
  return dropped.length > 0
}
