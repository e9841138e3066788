import { type DefaultTreeAdapterTypes, parse } from 'parse5'

type Node = DefaultTreeAdapterTypes.ChildNode | DefaultTreeAdapterTypes.Document

const BLOCK = /^(?:p|div|li|ul|ol|blockquote|pre|h[1-6]|hr)$/

/**
 * The words that a page shows, read as a browser reads it: blanks that follow each other are one, those at the ends of a
 * line are none, and elements that keep white space keep it (https://www.w3.org/TR/css-text-3/#white-space-phase-1). A blank
 * that does not break counts as a blank.
 */
export function shownIn(html: string): string {
  let shown = ''
  const write = (text: string, keeps: boolean) => {
    // What is kept is written apart, so that nothing takes it for what may be left out.
    shown += keeps ? text.replace(/[ \t\n]/g, each => KEPT[each] ?? each) : text.replace(/[ \t\n\r\f]+/g, ' ')
  }
  const walk = (node: Node, keeps: boolean): void => {
    if (node.nodeName === '#text') write((node as DefaultTreeAdapterTypes.TextNode).value, keeps)
    if (node.nodeName === 'head') return
    if (node.nodeName === 'br') shown += KEPT['\n']
    const style = 'attrs' in node ? node.attrs.find(each => each.name === 'style')?.value : undefined
    const isBlock = BLOCK.test(node.nodeName)
    if (isBlock) shown += EDGE
    const pre = keeps || node.nodeName === 'pre' || /white-space:\s*pre/.test(style ?? '')
    if ('childNodes' in node) for (const each of node.childNodes) walk(each, pre)
    if (isBlock) shown += EDGE
  }
  walk(parse(html), false)
  return shown
    .replace(/ +/g, ' ')
    .replace(/ ?([\uF8F1\uF8F2]) ?/g, '$1')
    .replace(/^ | $/g, '')
    .replace(/\uF8F2+/g, EDGE)
    .replace(/^\uF8F2|\uF8F2$/g, '')
    .replace(/\uF8F2/g, '\n\n')
    .replace(/[\uF8F0\uF8F1\uF8F3\u00A0]/g, each => READ[each] ?? each)
}

/** Private characters of which the tests type none. */
const KEPT: Record<string, string> = { ' ': '\uF8F0', '\n': '\uF8F1', '\t': '\uF8F3' }
const READ: Record<string, string> = { '\uF8F0': ' ', '\uF8F1': '\n', '\uF8F3': '\t', '\u00A0': ' ' }
const EDGE = '\uF8F2'
