// Reads lists of addresses (RFC 5322 section 3.4).
import parseAddresses from 'nodemailer/lib/addressparser'
import type { Address } from '../../../src/channel/message.ts'
import { normaliseAddress, oneLine } from '../../../src/core/text/address.ts'
import { decodeRaw, decodeWords } from './encoded-words.ts'

const MOST_ADDRESSES = 200
const LONGEST = 64 * 1024 // characters of all fields of a name together

/** As it is written: an address may be '' or no address at all. */
type Written = Address

/** What stands for an encoded word while the list is taken apart, since it may hold commas and blanks. */
const WORDS = /=\?[\w:.()+*-]{1,60}\?[bq]\?(?:[^?\r\n]|\?(?!=)){0,4000}?\?=(?:\s{1,20}(?==\?))?/gi

/** One mailbox with nothing about it that could be read in two ways, as nearly all senders write theirs. */
const PLAIN_NAME =
  /"([A-Za-z0-9][A-Za-z0-9 .'_-]{0,98}[A-Za-z0-9.])"|([A-Za-z0-9](?:[A-Za-z0-9 .'_-]{0,98}[A-Za-z0-9.])?)/
const PLAIN_ADDRESS = /([\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8})/
const SIMPLE = new RegExp(`^(?:(?:${PLAIN_NAME.source}) {1,4}<${PLAIN_ADDRESS.source}>|${PLAIN_ADDRESS.source})$`)

/** Mailboxes of a field in order, groups taken apart (RFC 5322 section 3.4). */
export function writtenAddresses(value: string, hint = ''): Written[] {
  const [, quoted, bare, within, alone] = SIMPLE.exec(value) ?? []
  const only = within ?? alone
  if (only) return [{ name: decodeName(quoted ?? bare ?? '', [], hint), address: only }]
  const encodedWords: string[] = []
  const plain = value.slice(0, LONGEST).replace(WORDS, word => `\uE000${encodedWords.push(word) - 1}\uE001`)
  const list = parseAddresses(cleaned(decodeRawParts(plain, hint)), { flatten: true })
  return list
    .slice(0, MOST_ADDRESSES)
    .map(({ name = '', address = '' }) => ({
      name: decodeName(name, encodedWords, hint),
      address: decodeAddress(address, encodedWords),
    }))
    .map(each => (each.address === '' ? (mailboxIn(each.name) ?? each) : each))
    .filter(each => each.name !== '' || each.address !== '')
}

/** The same without what is no address and what stands there twice; addresses in lower case. */
export function addressesIn(values: readonly string[], hint = ''): Address[] {
  const addresses = new Map<string, Address>()
  let remaining = LONGEST
  for (const value of values) {
    for (const each of remaining > 0 ? writtenAddresses(value.slice(0, remaining), hint) : []) {
      const address = normaliseAddress(each.address)
      if (address && !addresses.has(address)) addresses.set(address, { address, name: each.name })
    }
    remaining -= value.length
  }
  return [...addresses.values()].slice(0, MOST_ADDRESSES)
}

/** Some programs encode all of a mailbox as if it were a name. */
function mailboxIn(name: string): Written | undefined {
  const found = /^(?:(.{0,200}?)\s{0,10}<)?([^\s@<>]{1,64}@[^\s@<>]{1,255})>?$/.exec(name)
  return found ? { name: (found[1] ?? '').replace(/^(["'])(.*)\1$/s, '$2'), address: found[2] ?? '' } : undefined
}

/** What is miswritten often enough: a quote that does not end, `<mailto:a@b>`, `<<a@b>>`. */
function cleaned(list: string): string {
  const quotes = list.match(/(?<!\\)"/g)?.length ?? 0
  return (quotes % 2 === 1 ? list.replaceAll('"', '') : list)
    .replace(/<{1,5}\s{0,5}mailto:/gi, '<')
    .replace(/<{2,5}/g, '<')
    .replace(/>{2,5}/g, '>')
}

/** Bytes are decoded before the list is taken apart, so that none of them is taken for a sign. */
function decodeRawParts(value: string, hint: string): string {
  return value
    .split(/(\uE000\d{1,6}\uE001)/)
    .map(part => (part.startsWith('\uE000') ? part : decodeRaw(part, hint)))
    .join('')
}

function decodeName(name: string, encodedWords: readonly string[], hint: string): string {
  const words = name.replace(/\uE000(\d{1,6})\uE001/g, (_, at: string) => encodedWords[Number(at)] ?? '')
  const decoded = words === name ? name : decodeMixed(name, encodedWords, hint)
  return oneLine(decoded.replace(/^(["'])(.*)\1$/s, '$2'))
}

/** Adjacent words in one go, since a character may be split between them. */
function decodeMixed(name: string, encodedWords: readonly string[], hint: string): string {
  return name.replace(/(?:\uE000\d{1,6}\uE001\s{0,20}){1,500}/g, run => {
    const words = [...run.matchAll(/\d{1,6}/g)].map(([at]) => encodedWords[Number(at)] ?? '')
    return decodeWords(words.map(word => word.trim()).join(' '), hint) + (/\s$/.test(run) ? ' ' : '')
  })
}

/** RFC 2047 section 5 allows no words in an address; some programs put the whole mailbox into one. */
function decodeAddress(address: string, encodedWords: readonly string[]): string {
  if (!address.includes('\uE000')) return address.trim()
  const decoded = decodeMixed(address, encodedWords, '').trim()
  return /^[^\s@<>]{1,64}@[^\s@<>]{1,255}$/.test(decoded) ? decoded : ''
}
