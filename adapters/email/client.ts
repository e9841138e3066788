import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { Envelope } from './listener.ts'
import type { Client } from './sender-check.ts'
import type { EmailSettings } from './settings.ts'

/**
 * Whoever handed a message over, if that is somebody on the internet: no server of ours stands in between then, so
 * where it comes from says something, and nobody has removed what it claims of itself. Null for everybody else.
 */
export function outsider(envelope: Envelope | null, { listen, authentication }: EmailSettings): Client | null {
  if (!envelope || listen?.protocol === 'lmtp') return null
  const { ip } = envelope.client
  return isPublic(ip) && !isAmong(ip, authentication.relays) ? { ...envelope.client, sender: envelope.from } : null
}

function isPublic(ip: string): boolean {
  return isIP(ip) !== 0 && ipaddr.process(ip).range() === 'unicast'
}

/** Whether an address is one of these, or in one of these networks. */
function isAmong(ip: string, networks: readonly string[]): boolean {
  const address = ipaddr.process(ip)
  return networks.some(network => {
    const [base, bits] = network.includes('/') ? ipaddr.parseCIDR(network) : [ipaddr.process(network), undefined]
    if (base.kind() !== address.kind()) return false
    return bits === undefined ? base.toString() === address.toString() : address.match(base, bits)
  })
}

/** How the configuration names a server that writes Authentication-Results without saying who it is (Microsoft 365). */
export const UNNAMED = 'microsoft365'

/** What writes these fields where a provider runs the mail; not where anybody can hand over mail beside it. */
export function trustedByDefault({ listen, imap, oauth }: EmailSettings): string[] {
  if (listen) return []
  const hosts = imap.map(({ host }) => host.toLowerCase())
  if (oauth?.provider === 'google' || hosts.includes('imap.gmail.com')) return ['mx.google.com']
  if (oauth?.provider === 'microsoft' || hosts.includes('outlook.office365.com')) return [UNNAMED]
  return []
}
