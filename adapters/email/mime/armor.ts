// What OpenPGP puts around a text within the text itself (RFC 9580 sections 6.2 and 7).

/** A line of its own, as programs also indent it. */
const FRAME =
  /^[ \t\u00a0]{0,8}-----(BEGIN|END) (PGP [A-Z]+(?: [A-Z]+)?|PKCS7|CMS)(?:, PART [\dX]{1,4}(?:\/\d{1,4})?)?-----[ \t\u00a0]*$/
const HEADER = /^[A-Za-z-]{1,40}: \S.{0,200}$/
/** What comes out of a key: letters without a blank. */
const ENCODED = /^[ \t\u00a0]{0,8}(?:[A-Za-z0-9+/]{24,}={0,2}|=[A-Za-z0-9+/]{4})[ \t\u00a0]*$/

/** An encrypted block that stood in a text. */
export interface ArmoredBlock {
  kind: 'pgp' | 'smime'
  text: string
}

/** A text without armor; the raw message keeps it. */
export interface Unarmored {
  text: string
  /** What only its recipient can read; a sentence stands in its place where there is other text. */
  encrypted: ArmoredBlock[]
}

/**
 * A text without the frames of cleartext signatures, their signatures and dash-escapes (RFC 9580 section 7), and
 * without encrypted blocks. What is quoted stays as it is.
 */
export function withoutArmor(text: string): Unarmored {
  if (!text.includes('-----BEGIN ')) return { text, encrypted: [] }
  const readable: (string | null)[] = [] // null: here stood an encrypted block
  const encrypted: ArmoredBlock[] = []
  const lines = text.split('\n')
  let signed = false // within a cleartext signature, whose lines are dash-escaped
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    const [, begins, what] = FRAME.exec(line) ?? []
    const end = begins === 'BEGIN' && what !== 'PGP SIGNED MESSAGE' ? endOfBlock(lines, at, what ?? '') : undefined
    if (begins === 'BEGIN' && what === 'PGP SIGNED MESSAGE') {
      signed = true
      at = endOfHeaders(lines, at)
    } else if (what === 'PGP SIGNATURE' && (end !== undefined || signed)) {
      signed = false
      at = end ?? at
    } else if ((what === 'PGP MESSAGE' || what === 'PKCS7' || what === 'CMS') && end !== undefined) {
      const block = lines.slice(at, end + 1).map(each => each.trim())
      encrypted.push({ kind: what === 'PGP MESSAGE' ? 'pgp' : 'smime', text: `${block.join('\n')}\n` })
      readable.push(null)
      at = end
    } else {
      readable.push(signed ? line.replace(/^- /, '') : line)
    }
  }
  const isAlone = readable.every(line => !line?.trim())
  return { text: isAlone ? '' : readable.map(line => line ?? ENCRYPTED_HERE).join('\n'), encrypted }
}

const ENCRYPTED_HERE = '(This part is encrypted; only its recipient can open it.)'

/** The last line of the headers of a cleartext signature and the empty one below them (section 7.1). */
function endOfHeaders(lines: readonly string[], start: number): number {
  let at = start + 1
  while (HEADER.test(lines[at] ?? '')) at += 1
  return (lines[at] ?? '').trim() === '' ? at : at - 1
}

/** The last line of a block; undefined for a frame with nothing in it, as somebody shows who writes about it. */
function endOfBlock(lines: readonly string[], start: number, what: string): number | undefined {
  let encoded = start
  for (let at = start + 1; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    const [, begins, other] = FRAME.exec(line) ?? []
    if (begins === 'END' && other === what) return at
    if (begins === 'BEGIN') break
    if (ENCODED.test(line)) encoded = at
  }
  return encoded > start ? encoded : undefined
}

/** Whether a file begins as armored text of this kind does. */
export function isArmored(start: Buffer, what: 'MESSAGE' | 'SIGNATURE' | 'PUBLIC KEY BLOCK'): boolean {
  return new RegExp(`^(?:\\xef\\xbb\\xbf)?\\s{0,40}-----BEGIN PGP ${what}`).test(
    start.subarray(0, 200).toString('latin1'),
  )
}
