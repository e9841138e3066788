import { normaliseAddress } from './address.ts'

const MOST = 10
const LINE = /^\s*!?add:?\s+(\S.*)$/i

/** Whom a requester adds to their ticket: addresses on lines `add eve@example.com` above everything else they wrote. */
export function addressesToAdd(text: string): string[] {
  const found: string[] = []
  for (const line of text.trim().split('\n')) {
    const parts =
      LINE.exec(line)?.[1]
        ?.split(/[\s,;]+/)
        .filter(Boolean) ?? []
    const addresses = parts.map(part => normaliseAddress(part.replace(/^<|>$/g, '')))
    if (parts.length === 0 || addresses.some(each => !each)) break
    found.push(...addresses.filter(each => each !== null && each !== undefined))
  }
  return [...new Set(found)].slice(0, MOST)
}
