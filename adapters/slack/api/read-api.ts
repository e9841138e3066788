// Calls that read.
import { setTimeout as pause } from 'node:timers/promises'
import type { WebClient } from '@slack/web-api'
import { DeskError } from '../../../src/errors.ts'
import { deliveryError, isTokenTrouble, retryAfterOf, slackCode } from './api-error.ts'

const MOST_WAITS = 10
const LONGEST_WAIT_MS = 120_000

/** "It's possible some aspect of the operation succeeded before the error was raised": so say the pages of all methods. */
const IN_TROUBLE = ['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout', 'ratelimited']

/** Slack said no, and will say it again. */
export class Refusal extends Error {
  /** Slack's word for it: `channel_not_found`. */
  readonly code: string

  constructor(code: string, cause: unknown) {
    super(`Slack refuses it: ${code}`, { cause })
    this.name = 'Refusal'
    this.code = code
  }
}

/** Asks Slack for what is there, and waits as long as Slack tells it to. */
export class ReadApi {
  readonly #client: WebClient
  readonly #signal: AbortSignal

  /** Once the signal is raised it waits no longer. */
  constructor(client: WebClient, signal = new AbortController().signal) {
    this.#client = client
    this.#signal = signal
  }

  /** Rejects with a `Refusal`, or with a temporary `DeskError` where it may work later or once an operator has acted. */
  async ask<Answer>(call: (client: WebClient) => Promise<Answer>): Promise<Answer> {
    for (let waits = 0; ; waits += 1) {
      try {
        return await call(this.#client)
      } catch (error) {
        const wait = retryAfterOf(error)
        if (wait === undefined || waits === MOST_WAITS || wait > LONGEST_WAIT_MS) throw meaningOf(error)
        await this.#pause(wait)
      }
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    try {
      await pause(milliseconds, undefined, { signal: this.#signal })
    } catch (error) {
      throw new DeskError('temporary', 'The Slack channel is stopping.', { cause: error })
    }
  }
}

function meaningOf(error: unknown): Error {
  const code = slackCode(error)
  const isFinal =
    code !== '' && !isTokenTrouble(error) && !IN_TROUBLE.includes(code) && retryAfterOf(error) === undefined
  return isFinal ? new Refusal(code, error) : new DeskError('temporary', deliveryError(error).message, { cause: error })
}
