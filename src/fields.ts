// Kinds of settings that the configuration and the adapters share. Their messages say what to write instead.
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { DeskError } from './errors.ts'
import { isNetwork } from './network.ts'

const DURATION = 'write a number and s, m, h or d, such as 14d'
const SIZE = 'write a number and kB, MB or GB, such as 100MB'
const ADDRESS = 'write a mail address, such as help@example.com'

const DURATIONS: Record<string, number> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 }
const SIZES: Record<string, number> = { GB: 1e9, GiB: 2 ** 30, MB: 1e6, MiB: 2 ** 20, kB: 1e3, kiB: 1024 }

/** A duration such as `14d`, `36h` or `90s`, in milliseconds. */
export const duration = z
  .string(DURATION)
  .transform((text, context) => {
    const found = /^\s*(\d+(?:\.\d+)?)\s*(s|m|h|d)\s*$/.exec(text)
    if (!found) context.addIssue({ code: 'custom', message: DURATION })
    return Number(found?.[1] ?? 0) * (DURATIONS[found?.[2] ?? ''] ?? 0)
  })
  .meta({ written: 'duration' })

/** A size such as `100MB` (10^6) or `64MiB` (2^20), in bytes. */
export const size = z
  .string(SIZE)
  .transform((text, context) => {
    const found = /^\s*(\d+(?:\.\d+)?)\s*([kMG]i?B)\s*$/.exec(text)
    if (!found) context.addIssue({ code: 'custom', message: SIZE })
    return Math.round(Number(found?.[1] ?? 0) * (SIZES[found?.[2] ?? ''] ?? 0))
  })
  .meta({ written: 'size' })

/** A duration or a size as it may be written: in the largest unit of which there is a whole number, else in the smallest. */
export function formatAmount(amount: number, kind: 'duration' | 'size'): string {
  const units = Object.entries(kind === 'duration' ? DURATIONS : SIZES)
  const [unit, one] = units.find(([, one]) => amount > 0 && amount % one === 0) ?? units.at(-1) ?? ['', 1]
  return `${amount / one}${unit}`
}

const SECRET_ELSEWHERE = /^(env|file):(.+)$/

/**
 * A secret: itself, or `env:NAME`, or `file:PATH`. Never shown. One that is not there stays as it is written: only
 * whoever needs it asks for it, by `requireSecrets`.
 */
export const secret = z
  .string()
  .transform(text => {
    const [, from, name = ''] = SECRET_ELSEWHERE.exec(text) ?? []
    if (from === 'env') return process.env[name] || text
    return (from === 'file' && textOf(name)) || text
  })
  .meta({ secret: true })

/** '' for a file that is not there, or not ours to read. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

/** A sentence that names the first secret of some settings that is not there; undefined where all are. */
export function missingSecret(settings: unknown, path = ''): string | undefined {
  if (typeof settings === 'string') {
    const [, from, name] = SECRET_ELSEWHERE.exec(settings) ?? []
    if (!from) return undefined
    const mend = from === 'env' ? `set the environment variable ${name}.` : `put the secret into the file ${name}.`
    return `${path}: the secret is missing: ${mend}`
  }
  if (settings === null || typeof settings !== 'object') return undefined
  for (const [key, value] of Object.entries(settings)) {
    const below = Array.isArray(settings) ? `${path}[${key}]` : [path, key].filter(Boolean).join('.')
    const missing = missingSecret(value, below)
    if (missing !== undefined) return missing
  }
  return undefined
}

/** Throws a `DeskError` of code `config` with that sentence. */
export function requireSecrets(settings: unknown): void {
  const missing = missingSecret(settings)
  if (missing !== undefined) throw new DeskError('config', missing)
}

export const mailAddress = z
  .string(ADDRESS)
  .regex(/^[^\s@<>]+@[^\s@<>]+$/, ADDRESS)
  .transform(text => text.toLowerCase())

/** An address, or a network. */
export const network = z
  .string()
  .refine(isNetwork, 'write an address or a network, such as 203.0.113.7 or 203.0.113.0/24')

/** What the setting of a server says of its proxies. */
export const PROXIES =
  'Trusted reverse proxies: their X-Forwarded-For is used, so that limits count people and not the proxy.'
