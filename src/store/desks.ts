// Desks of the installation.
import { DeskError } from '../errors.ts'
import type { Sql, Tx } from './engine/sql.ts'

export interface Desk {
  /** As configured. */
  id: string
  name: string
  /** Of its references, e.g. `HD`. */
  prefix: string
}

/** Makes the stored desks those of the configuration; one that has tickets stays when it is no longer configured. */
export async function saveDesks(tx: Tx, desks: readonly Desk[]): Promise<void> {
  for (const desk of desks) {
    const [taken] =
      await tx<Desk>`SELECT id, name, prefix FROM desks WHERE prefix = ${desk.prefix} AND id <> ${desk.id}`
    if (taken) {
      throw new DeskError(
        'config',
        `desks: the prefix ${desk.prefix} belongs to the desk "${taken.id}" in this database: give "${desk.id}" another.`,
      )
    }
    await tx`
      INSERT INTO desks (id, name, prefix) VALUES (${desk.id}, ${desk.name}, ${desk.prefix})
      ON CONFLICT (id) DO UPDATE SET name = excluded.name, prefix = excluded.prefix`
  }
}

export async function allDesks(sql: Sql): Promise<Desk[]> {
  return sql<Desk>`SELECT id, name, prefix FROM desks ORDER BY id`
}
