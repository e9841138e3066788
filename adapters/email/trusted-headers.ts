import { type AuthenticationResults, readAuthenticationResults } from '../../src/core/authentication.ts'
import { UNNAMED } from './client.ts'
import type { Head } from './head.ts'

/**
 * What the nearest trusted server found. It put its fields together above those of the servers before it; whatever
 * stands below the next hop anybody may have written (RFC 8601 section 5). Of one check the first result counts.
 */
export function trustedResults(head: Head, trusted: readonly string[]): AuthenticationResults['results'] | null {
  if (trusted.length === 0) return null
  const results: AuthenticationResults['results'] = []
  let server: string | undefined
  for (const { name, value } of head.fields) {
    if (name === 'received' && server !== undefined) break
    if (name !== 'authentication-results') continue
    const field = readAuthenticationResults(value)
    if (!trusted.includes(field.server || UNNAMED) || (server !== undefined && field.server !== server)) continue
    server = field.server
    const before = new Set(results.map(each => each.method))
    results.push(...field.results.filter(each => !before.has(each.method)))
  }
  return server === undefined ? null : results
}
