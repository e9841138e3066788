// Reads what trusted servers found (Authentication-Results).
import { type MethodResult, readAuthenticationResults } from '../../../src/core/mail/authentication.ts'
import type { Head } from '../mime/raw-head.ts'
import { UNNAMED } from '../take/smtp-origin.ts'

/**
 * What the nearest trusted server found. It put its fields together above those of the servers before it; whatever
 * stands below the next hop anybody may have written (RFC 8601 section 5). Of one check the first field that tells of
 * it counts, but what refuses a message counts in all of them. `doubt`: it cannot be told for sure what it found.
 */
export function trustedResults(
  head: Head,
  trusted: readonly string[],
): { results: MethodResult[]; doubt: string | null } | null {
  if (trusted.length === 0) return null
  const results: MethodResult[] = []
  let server: string | undefined
  let doubt: string | null = null
  for (const { name, value } of head.fields) {
    if (name === 'received' && server !== undefined) break
    if (name !== 'authentication-results') continue
    const field = readAuthenticationResults(value)
    if (!trusted.includes(field.server || UNNAMED) || (server !== undefined && field.server !== server)) continue
    server = field.server
    if (field.malformed) doubt = `the result from ${server || 'the mail server'} does not follow the rules`
    const before = new Set(results.map(each => each.method))
    results.push(...field.results.filter(each => !before.has(each.method) || each.result === 'fail'))
  }
  return server === undefined ? null : { results, doubt }
}
