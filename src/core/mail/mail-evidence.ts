/** What classifying looks at; header names in lower case, every value of a repeated header. */
export interface Evidence {
  header(name: string): string[]
  /** Media type of the whole message, lower case, with its `report-type` if it has one. */
  contentType: string
  reportType: string
  fromAddress: string | null
  /** The sender as it names itself; '' where it does not. */
  fromName?: string
  /** Envelope sender '' (RFC 5321 section 4.5.5); null where it is not known. */
  envelopeFrom: string | null
  subject?: string
  /** Its text, of which the beginning is looked at. */
  text?: string
  /** What its delivery status tells of: nothing but success, anything else, or null where it has none. */
  delivered?: boolean | null
}

export function first(evidence: Evidence, name: string): string {
  return (evidence.header(name)[0] ?? '').trim().toLowerCase()
}

/** The keyword of RFC 3834 section 5 without comments and parameters, '' if there is none. */
export function autoSubmitted(evidence: Evidence): string {
  return first(evidence, 'auto-submitted')
    .slice(0, 1_000)
    .replace(/\([^()]*\)/g, ' ')
    .trim()
    .replace(/[\s;(].*$/s, '')
}
