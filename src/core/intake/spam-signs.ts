/** What filters write into the head of a message. */
export interface FilterFields {
  header(name: string): string[]
}

/** Who wrote the field beside it; where nobody is named, whoever stands nearest did. */
const WRITERS = ['x-spam-checker-version', 'x-rspamd-server', 'x-spam-scanner']

/** Microsoft's spam confidence level from which on it puts mail aside (https://learn.microsoft.com/defender-office-365/anti-spam-spam-confidence-level-scl-about). */
const CONFIDENT = 5

/**
 * Why a trusted filter takes a message for spam; empty if none does. Whoever writes spam does not say so, so a field
 * that speaks against its message is believed of any host that is trusted, and one without a host of any.
 */
export function spamReasons(fields: FilterFields, trusted: readonly string[]): string[] {
  if (trusted.length === 0) return []
  const writers = WRITERS.flatMap(name => fields.header(name)).map(value => value.toLowerCase())
  const named = writers.filter(value => /\bon\s+\S|^\s*[\w-]+(?:\.[\w-]+)+\s*$/.test(value))
  if (named.length > 0 && !named.some(value => trusted.some(host => hasHost(value, host)))) return []
  const reasons: string[] = []
  for (const name of ['x-spam-flag', 'x-spam-status', 'x-spam']) {
    // Of several, any: one that says no may be the sender's own.
    const value = fields.header(name).find(each => /^\s*(?:yes|true|spam)\b/i.test(each))
    if (value !== undefined) reasons.push(`${name}: ${value.trim().slice(0, 60)}`)
  }
  for (const name of ['x-ms-exchange-organization-scl', 'x-forefront-antispam-report']) {
    const levels = fields.header(name).map(each => Number(/(?:^\s*|\bSCL:)(-?\d{1,2})\b/i.exec(each)?.[1] ?? 0))
    const level = Math.max(0, ...levels)
    if (level >= CONFIDENT) reasons.push(`${name}: SCL ${level}`)
  }
  return reasons
}

function hasHost(value: string, host: string): boolean {
  return value.split(/[\s,;()]+/).includes(host.toLowerCase())
}

/**
 * Whether an address stands in a list of addresses, domains (`example.com`, with what is below it) and wildcards
 * (`*@example.com`, that domain alone).
 */
export function isListed(address: string, list: readonly string[]): boolean {
  const domain = address.slice(address.lastIndexOf('@') + 1)
  return list.some(entry => {
    if (entry.startsWith('*@')) return domain === entry.slice(2)
    if (entry.includes('@')) return address === entry
    return domain === entry || domain.endsWith(`.${entry}`)
  })
}
