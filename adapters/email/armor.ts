const MESSAGE = '-----BEGIN PGP SIGNED MESSAGE-----'
const SIGNATURE = '-----BEGIN PGP SIGNATURE-----'
const END = '-----END PGP SIGNATURE-----'

/** A text without the frame of a cleartext signature around it (RFC 9580 section 7); the raw message keeps the frame. */
export function withoutArmor(text: string): string {
  const start = text.indexOf(MESSAGE)
  const signature = start < 0 ? -1 : text.indexOf(`\n${SIGNATURE}`, start)
  if (signature < 0) return text
  // Headers such as "Hash: SHA512" end with an empty line.
  const head = /^[^\n]*\n(?:[A-Za-z-]{1,40}: [^\n]{0,200}\n)*[ \t]*\n?/.exec(text.slice(start, signature))?.[0] ?? ''
  const signed = text.slice(start + head.length, signature + 1).replace(/^- /gm, '') // section 7.1: dash-escaped lines
  const end = text.indexOf(END, signature)
  return `${text.slice(0, start)}${signed}${end < 0 ? '' : text.slice(end + END.length).replace(/^\r?\n/, '')}`
}
