import { codeOf, DeskError, type ErrorCode } from '../errors.ts'

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
  // A full disk or a database in use is no reason for a mail server to give a message up.
  return /^(SQLITE_|ENOSPC|EDQUOT|EIO|EMFILE|ECONN|57P|53)/.test(codeOf(error)) ? 75 : 1
}
