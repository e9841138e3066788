// Who on the internet handed a message over.
import { isAmong, isPublic } from '../../../src/network.ts'
import type { Client } from '../authentication/sender-check.ts'
import type { EmailSettings } from '../settings.ts'
import type { Envelope } from './listener.ts'

/**
 * Whoever handed a message over, if that is somebody on the internet: no server of ours stands in between then, so
 * where it comes from says something, and nobody has removed what it claims of itself. Null for everybody else.
 */
export function outsider(envelope: Envelope | null, { listen, authentication }: EmailSettings): Client | null {
  if (!envelope || listen?.protocol === 'lmtp') return null
  const { ip } = envelope.client
  return isStranger(ip, authentication) ? { ...envelope.client, sender: envelope.from } : null
}

/** Whether an address is on the internet, and none of a server of ours. */
export function isStranger(ip: string, { relays }: Pick<EmailSettings['authentication'], 'relays'>): boolean {
  return isPublic(ip) && !isAmong(ip, relays)
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
