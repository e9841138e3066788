// Signatures and footers at the end of a text.
import { mailWords } from '../../../mail-words.ts'
import { isBlank, isRule, MARKS } from './lines.ts'

const LONGEST_SIGNATURE = 40 // lines below the delimiter of RFC 3676
const LONGEST_BARE_SIGNATURE = 15 // lines below one that lost its blank
const LONGEST_LIST_FOOTER = 8
const LONGEST_PHONE_LINE = 120 // characters
const MOST_FOOTER_LINES = 30

/** Takes one thing off the end of what was written: a signature, a telephone's line, a footer. The new length. */
export function withoutEnding(lines: readonly string[], length: number): number {
  const end = trimmedEnd(lines, length)
  return (
    markedSignature(lines, end) ??
    phoneLine(lines, end) ??
    signatureStart(lines, end) ??
    tableSignature(lines, end) ??
    antivirusLine(lines, end) ??
    listFooter(lines, end) ??
    legalFooter(lines, end) ??
    end
  )
}

/** The length without blank lines at the end. */
export function trimmedEnd(lines: readonly string[], length: number): number {
  let end = length
  while (end > 0 && isBlank(lines[end - 1])) end -= 1
  return end
}

function markedSignature(lines: readonly string[], end: number): number | undefined {
  if (!lines[end - 1]?.includes(MARKS.signatureEnd)) return undefined
  for (let at = end - 1; at >= Math.max(0, end - 200); at -= 1) {
    if (!lines[at]?.includes(MARKS.signature)) continue
    // Some programs draw a line above it.
    const above = trimmedEnd(lines, at)
    return above > 1 && isRule(lines[above - 1] ?? '') ? above - 1 : at
  }
  return undefined
}

/** RFC 3676 section 4.3: "-- " on its own; many programs lose the blank. */
function signatureStart(lines: readonly string[], end: number): number | undefined {
  for (let at = end - 1; at >= Math.max(0, end - LONGEST_SIGNATURE - 1); at -= 1) {
    const line = (lines[at] ?? '').replace(/\r$/, '')
    if (line === '-- ' || ((line === '--' || line === '--\u00a0') && end - at - 1 <= LONGEST_BARE_SIGNATURE)) return at
  }
  return undefined
}

const LONGEST_ANTIVIRUS = 8 // lines, with the links between

