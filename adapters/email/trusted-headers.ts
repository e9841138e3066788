import { type AuthenticationResults, readAuthenticationResults } from '../../src/core/authentication.ts'
import type { Head } from './head.ts'
import type { EmailSettings } from './settings.ts'

/** How the configuration names a server that writes Authentication-Results without saying who it is (Microsoft 365). */
const UNNAMED = 'microsoft365'

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

/** What writes these fields where a provider runs the mail; not where anybody can hand over mail beside it. */
export function trustedByDefault({ listen, imap, oauth }: EmailSettings): string[] {
  if (listen) return []
  const hosts = imap.map(({ host }) => host.toLowerCase())
  if (oauth?.provider === 'google' || hosts.includes('imap.gmail.com')) return ['mx.google.com']
  if (oauth?.provider === 'microsoft' || hosts.includes('outlook.office365.com')) return [UNNAMED]
  return []
}
