// Exit codes.
import { codeOf, DeskError, type ErrorCode, sentenceOf } from '../errors.ts'

/** Exit codes as mail servers understand them (sysexits.h): 75 means "try again", 65 and 78 "do not". */
const EXIT: Record<ErrorCode, number> = {
  usage: 64,
  'too-large': 65,
  'no-input': 66,
  unavailable: 69,
  temporary: 75,
  config: 78,
  'not-found': 1,
  conflict: 1,
  forbidden: 1,
  unsound: 1,
}

export function exitCodeFor(error: unknown): number {
  if (error instanceof DeskError) return EXIT[error.code]
  if (isDamage(error)) return 1
  // A full disk or a database in use is no reason for a mail server to give a message up.
  return /^(SQLITE_|ENOSPC|EDQUOT|EFBIG|EIO|EMFILE|ENFILE|ENOMEM|EROFS|ECONN|57P|53)/.test(codeOf(error)) ? 75 : 1
}

export const DAMAGED = 'The database file is damaged: restore a backup into another state folder.'

/** The database itself cannot be read, whatever was asked of it. */
export function isDamage(error: unknown): boolean {
  return /^(SQLITE_CORRUPT|XX00[12])/.test(codeOf(error))
}

/**
 * While mail is taken, what nobody foresaw and what is damaged is mended later: the mail server must keep the message
 * meanwhile (75), not send it back.
 */
export function orTryAgain(error: unknown): unknown {
  if (error instanceof DeskError && error.code !== 'unsound') return error
  const sentence = isDamage(error) ? DAMAGED : `${sentenceOf(error).replace(/\.$/, '')}; try again later.`
  return new DeskError('temporary', sentence, { cause: error })
}
