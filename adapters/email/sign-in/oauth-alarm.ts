// Tells agents that somebody must sign in again.
import type { Desk } from '../../../src/channel/desk.ts'
import { DeskError } from '../../../src/errors.ts'
import type { TokenSource } from './oauth.ts'

const CODE = 'login'

/** The same tokens; when a person must sign in again, agents are told, once for IMAP and SMTP together. */
export function alarming(tokens: TokenSource, desk: Pick<Desk, 'alarm' | 'settle'>): TokenSource {
  let alarmed = true // one may stand from an earlier run
  return {
    async accessToken() {
      try {
        const token = await tokens.accessToken()
        if (alarmed) await desk.settle(CODE)
        alarmed = false
        return token
      } catch (error) {
        if (error instanceof DeskError && error.code === 'config') {
          alarmed = true
          await desk.alarm(CODE, `${error.message} Until then mail waits; nothing is lost.`)
        }
        throw error
      }
    },
    refused: token => tokens.refused(token),
  }
}
