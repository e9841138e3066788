// Lines by which requesters bring people in or take them off.
import { typedAddress } from './address.ts'

const MOST = 10
const LONGEST = 20_000 // characters that are looked at
const LINE = /^\s*!?(add|remove):?\s+(\S.*)$/i

/**
 * Whom a requester brings into their ticket or takes off it: addresses on lines `add eve@example.com` and
 * `remove jan@example.com` above everything else they wrote.
 */
export function peopleLines(text: string): { add: string[]; remove: string[] } {
  const found = { add: new Set<string>(), remove: new Set<string>() }
  const lines = text.trim().slice(0, LONGEST).split('\n')
  if (text.length > LONGEST) lines.pop() // it may be cut
  for (const line of lines) {
    const [, word = '', listed = ''] = LINE.exec(line) ?? []
    const addresses = listed
      .split(/[\s,;]+/)
      .filter(Boolean)
      .map(typedAddress)
    if (addresses.length === 0 || addresses.some(each => !each)) break
    for (const address of addresses) if (address) found[word.toLowerCase() as 'add' | 'remove'].add(address)
  }
  return { add: [...found.add].slice(0, MOST), remove: [...found.remove].slice(0, MOST) }
}
