// The elements, attributes and styles that a shown mail may have.

/** A colour as mails name one. */
export const COLOUR = /^(?:#[0-9a-f]{3,8}|[a-z]{3,30}|(?:rgb|hsl)a?\([\d\s.,%/]{1,40}\))$/i
const LENGTH = String.raw`(?:\d{1,4}(?:\.\d{0,6})?|\.\d{1,6})(?:px|pt|pc|em|rem|ex|ch|in|cm|mm|%)?`
const LENGTHS = new RegExp(`^(?:${LENGTH}|auto)(?: (?:${LENGTH}|auto)){0,3}$`, 'i')
const ONE_LENGTH = new RegExp(`^(?:${LENGTH}|auto|none|normal|thin|medium|thick)$`, 'i')
const WORD = /^[a-z-]{2,30}$/i
const BORDER =
  /^(?:[a-z]{2,30}|#[0-9a-f]{3,8}|rgba?\([\d\s.,%/]{1,40}\)|\d{1,3}(?:\.\d{1,6})?(?:px|pt|em)?)(?: (?:[a-z]{2,30}|#[0-9a-f]{3,8}|rgba?\([\d\s.,%/]{1,40}\)|\d{1,3}(?:\.\d{1,6})?(?:px|pt|em)?)){0,3}$/i
const FONT_SIZE = new RegExp(`^(?:${LENGTH}|(?:x{1,2}-)?(?:small|large)|medium|smaller|larger)$`, 'i')

/** Nothing that positions, nothing that loads, no negative length: what is left stays where its element is. */
export const STYLES: Record<string, RegExp[]> = {
  ...all(['color', 'background', 'background-color', 'border-color', 'text-decoration-color'], COLOUR),
  ...all(['padding', 'margin', 'border-width', 'border-radius', 'border-spacing'], LENGTHS),
  ...sides('padding', LENGTHS),
  ...sides('margin', LENGTHS),
  ...sides('border', BORDER),
  ...all(['border', 'outline'], BORDER),
  ...all(['width', 'height', 'max-width', 'max-height', 'min-width', 'min-height', 'text-indent'], ONE_LENGTH),
  ...all(['line-height', 'letter-spacing', 'word-spacing'], ONE_LENGTH),
  'font-size': [FONT_SIZE],
  'font-family': [/^[\w\s,'"-]{1,200}$/],
  'font-weight': [/^(?:[a-z]{3,10}|[1-9]00)$/],
  'vertical-align': [WORD, ONE_LENGTH],
  ...all(['font-style', 'font-variant', 'text-align', 'text-decoration', 'text-transform', 'white-space'], WORD),
  ...all(['border-style', 'border-collapse', 'list-style', 'list-style-type', 'direction', 'table-layout'], WORD),
  ...all(['word-break', 'word-wrap', 'overflow-wrap', 'clear', 'float'], WORD),
  display: [/^(?:none|block|inline|inline-block|list-item|table(?:-row|-cell|-row-group)?)$/],
}

/** Elements that mails are laid out with. */
export const TAGS = [
  'a',
  'abbr',
  'address',
  'b',
  'bdi',
  'bdo',
  'big',
  'blockquote',
  'br',
  'caption',
  'center',
  'cite',
  'code',
  'col',
  'colgroup',
  'dd',
  'del',
  'dfn',
  'div',
  'dl',
  'dt',
  'em',
  'figcaption',
  'figure',
  'font',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'hr',
  'i',
  'img',
  'ins',
  'kbd',
  'li',
  'mark',
  'ol',
  'p',
  'pre',
  'q',
  's',
  'samp',
  'section',
  'small',
  'span',
  'strike',
  'strong',
  'sub',
  'sup',
  'table',
  'tbody',
  'td',
  'tfoot',
  'th',
  'thead',
  'tr',
  'tt',
  'u',
  'ul',
]

/** Whose content is nothing to read. */
export const WITHOUT_CONTENT = ['style', 'script', 'title', 'xml', 'template', 'noscript', 'textarea', 'option', 'svg']

/** Attributes by element, none of which loads anything by itself but `src`. */
export const ATTRIBUTES: Record<string, string[]> = {
  '*': ['style', 'align', 'valign', 'dir', 'lang', 'title', 'bgcolor', 'width', 'height'],
  a: ['href', 'target', 'rel'],
  img: ['src', 'alt'],
  table: ['border', 'cellpadding', 'cellspacing'],
  td: ['colspan', 'rowspan'],
  th: ['colspan', 'rowspan'],
  col: ['span'],
  colgroup: ['span'],
  font: ['color', 'face', 'size'],
  ol: ['start', 'type'],
  li: ['value'],
}

function all(names: readonly string[], value: RegExp): Record<string, RegExp[]> {
  return Object.fromEntries(names.map(name => [name, [value]]))
}

function sides(name: string, value: RegExp): Record<string, RegExp[]> {
  return all(
    ['top', 'right', 'bottom', 'left'].map(side => `${name}-${side}`),
    value,
  )
}
