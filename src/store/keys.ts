// Keys that sign tokens.
import { randomBytes } from 'node:crypto'
import type { TokenKey } from '../core/ticket/token.ts'
import type { Sql, Tx } from './engine/sql.ts'

/** Newest first: the first signs, all verify. */
export async function tokenKeys(sql: Sql): Promise<TokenKey[]> {
  return sql<TokenKey>`SELECT id, secret FROM token_keys ORDER BY created_at DESC, length(id) DESC, id DESC`
}

/** Makes the first key, or the next one; answers to what the older ones signed stay valid. */
export async function addTokenKey(tx: Tx, at: string): Promise<TokenKey> {
  const number = await tx.number('token-key')
  const key = { id: `k${number.toString(36)}`, secret: randomBytes(32).toString('base64') }
  await tx`INSERT INTO token_keys (id, secret, created_at) VALUES (${key.id}, ${key.secret}, ${at})`
  return key
}
