// Programs that write HTML as plain text put behind each address where it leads: `eve@x.example<mailto:eve@x.example>`.

const LEADS = /[<[](mailto:|https?:\/\/)([^\s<>[\]]{1,2000})[>\]]/gi
/** What an address may stand behind. */
const BEGINS = /[\s<>()[\]{}"'“„«:;,]/

/** A text without what says once more of an address where it leads; what leads elsewhere stays. */
export function withoutLinkTwins(text: string): string {
  let result = ''
  let at = 0
  for (const found of text.matchAll(LEADS)) {
    const [all, scheme = '', rest = ''] = found
    const end = /[ \t]/.test(text[found.index - 1] ?? '') ? found.index - 1 : found.index
    if (end < at || !isShown(text, end, scheme, rest)) continue
    result += text.slice(at, end)
    at = found.index + all.length
  }
  return result + text.slice(at)
}

/** Whether the text in front of this place shows where the link leads. */
function isShown(text: string, end: number, scheme: string, rest: string): boolean {
  const isMail = scheme.toLowerCase() === 'mailto:'
  const bare = rest.replace(/\/$/, '')
  const forms = isMail ? [rest] : [scheme + rest, scheme + bare, rest, bare]
  return forms.some(form => {
    const start = end - form.length
    const shown = text.slice(Math.max(0, start), end)
    const isSame = isMail ? shown.toLowerCase() === form.toLowerCase() : shown === form
    return isSame && (start === 0 || BEGINS.test(text[start - 1] ?? ''))
  })
}
