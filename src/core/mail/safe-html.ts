// HTML that may be shown.
import sanitize, { type Attributes, type IOptions, type Tag } from 'sanitize-html'
import { ATTRIBUTES, COLOUR, STYLES, TAGS, WITHOUT_CONTENT } from './allowed-html.ts'
import { keepInBox } from './html-box.ts'

/** HTML of a mail that may be shown to anyone. */
export interface SafeHtml {
  /**
   * A fragment for a `<div>` of the body, which it does not leave: no script, form, frame, comment or style sheet, no
   * name or id, and no style that positions.
   */
  html: string
  /** Pictures that lie elsewhere, so that showing them would tell their owner who reads when. */
  remote: number
}

export interface Showing {
  /** Pictures that came with the mail: `data:` URLs by Content-ID without brackets, lower case. */
  pictures: ReadonlyMap<string, string>
  /** Whether the reader asked for pictures that lie elsewhere. Else a link stands for each. */
  remote: boolean
}

const LONGEST = 1_000_000 // characters; a longer one is cut
const DEEPEST = 200 // elements within each other that are shown
const DEEPEST_READ = 1_000 // more than people write

const KNOWN_TAGS: ReadonlySet<string> = new Set(TAGS)

const PICTURE = /^data:image\/(?:png|jpe?g|gif|webp|bmp);base64,[A-Za-z0-9+/=\s]{1,}$/i

/** Elements lie within each other so deeply that working on them takes time by the square. */
class TooDeep extends Error {}

/** What a reader may see of HTML that somebody sent, in time that grows with its length alone; null if it is too deep. */
export function safeHtml(html: string, showing: Showing): SafeHtml | null {
  try {
    return boxHtml(html.slice(0, LONGEST), showing)
  } catch (error) {
    if (error instanceof TooDeep) return null
    throw error
  }
}

function boxHtml(text: string, showing: Showing): SafeHtml {
  let depth = 0
  let remote = 0
  let links = 0
  const picture = (attribs: Attributes): Tag => {
    const src = (attribs.src ?? '').replace(/[\s\u0000-\u001F]+/g, '')
    const alt = attribs.alt?.trim() ?? ''
    const embeddedPicture = /^cid:/i.test(src) ? showing.pictures.get(contentIdOf(src)) : undefined
    if (embeddedPicture !== undefined || PICTURE.test(src))
      return { tagName: 'img', attribs: { ...attribs, src: embeddedPicture ?? src } }
    if (!/^https?:\/\//i.test(src)) return { tagName: 'span', attribs: {}, ...standIn(alt) }
    remote += 1
    if (showing.remote) return { tagName: 'img', attribs: { ...attribs, src } }
    if (isTiny(attribs)) return { tagName: 'span', attribs: {} }
    const label = { text: `[picture${alt ? `: ${alt}` : ''}]` }
    return links > 0
      ? { tagName: 'span', attribs: {}, ...label } // a link within a link would end it
      : { tagName: 'a', attribs: { ...OUTSIDE, href: src, title: 'This picture is stored elsewhere' }, ...label }
  }
  const options: IOptions = {
    allowedTags: TAGS,
    nonTextTags: WITHOUT_CONTENT,
    allowedAttributes: ATTRIBUTES,
    allowedStyles: { '*': STYLES },
    allowedSchemes: ['http', 'https', 'mailto', 'tel'],
    allowedSchemesByTag: { img: ['data', ...(showing.remote ? ['http', 'https'] : [])] },
    allowedSchemesAppliedToAttributes: ['href', 'src'],
    allowProtocolRelative: false,
    nestingLimit: DEEPEST,
    transformTags: {
      a: (tagName, attribs) => ({ tagName, attribs: isOutward(attribs.href) ? { ...attribs, ...OUTSIDE } : {} }),
      body: (_tagName, attribs) => ({ tagName: 'div', attribs: withGround(attribs) }),
      img: (_tagName, attribs) => picture(attribs),
      '*': (tagName, attribs) => ({ tagName, attribs: withoutWideValues(attribs) }),
    },
    onOpenTag: tag => {
      depth += 1
      if (depth > DEEPEST_READ) throw new TooDeep()
      if (tag === 'a') links += 1
    },
    onCloseTag: tag => {
      depth -= 1
      if (tag === 'a') links = Math.max(0, links - 1)
    },
  }
  const clean = sanitize(text, options).trim()
  return { html: keepInBox(clean, KNOWN_TAGS) ?? linesOf(text), remote }
}

const LINES = /^(?:address|blockquote|center|d[dlt]|div|figcaption|figure|h[1-6r]|li|[ou]l|p|pre|section|table|t[dhr])$/

/** The text alone, where tags are such that no two readers agree on what lies in what. */
function linesOf(html: string): string {
  const options: IOptions = {
    allowedTags: ['div', 'br'],
    allowedAttributes: {},
    nonTextTags: WITHOUT_CONTENT,
    nestingLimit: DEEPEST,
    transformTags: { '*': tagName => ({ tagName: LINES.test(tagName) ? 'div' : tagName, attribs: {} }) },
  }
  return sanitize(html, options).trim()
}

const OUTSIDE = { target: '_blank', rel: 'noopener noreferrer nofollow' }

function isOutward(href: string | undefined): boolean {
  return /^(?:https?|mailto|tel):/i.test(href?.trim() ?? '')
}

/** What colours a page colours the box that stands for it. */
function withGround({ bgcolor, ...attribs }: Attributes): Attributes {
  if (bgcolor === undefined || !COLOUR.test(bgcolor)) return attribs
  return { ...attribs, style: `background-color:${bgcolor};${attribs.style ?? ''}` }
}

/** Text in place of a picture that is not there. */
function standIn(alt: string): { text?: string } {
  return alt ? { text: `[picture: ${alt}]` } : {}
}

/** RFC 2392: a Content-ID in a URL is percent-encoded. */
function contentIdOf(src: string): string {
  const id = src.slice('cid:'.length).toLowerCase()
  try {
    return decodeURIComponent(id)
  } catch {
    return id
  }
}

/** A picture that is there to be loaded, not to be seen. */
function isTiny({ width = '', height = '' }: Attributes): boolean {
  return /^[0-3](?:px)?$/.test(width.trim()) || /^[0-3](?:px)?$/.test(height.trim())
}

/** Attributes that are styles under another name follow the same rules. */
function withoutWideValues(attribs: Attributes): Attributes {
  const allowedEntries = Object.entries(attribs).filter(([name, value]) => {
    if (name === 'bgcolor' || name === 'color') return COLOUR.test(value)
    if (/^(?:width|height|border|cellpadding|cellspacing|size|start|value)$/.test(name))
      return /^[+-]?\d{1,4}(?:px|%)?$/.test(value)
    return !/span$/.test(name) || /^\d{1,3}$/.test(value)
  })
  return Object.fromEntries(allowedEntries)
}
