// Every setting with its value and where it came from.
import { z } from 'zod'
import { formatAmount } from './fields.ts'

/** One setting as `relaydesk config` shows it. */
export interface Setting {
  path: string
  /** JSON, secrets masked. */
  value: string
  from: string
  sentence: string
}

/** A schema with the values it describes, as they hold and as they are written. */
export interface DescribedValue {
  path: (string | number)[]
  schema: z.ZodType
  value: unknown
  /** As the file says it; undefined where it says nothing. */
  written: unknown
}

/** Every setting with its value, where it came from and its sentence; secrets masked. */
export function listSettings(described: readonly DescribedValue[], file: string): Setting[] {
  return described.flatMap(({ path, schema, value, written }) => walk(jsonSchema(schema), value, written, path, file))
}

function walk(schema: JsonSchema, value: unknown, inFile: unknown, path: (string | number)[], file: string): Setting[] {
  if (schema.properties && value !== undefined) {
    return Object.entries(schema.properties).flatMap(([key, inner]) =>
      walk(inner, (value as never)[key], (inFile as never)?.[key], [...path, key], file),
    )
  }
  const { items } = schema
  if (items?.properties && Array.isArray(value)) {
    return value.flatMap((item, index) => walk(items, item, (inFile as never)?.[index], [...path, index], file))
  }
  return [
    {
      path: formatPath(path),
      value: JSON.stringify(shownValue(value, schema)) ?? 'not set',
      from: inFile === undefined ? 'default' : file,
      sentence: schema.description ?? '',
    },
  ]
}

/** As it may be written in the file, without what is secret. */
function shownValue(value: unknown, schema: JsonSchema): unknown {
  if (value === undefined) return value
  if (schema.secret) return '(secret)'
  if (schema.written) return formatAmount(Number(value), schema.written)
  return schema.address ? maskPassword(String(value)) : value
}

/** `a.b[0].c` */
export function formatPath(path: readonly (string | number)[]): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('')
}

interface JsonSchema {
  properties?: Record<string, JsonSchema>
  items?: JsonSchema
  description?: string
  secret?: boolean
  address?: boolean
  written?: 'duration' | 'size'
}

function jsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema
}

/** Keys that may stand at a place. */
export function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const inner = path.reduce<JsonSchema | undefined>(
    (found, part) => (typeof part === 'number' ? found?.items : found?.properties?.[String(part)]),
    jsonSchema(schema),
  )
  return Object.keys(inner?.properties ?? {})
}

/** To the last @, whatever stands before it: a password may hold any character, though it should not. */
function maskPassword(address: string): string {
  return address.replace(/([?&][^=&]*password=)[^&#]*/gi, '$1(secret)').replace(/(:\/\/[^:/@?]*):.*@/s, '$1:(secret)@')
}
