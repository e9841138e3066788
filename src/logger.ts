// The log, without secrets.
import { type DestinationStream, type Logger, pino } from 'pino'
import { printableJson } from './core/text/printable.ts'

export type Log = Logger
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Keys that hold secrets or what people wrote: never written, at whatever depth an error or a setting carries them. */
const SECRET =
  /^(?:password|pass|passphrase|secret|token|auth|text|raw|subject|authorization|proxy-authorization|cookie|set-cookie|x-slack-signature)$|(?:password|secret|token)$/i
const DEEPEST = 8
const LEFT_OUT = '(left out)'

/** A value with nothing below such a key; what lies deeper, or within itself, is left out whole. */
function withoutSecrets(value: unknown, depth = 0, above: readonly object[] = []): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (depth > DEEPEST || above.includes(value)) return LEFT_OUT
  const inner = (each: unknown) => withoutSecrets(each, depth + 1, [...above, value])
  if (Array.isArray(value)) return value.map(inner)
  const plain = value instanceof Error ? pino.stdSerializers.err(value) : value
  return Object.fromEntries(
    Object.entries(plain).map(([key, each]) => [key, SECRET.test(key) ? LEFT_OUT : inner(each)]),
  )
}

/** One JSON object a line, to standard error unless told otherwise; safe to look at on a terminal. */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  const lines = destination ?? pino.destination({ fd: 2, sync: true })
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: label => ({ level: label }),
        log: values => withoutSecrets(values) as Record<string, unknown>,
      },
      serializers: { err: error => error }, // as it was told above
    },
    { write: line => lines.write(printableJson(line)) },
  )
}
