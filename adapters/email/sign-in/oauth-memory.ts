// Where a channel keeps its tokens.
import { z } from 'zod'
import type { Desk } from '../../../src/channel/desk.ts'
import type { Tokens } from './oauth-client.ts'

/** Where a channel keeps its tokens. */
export type TokenMemory = Pick<Desk, 'recall' | 'remember'>

const KEY = 'oauth'

const storedSchema = z.object({
  account: z.string(),
  accessToken: z.string().min(1),
  expiresAt: z.iso.datetime(),
  refreshToken: z.string().min(1).nullable(),
})

/** What the memory holds, and what it means to the account that asks. */
export interface StoredTokens {
  /** As it stands there, to tell whether somebody else changed it. */
  text: string | undefined
  /** Undefined where nothing is there, or what is there belongs to another account. */
  tokens: Tokens | undefined
}

export async function recallTokens(memory: TokenMemory, account: string): Promise<StoredTokens> {
  const text = await memory.recall(KEY)
  return { text, tokens: text === undefined ? undefined : readTokens(text, account) }
}

/** Resolves once they are committed. */
export async function rememberTokens(memory: TokenMemory, account: string, tokens: Tokens): Promise<void> {
  await memory.remember(KEY, JSON.stringify({ account, ...tokens }))
}

function readTokens(text: string, account: string): Tokens | undefined {
  try {
    const { account: owner, ...tokens } = storedSchema.parse(JSON.parse(text))
    return owner === account ? tokens : undefined
  } catch {
    return undefined // signing in again writes it anew
  }
}
