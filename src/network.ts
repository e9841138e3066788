// Where on the internet an address is.
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Whether an address is somebody's on the internet, and not of this machine or a private network. */
export function isPublic(ip: string): boolean {
  return isIP(ip) !== 0 && ipaddr.process(ip).range() === 'unicast'
}

/** What one customer of a provider has: the address itself, or its /64 (RFC 6177 section 2); what is no address as it is. */
export function networkOf(ip: string): string {
  if (isIP(ip) === 0) return ip
  const address = ipaddr.process(ip)
  return address.kind() === 'ipv4' ? address.toString() : (address as ipaddr.IPv6).parts.slice(0, 4).join(':')
}

/** Whether an address is one of these, or in one of these networks. */
export function isAmong(ip: string, networks: readonly string[]): boolean {
  if (isIP(ip) === 0) return false
  const address = ipaddr.process(ip)
  return networks.some(network => {
    const [base, bits] = network.includes('/') ? ipaddr.parseCIDR(network) : [ipaddr.process(network), undefined]
    if (base.kind() !== address.kind()) return false
    return bits === undefined ? base.toString() === address.toString() : address.match(base, bits)
  })
}

/** Whether a setting is an address or a network: `10.0.0.5`, `10.1.0.0/16`. */
export function isNetwork(text: string): boolean {
  return ipaddr.isValid(text) || ipaddr.isValidCIDR(text)
}
