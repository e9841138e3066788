// Takes tokens of ours out of what is shown or sent.
import type { TokenKey } from '../../core/ticket/token.ts'
import { withoutTokens } from '../../core/ticket/token-search.ts'
import type { Sql } from '../../store/engine/sql.ts'
import { tokenKeys } from '../../store/keys.ts'

/**
 * What is shown or sent, without tokens of ours: whoever reads one could write in the name of those it was issued to.
 * Texts at any depth of plain data are looked at. `ownNumber`: number of the message whose own token stays.
 */
export async function redacted<T>(sql: Sql, value: T, ownNumber: number | null = null): Promise<T> {
  return redactedWith(await tokenKeys(sql), value, ownNumber)
}

/** The same where the keys are at hand. */
export function redactedWith<T>(keys: readonly TokenKey[], value: T, ownNumber: number | null = null): T {
  const clean = (each: unknown): unknown => {
    if (typeof each === 'string') return withoutTokens(each, keys, ownNumber)
    if (Array.isArray(each)) return each.map(clean)
    if (each === null || typeof each !== 'object' || Object.getPrototypeOf(each) !== Object.prototype) return each
    return Object.fromEntries(Object.entries(each).map(([name, inner]) => [name, clean(inner)]))
  }
  return clean(value) as T
}