/** "Virus-free. www.avast.com", with its links and pictures on lines of their own. */
function antivirusLine(lines: readonly string[], end: number): number | undefined {
  let start: number | undefined
  let maker = false
  for (let at = end - 1; at >= Math.max(0, end - LONGEST_ANTIVIRUS); at -= 1) {
    const line = (lines[at] ?? '').slice(0, 1_000)
    maker ||= /\b(?:avast|avg)\.com\b/i.test(line)
    const scanned = line.length < 200 && mailWords().virus.some(word => line.toLowerCase().includes(word))
    if (scanned) start = at
    else if (!isBlank(line) && !/avast|avg\.com|^\s*[<[(]?(?:https?:|#|image)|^\s*\[/i.test(line)) break
  }
  if (start === undefined || !maker) return undefined
  while (start > 0 && /^\s*[<[].{0,1000}(?:avast|avg)\.com/i.test(lines[start - 1] ?? '')) start -= 1
  return start
}

/** NetEase lays the name and the address of the writer out as a table, whose first row is empty. */
function tableSignature(lines: readonly string[], end: number): number | undefined {
  if (!/^\s{0,8}\|/.test(lines[end - 1] ?? '')) return undefined
  for (let at = end - 1; at >= Math.max(0, end - 12) && !isBlank(lines[at]); at -= 1) {
    if (/^\s{0,8}\|\s{0,8}\|/.test(lines[at] ?? '')) return at
  }
  return undefined
}

/** What a mailing list puts below: a rule, and then little with an address in it. */
function listFooter(lines: readonly string[], end: number): number | undefined {
  for (let at = end - 2; at >= Math.max(0, end - LONGEST_LIST_FOOTER - 1); at -= 1) {
    if (!/^_{2,}\s*$/.test(lines[at] ?? '')) continue
    const below = lines.slice(at + 1, end).join('\n')
    return /mailing list|mailman|listinfo|unsubscribe|https?:\/\/\S{1,200}list/i.test(below) ? at : undefined
  }
  return undefined
}

function phoneLine(lines: readonly string[], end: number): number | undefined {
  const line = lines[end - 1] ?? ''
  if (saysSentFrom(line)) return end - 1
  // Some wrap it, or put a link below it.
  const above = lines[end - 2] ?? ''
  if (saysSentFrom(above) && /^\s{0,8}<?https?:\/\/\S{1,500}\s*$|^\s{0,8}\S{1,30}\s*$/.test(line)) return end - 2
  return undefined
}

/** "Sent from my telephone", in any of the languages. */
export function saysSentFrom(line: string): boolean {
  if (line.length > 600) return false
  const whole = line
    .replace(/<[^<>]{0,400}>|\[https?:[^\][]{0,400}\]/g, '')
    .replace(/^[\s>*_–—<(-]{1,20}/, '')
    .replace(/[\s*_>)]{1,20}$/, '')
    .toLowerCase()
    .normalize('NFC')
  const sentence = withoutExcuse(whole)
  if (sentence.length === 0 || sentence.length > LONGEST_PHONE_LINE) return false
  const ended = /[.!]$/.test(sentence) ? sentence.slice(0, -1) : sentence
  if (/[.!?:] \p{L}/u.test(ended)) return false
  if (/^from my \S{1,20}(?: \S{1,20}){0,2}$/.test(ended)) return namesProgram(ended)
  return (
    (mailWords().sentFrom.some(words => ended.startsWith(words)) && namesProgram(ended)) ||
    (mailWords().sentFromEnds.some(words => ended.endsWith(words)) &&
      /iphone|ipad|android|outlook|posta|samsung|galaxy|mail|huawei|xiaomi/.test(ended))
  )
}

/** Without a second sentence that asks to excuse the first. */
function withoutExcuse(text: string): string {
  const at = text.search(/[.,!;:] {1,3}\S/)
  const behind = at < 0 ? '' : text.slice(at + 1).trim()
  return mailWords().excuses.some(words => behind.startsWith(words)) && !/[.!?:] \p{L}/u.test(behind)
    ? text.slice(0, at)
    : text
}

/** A telephone or a program stands in the line, or it is as short as these are. */
function namesProgram(sentence: string): boolean {
  if (sentence.split(' ').length > 14) return false
  if (/(?<!\p{L})(?:i|we|you|he|she|they|was|were|to you|to me|the attached|yesterday|today)(?!\p{L})/u.test(sentence))
    return false
  return (
    mailWords().devices.some(name => sentence.includes(name)) ||
    /\b(?:ios|app|nine|front|shift|cell|device)\b/.test(sentence) ||
    /^sent (?:from|via) (?:my|typeapp|spark|superhuman)|^(?:von meinem|envoyé de mon|enviado desde mi|inviato dal mio)/.test(
      sentence,
    )
  )
}

/** The last paragraph, if it is what lawyers have put below every mail. */
function legalFooter(lines: readonly string[], end: number): number | undefined {
  let start = end
  while (start > 0 && end - start < MOST_FOOTER_LINES && !isBlank(lines[start - 1])) start -= 1
  if (start === 0) return undefined
  const paragraph = lines.slice(start, end).join(' ').toLowerCase().normalize('NFC')
  if (/^(?:🌳|p |♻)?\s?(?:please )?(?:consider|think of|think about) the environment before printing/u.test(paragraph))
    return start
  if (paragraph.length < 60 || paragraph.length > 6_000) return undefined
  const signs = mailWords().legal.filter(words => paragraph.includes(words)).length
  if (signs < 3 && !(signs === 2 && paragraph.length > 150)) return undefined
  if (!OPENS_LEGAL.test(paragraph)) return undefined
  const above = trimmedEnd(lines, start)
  return above > 0 && isRule(lines[above - 1] ?? '') ? above - 1 : start
}

/** These texts speak of the mail itself, "this message", or of the register their firm stands in. */
const OPENS_LEGAL =
  /(?:this|the following|diese[rs]?|ce|cet|présent|este|esta|esse|essa|questo|questa|presente|dit|deze|ta|ten|tej|niniejsz[ay]|denne|dette|detta|tämän?|tento|tato|это|этого|данное|настоящее|цей|це|bu|본)\s(?:\p{L}{1,20}[\s/]){0,2}(?:e-?mail|email|message|communication|mail|nachricht|courriel|correo|mensaje|messaggio|mensagem|bericht|wiadomo|meddelelse|melding|meddelande|viesti|zpráv|сообщени|письмо|повідомлення|лист|ileti|mesaj|메일|이메일)|(?:この|本)(?:電子)?(?:メール|邮件|郵件)|handelsregister|amtsgericht|disclaimer|aviso legal|aviso de confidencia|avviso di riservatezza|avis de confidentialité|confidentiality notice|e-postmeddelande|informazioni contenute in quest|printing this/u
