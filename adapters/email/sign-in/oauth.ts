// Tokens of a channel, renewed before they expire.
import { setTimeout as pause } from 'node:timers/promises'
import { DeskError, sentenceOf } from '../../../src/errors.ts'
import type { OauthSettings } from '../settings.ts'
import { OauthClient, type Tokens } from './oauth-client.ts'
import { recallTokens, rememberTokens, type StoredTokens, type TokenMemory } from './oauth-memory.ts'

export type { TokenMemory }

/** A token that is used must be valid for so long, if the provider's last that long at all. */
const LEFT_MS = 5 * 60_000

/** How often, and after how long, a refused renewal looks whether another process was faster. */
const LOOKS = 5
const LOOK_MS = 200

/** Gives out access tokens and renews them in time. Make one for each channel: it renews once, whoever asks. */
export interface TokenSource {
  /**
   * A token that is valid for five more minutes at least. Rejects with a `DeskError`: `temporary` when the provider
   * cannot be reached, `config` with the command to run when a person must act.
   */
  accessToken(): Promise<string>
  /** The mail server refused this token: the next call gives another one. */
  refused(token: string): void
}

/** The tokens of the channel named `channel`, kept in its memory under `oauth`; other processes may share them. */
export function tokenSource(
  settings: OauthSettings,
  memory: TokenMemory,
  now: () => Date,
  options: { channel: string },
): TokenSource {
  return new RenewingSource(new OauthClient(settings, options.channel, now), memory, now)
}

class RenewingSource implements TokenSource {
  readonly #client: OauthClient
  readonly #memory: TokenMemory
  readonly #now: () => Date
  #pendingToken: Promise<string> | undefined
  #refused: string | undefined
  /** New tokens that could not be stored yet, and what they replace. */
  #unsaved: { tokens: Tokens; replaces: string | undefined } | undefined

  constructor(client: OauthClient, memory: TokenMemory, now: () => Date) {
    this.#client = client
    this.#memory = memory
    this.#now = now
  }

  accessToken(): Promise<string> {
    this.#pendingToken ??= this.#obtain().finally(() => {
      this.#pendingToken = undefined
    })
    return this.#pendingToken
  }

  refused(token: string): void {
    this.#refused = token
  }

  async #obtain(): Promise<string> {
    try {
      await this.#save()
      let remembered = await this.#recall()
      while (!remembered.tokens || !this.#isGood(remembered.tokens)) {
        const got = await this.#renew(remembered)
        if ('accessToken' in got) {
          this.#unsaved = { tokens: got, replaces: remembered.text }
          await this.#save()
          return got.accessToken
        }
        remembered = got
      }
      return remembered.tokens.accessToken
    } catch (error) {
      if (error instanceof DeskError) throw error
      const sentence = `The tokens of the channel ${this.#client.channel} cannot be read or stored at the moment: ${sentenceOf(error)}.`
      throw new DeskError('temporary', sentence)
    }
  }

  #isGood({ accessToken, expiresAt }: Tokens): boolean {
    return accessToken !== this.#refused && Date.parse(expiresAt) - this.#now().getTime() >= LEFT_MS
  }

  /** New tokens of the provider, or what another process stored meanwhile. */
  async #renew(remembered: StoredTokens): Promise<Tokens | StoredTokens> {
    const { tokens } = remembered
    try {
      return await this.#grant(tokens?.refreshToken ?? null)
    } catch (error) {
      if (error instanceof DeskError) throw error
      const failure = this.#client.failure(error, tokens?.refreshToken, tokens?.accessToken)
      const newer = failure.kind === 'grant-refused' ? await this.#newerThan(remembered) : undefined
      if (newer) return newer
      throw this.#client.deskError(failure)
    }
  }

  async #grant(refreshToken: string | null): Promise<Tokens> {
    const { settings, name, channel } = this.#client
    if (settings.application) return this.#client.signInAsApplication()
    if (refreshToken !== null) return this.#client.refresh(refreshToken)
    throw new DeskError(
      'config',
      `Nobody has signed in at ${name} for the channel ${channel} yet: run relaydesk login ${channel}.`,
    )
  }

  /** Stores what is not stored yet, unless somebody signed in or renewed meanwhile: then theirs stays. */
  async #save(): Promise<void> {
    if (!this.#unsaved) return
    const { tokens, replaces } = this.#unsaved
    const { text } = await this.#recall()
    if (text === replaces) await rememberTokens(this.#memory, this.#client.account, tokens)
    this.#unsaved = undefined
  }

  /** What another process stored since; it may be about to. */
  async #newerThan({ text }: StoredTokens): Promise<StoredTokens | undefined> {
    for (let look = 1; ; look++) {
      const remembered = await this.#recall()
      if (remembered.text !== text) return remembered
      if (look === LOOKS) return undefined
      await pause(LOOK_MS)
    }
  }

  #recall(): Promise<StoredTokens> {
    return recallTokens(this.#memory, this.#client.account)
  }
}
