import { type DestinationStream, type Logger, pino } from 'pino'
import { printableJson } from './core/printable.ts'

export type Log = Logger
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Keys that hold secrets or what people wrote: never written, at whatever depth an error or a setting carries them. */
const REDACTED = ['password', 'pass', 'secret', 'token', 'auth', 'text', 'raw', 'subject', 'authorization'].flatMap(
  key => [key, `*.${key}`, `*.*.${key}`],
)

/** One JSON object a line, to standard error unless told otherwise; safe to look at on a terminal. */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  const lines = destination ?? pino.destination({ fd: 2, sync: true })
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      redact: { paths: REDACTED, censor: '(left out)' },
    },
    { write: line => lines.write(printableJson(line)) },
  )
}
