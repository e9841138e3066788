/** Endings that systems run when somebody opens them (https://learn.microsoft.com/microsoft-365/security and Gmail's list of blocked types). */
const PROGRAM =
  /\.(?:ade|adp|apk|app|appref-ms|appx|appxbundle|bat|cab|chm|cmd|com|cpl|diagcab|dll|dmg|ex|exe|gadget|hta|inf|ins|iso|isp|img|jar|jnlp|js|jse|lib|mde|mjs|msc|msi|msix|msixbundle|msp|mst|nsh|pif|pkg|ps1|psc1|psm1|py|pyw|reg|rb|scf|scr|sct|sh|sys|vb|vbe|vbs|vhd|vhdx|vxd|wsc|wsf|wsh|xll)$/i
const SHORTCUT = /\.(?:desktop|lnk|url|webloc|search-ms|library-ms|settingcontent-ms)$/i
const MACROS = /\.(?:docm|dotm|xlsm|xltm|xlsb|xlam|pptm|potm|ppam|ppsm|sldm|one|iqy|slk)$/i
const PAGE = /\.(?:html?|xhtml|shtml|svgz?|mht|mhtml)$/i
/** Shown as one kind of file and opened as another: `invoice.pdf.exe`. */
const TWO_FACED = /\.(?:docx?|gif|jpe?g|mp3|mp4|odt|pdf|png|pptx?|txt|xlsx?|zip)[\s._-]{0,100}\.[a-z0-9]{2,4}$/i

/** Why a file should be opened with care, in a few words; null where its name and type say nothing of the kind. */
export function fileDanger(name: string, type: string): string | null {
  const program =
    PROGRAM.test(name) ||
    /^application\/(?:x-(?:msdownload|msdos-program|dosexec|sh|bat)|hta|java-archive|vnd\.microsoft\.portable-executable)$/.test(
      type,
    )
  if (program) return TWO_FACED.test(name) ? 'a program disguised as a document' : 'can run programs'
  if (SHORTCUT.test(name)) return 'can open another file or page'
  if (MACROS.test(name)) return 'can contain macros'
  if (PAGE.test(name) || type === 'text/html' || type === 'image/svg+xml') return 'can contain scripts'
  return null
}

const MAIL_TYPE = /^(?:message\/.*|text\/rfc822-headers|application\/(?:mbox|(?:vnd\.)?ms-(?:outlook|tnef)))$/
const MAIL_NAME = /\.(?:eml|emlx|emltpl|msg|oft|mbox|mbx|pst|ost|tnef)$|^winmail\.dat$/i

/** Whether a file is a mail, several or the head of one, as any program keeps it: it may hold what others must not see. */
export function isMailFile({ name, type }: { name: string; type: string }): boolean {
  return MAIL_TYPE.test(type) || MAIL_NAME.test(name)
}

/** The same, or a file into which a program put what a mail quotes, or its text in another form. */
export function holdsMail(file: { name: string; type: string; quotesUs?: true }): boolean {
  return isMailFile(file) || file.quotesUs === true
}

const LONGEST = 200 // bytes; file systems take 255
/** Names that are devices on Windows, whatever ending stands behind (https://learn.microsoft.com/windows/win32/fileio/naming-a-file). */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(?:\.|$)/i

/** A name that is one on every system: no path, no device, no signs that systems refuse; its ending is kept. */
export function safeFileName(name: string): string {
  const plain = name
    .replace(/^.*[\\/]/s, '')
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029\uE000\uE001<>:"|?*]/gu, '_')
    .trim()
  const ended = withoutEnd(plain)
  const named = DEVICE.test(ended) ? `_${ended}` : ended
  if (Buffer.byteLength(named) <= LONGEST) return named
  const ending = /\.[^.\s]{1,12}$/.exec(named)?.[0] ?? ''
  let stem = named.slice(0, LONGEST)
  while (Buffer.byteLength(stem) > LONGEST - ending.length - 3) stem = stem.slice(0, -1)
  return `${withoutEnd(stem.replace(/[\uD800-\uDBFF]$/, ''))}…${ending}`
}

/**
 * A name to write a file under that a stranger chose: safe everywhere, not hidden, and no option of a program that is
 * given `*`; blanks do not push its ending out of sight. '' where nothing is left.
 */
export function nameToSave(name: string): string {
  return safeFileName(name.toWellFormed().replace(/\s+/g, ' ')).replace(/^[-+.~\s]+/, '_')
}

/** The same for names that some file systems take for one: those of capitals and of composed letters. */
export function nameKey(name: string): string {
  return name.normalize('NFKC').toLowerCase()
}

/** Systems drop dots and blanks at the end. */
function withoutEnd(name: string): string {
  let end = name.length
  while (end > 0 && (name[end - 1] === '.' || name[end - 1] === ' ')) end -= 1
  return name.slice(0, end)
}
