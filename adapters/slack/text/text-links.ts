// Addresses that may be links.
import { parse } from 'tldts'

/** An address that Slack may make a link to; undefined for any other. */
export function linkable(address: string): string | undefined {
  if (!/^(?:https?:\/\/[^/]|mailto:[^@]*@)/i.test(address)) return undefined
  return address.replace(/[\s<>|]/g, each => encodeURIComponent(each))
}

/** Whether a label says of itself where it leads, and that is not where its link does. */
export function isDeceptive(label: string, url: string): boolean {
  const target = essence(visibleAddress(url))
  return visibleAddress(label)
    .split(/\s+/)
    .filter(namesHost)
    .some(word => !isWithin(target, essence(word)))
}

function isWithin(target: string, label: string): boolean {
  return target.startsWith(label) && /^(?:$|[/?#])/.test(target.slice(label.length))
}

/** Whether a label is nothing but the address that it leads to. */
export function isSame(label: string, url: string): boolean {
  return essence(visibleAddress(label)) === essence(visibleAddress(url))
}

/** As people see it. */
function visibleAddress(address: string): string {
  return decoded(address)
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .trim()
    .toLowerCase()
}

function decoded(address: string): string {
  try {
    return decodeURI(address)
  } catch {
    return address
  }
}

/** Without what people do not look at. */
function essence(address: string): string {
  return address.replace(/^(?:https?:\/\/|mailto:)?(?:www\.)?/, '').replace(/[/.,;:!?]$/, '')
}

function namesHost(word: string): boolean {
  if (/^[a-z]+:\/\/|^www\./.test(word)) return true
  const { isIcann, isIp, domain } = parse(word)
  return isIp === true || (domain !== null && isIcann === true)
}
