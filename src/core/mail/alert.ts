// Alerts of machines: what they are about, and whether all is well again.
import { hash } from 'node:crypto'

/** What a machine tells of something it watches. */
export interface Alert {
  /** The same for each repeat, and for the note that all is well again. */
  key: string
  recovered: boolean
}

const LONGEST = 20_000 // characters of a text that are looked at

/** Words for a state that something is in, which change from one mail to the next. */
const TROUBLE =
  /\b(?:problem|critical|crit|warning|warn|unknown|unreachable|down|alert(?:ing)?|alarm|firing|triggered|failed|failure|fail|error|errors|unavailable|offline|degraded|major|minor|disaster|average|high|emergency|exceeded|timeout|timed out|overdue|missed|unhealthy|fehler|fehlgeschlagen|warnung|kritisch|störung|ausgefallen|échec|erreur|critique|avertissement|alerte|fallo|fallido|advertencia|crítico|errore|fallito|avviso|critico|falha|aviso)\b/giu
const WELL =
  /\b(?:recover(?:y|ed|s)?|resolved|ok|okay|up|cleared?|back to normal|normal|online|restored|healthy|succeeded|success(?:ful(?:ly)?)?|closed|fixed|solved|available again|back up|ended|behoben|wieder (?:da|ok|erreichbar|verfügbar)|erfolgreich|résolue?|rétablie?|resuelto|recuperado|risolto|ripristinato|resolvido)\b/giu
/** What a recovery note says of itself where it stands first, or in brackets, so that "backup is up to date" is none. */
const RECOVERED =
  /^[\s*[\](){}<>|!✅🟢✔:.-]{0,12}(?:recover(?:y|ed)|resolved|ok|okay|up|clear(?:ed)?|normal|restored|solved|back (?:to normal|up|online)|behoben|résolue?|rétablie?|resuelto|risolto|resolvido)\b|[[({](?:recover(?:y|ed)|resolved|ok|up|cleared?|normal)(?::\s?\d+)?[\])}]|\b(?:is|are|is back|now|->|to|state|status:?)\s(?:ok|up|normal|resolved|recovered|online|healthy|back to normal)\b(?! to date)|\bhas (?:been (?:resolved|restored)|recovered)\b|\brecovery\b|\b(?:status|alarm|alert) (?:is )?(?:cleared|resolved|ended)\b|\b(?:wieder (?:erreichbar|verfügbar|ok))\b/iu

/** Times, shares and amounts, which differ from one mail to the next about the same thing. */
const VALUES: readonly RegExp[] = [
  /\b\d{4}-\d{2}-\d{2}(?:[t ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:z|[+-]\d{2}:?\d{2})?)?/gi,
  /\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b/g,
  /\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},?\s/gi,
  /\b\d{1,2}\.?\s(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?(?:\s\d{4})?/gi,
  /\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?\s\d{1,2}(?:,?\s\d{4})?\b/gi,
  /\b\d{1,2}:\d{2}(?::\d{2})?(?:\s?[ap]m)?(?:\s(?:utc|gmt|cet|cest|est|edt|pst|pdt))?\b/gi,
  /\b\d+(?:[.,]\d+)?\s?(?:%|percent|prozent|[kmgtp]i?b|bytes?|ms|s|sec(?:ond)?s?|min(?:ute)?s?|h|hours?|d|days?|°c|rpm|v|w|a)\b/gi,
  /\b\d+(?:[.,]\d+)?\s?%/g,
  /(?:#|\bno\.?\s|\bid[:= ]\s?|\bjob\s)\d+/gi,
  /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi,
  /:\s?\d+(?=[\])}])/g, // [FIRING:3]
]

/**
 * What an alert is about. A subject that tells of a state names the thing in all of its mails; of any other, only the
 * same text again is a repeat, since orders and reports bear the same subject day after day.
 */
export function alertOf({ from, subject, text }: { from: string; subject: string; text: string }): Alert {
  const written = subject.slice(0, 500).replace(/^\s*(?:(?:re|fwd?)\s*:\s*)+/i, '')
  const thing = withoutState(withoutValues(written.toLowerCase()))
  const stateful = hasState(written) && /[\p{L}\p{N}]{2}/u.test(thing)
  const about = stateful
    ? thing
    : `${withoutValues(written.toLowerCase())}\n${withoutValues(text.slice(0, LONGEST).toLowerCase())}`
  return {
    key: hash('sha256', JSON.stringify([from, about.replace(/\s+/g, ' ').trim()])),
    recovered: RECOVERED.test(written),
  }
}

/** Whether a subject tells of the state that something is in. */
export function hasState(subject: string): boolean {
  return subject.search(TROUBLE) >= 0 || RECOVERED.test(subject)
}

function withoutValues(text: string): string {
  return VALUES.reduce((rest, value) => rest.replace(value, ' '), text)
}

function withoutState(text: string): string {
  return text
    .replace(TROUBLE, ' ')
    .replace(WELL, ' ')
    .replace(/\b(?:is|are|was|has|been|in|for|after|since|now|still|again|new|state|status|notification)\b/g, ' ')
    .replace(/[^\p{L}\p{N}./@_-]+/gu, ' ')
}
