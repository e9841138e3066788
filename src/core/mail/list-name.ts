/** What lists make of their writers' names: `'Jan Falk' via Support` is Jan Falk. */

/** "By way of", as list software says it; nobody is called so. */
const CERTAIN = 'via|vía|über|ueber|tramite|por medio de'
/** The same in words that stand in names of people and firms, too: only where a list is known to have put them there. */
const LIKELY = `${CERTAIN}|par|par l'intermédiaire de|por|per|por meio de|através de|através da|através do|a través de|attraverso|mediante|through|by way of|on behalf of|im auftrag von|au nom de|en nombre de|em nome de|per conto di|namens|door|durch|przez|genom|gennem|gjennom|через`

/** `'Jan' via Support`, as Google writes it in any language: what is in quotes is the name. */
const QUOTED = /^['‘‚"“„«]\s?(.{1,200}?)\s?['’‘"”“»]\s+\S+\s+\S/u
/** `Jan (via Support)`, `Jan (jan@example.com via Support Mailing List)`. */
const certainWithin = new RegExp(
  `^(.{1,200}?)\\s*[([](?:[^()[\\]]{0,200}\\s)?(?:${CERTAIN})\\s[^()[\\]]{1,200}[)\\]]$`,
  'iu',
)
const likelyWithin = new RegExp(
  `^(.{1,200}?)\\s*[([](?:[^()[\\]]{0,200}\\s)?(?:${LIKELY})\\s[^()[\\]]{1,200}[)\\]]$`,
  'iu',
)
const certainBetween = new RegExp(`^(.{1,200})\\s(?:${CERTAIN})\\s+\\S`, 'iu')
const likelyBetween = new RegExp(`^(.{1,200})\\s(?:${LIKELY})\\s+\\S`, 'iu')

/** The name of whoever writes through a service that says so in its own: `Jan via Support`; null where it does not. */
export function nameThrough(name: string): string | null {
  const found = QUOTED.exec(name) ?? certainWithin.exec(name) ?? certainBetween.exec(name)
  return found ? bare(found[1] ?? '') : null
}

/** The same, beyond doubt, whatever else is known: persons and firms have part of their names in quotes, too. */
export function isCertainlyThrough(name: string): boolean {
  return certainWithin.test(name) || certainBetween.test(name)
}

/** As Google writes the names of those who write through its groups, in whatever language. */
export function isQuotedBefore(name: string): boolean {
  return QUOTED.test(name)
}

/** The same of a name that a list is known to have written; `called`: what the list calls itself. */
export function nameBefore(name: string, called: readonly string[]): string {
  const found = QUOTED.exec(name) ?? likelyWithin.exec(name) ?? likelyBetween.exec(name)
  if (found) return bare(found[1] ?? '')
  const lower = name.toLowerCase()
  const end = called.find(each => each !== '' && lower.endsWith(each.toLowerCase()))
  if (end === undefined) return bare(name)
  // What is left of the words of another language goes along: `Jan pela lista Support`.
  const before = name.slice(0, -end.length).replace(/[\s([\-–—|:·]+$/u, '')
  return bare(before.replace(/(?:\s+\p{Ll}{1,12}){1,3}$/u, ''))
}

/** Without quotes around it; '' for an address in place of a name, also as Mailman shortens it (`jan---`). */
function bare(name: string): string {
  const plain = name.trim().replace(/^(['"‘“„«])\s?(.*?)\s?['"’”“»]$/su, '$2')
  return /@|---$/.test(plain) ? '' : plain
}

/** Whether two names are one, whatever order, case and accents they are written in. */
export function isSameName(one: string, other: string): boolean {
  const words = wordsOf(one)
  return words.length > 0 && words.join(' ') === wordsOf(other).join(' ')
}

/** Whether all words of a name stand in another one. */
export function isWithin(name: string, whole: string): boolean {
  const [words, all] = [wordsOf(name), wordsOf(whole)]
  return words.length > 0 && words.every(word => all.includes(word))
}

/** Whether an address may be made of this name: `mia.falk@` of Mia Falk. */
export function isMadeOf(address: string, name: string): boolean {
  return isWithin(address.slice(0, address.lastIndexOf('@')), name)
}

function wordsOf(name: string): string[] {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
  return plain
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
    .toSorted()
}
