// Errors that say who must act.
import type { Action } from './channel/surface.ts'

/** Who must act on an error, for programs: the CLI turns it into an exit code, a transport into its own reply. */
export type ErrorCode =
  | 'usage' // the line that was typed
  | 'not-found' // names something that is not there
  | 'conflict' // true a moment ago, or somebody was faster
  | 'forbidden' // this person may not
  | 'no-input' // no such file
  | 'too-large' // over the size limit
  | 'config' // the configuration must be mended
  | 'unavailable' // a service this needs is not there
  | 'temporary' // try again later, nothing was lost
  | 'unsound' // stored data contradicts itself

/**
 * The one error type that is shown to people: a sentence for the person, a code for the program. The cause, which may
 * hold anything, goes to the log only.
 */
export class DeskError extends Error {
  readonly code: ErrorCode
  /** What the person may do instead, where one press is enough for it. */
  readonly actions: Action[]

  constructor(code: ErrorCode, sentence: string, options: { cause?: unknown; actions?: Action[] } = {}) {
    super(sentence, options)
    this.name = 'DeskError'
    this.code = code
    this.actions = options.actions ?? []
  }
}

/** The message of anything that was thrown, in one line. */
export function sentenceOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  return text.replace(/\s+/g, ' ').trim() || 'unknown error'
}

/** The `code` that Node and the drivers put on their errors, or ''. */
export function codeOf(thrown: unknown): string {
  const code = (thrown as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/**
 * Why nothing can listen where a setting says: `unavailable` for a port that another program has, `config` for what cannot
 * be right.
 */
export function listenError(
  error: unknown,
  setting: string,
  { host, port }: { host: string; port: number },
): DeskError {
  const sentences: Record<string, string> = {
    EADDRINUSE: `port ${port} on ${host} is in use: stop the program that uses it (another Relaydesk?), or choose another port.`,
    EACCES: `this user may not listen on port ${port}: choose one above 1023.`,
    EADDRNOTAVAIL: `this machine has no address ${host}: write 127.0.0.1, or 0.0.0.0 for all.`,
  }
  const code = codeOf(error)
  const isWrong = code === 'EACCES' || code === 'EADDRNOTAVAIL'
  const sentence = `${setting}: ${sentences[code] ?? sentenceOf(error)}`
  return new DeskError(isWrong ? 'config' : 'unavailable', sentence, { cause: error })
}
