/** HTML that stays within the element that it is put into, by the rules that browsers read it by. */
import {
  type DefaultTreeAdapterMap,
  defaultTreeAdapter,
  html,
  parse,
  parseFragment,
  serialize,
  type TreeAdapter,
} from 'parse5'

type Element = DefaultTreeAdapterMap['element']

const MOST_REWRITES = 5 // what is written again is seldom read otherwise once more
const BESIDES = 10_000 // characters of tags that a reader may add to a short text

/** What a reader makes of the HTML is more than it says, or holds something that is not on the list. */
class Refused extends Error {}

/**
 * The HTML as it is if a browser leaves all of it within a `<div>` of the body; else the same written again from what a
 * browser makes of it (https://html.spec.whatwg.org/multipage/parsing.html: an `li` closes the one before, and what lies
 * between), so that it does. null if it cannot be, or has other tags than these. Takes time that grows with its length.
 */
export function keepInBox(text: string, tags: ReadonlySet<string>): string | null {
  const treeAdapter = limitedTree(2 * text.length + BESIDES, tags)
  try {
    let written = text
    for (let count = 0; count <= MOST_REWRITES; count += 1) {
      if (staysInBox(written, treeAdapter())) return written
      written = serialize(parseFragment(BOX, written, { treeAdapter: treeAdapter() }))
    }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
  }
  return null
}

/** Whether nothing comes to lie beside the box, and what stands behind it stays there. */
function staysInBox(text: string, treeAdapter: TreeAdapter<DefaultTreeAdapterMap>): boolean {
  const { childNodes } = parse(`<!doctype html><body><div>${text}</div><hr>`, { treeAdapter })
  const [, root] = childNodes
  const [head, body] = (root as Element).childNodes as Element[]
  const inBody = body?.childNodes.map(each => each.nodeName).join(' ')
  return childNodes.length === 2 && head?.childNodes.length === 0 && inBody === 'div hr'
}

/** What stands around the text while it is read; the last is parse5's own name for the root of a fragment. */
const FRAME = new Set(['html', 'head', 'body', 'div', 'hr', 'documentmock'])
const BOX = defaultTreeAdapter.createElement('div', html.NS.HTML, [])

/** Trees of at most so many characters of tags: what is not closed is opened again and again. */
function limitedTree(most: number, tags: ReadonlySet<string>): () => TreeAdapter<DefaultTreeAdapterMap> {
  return () => {
    let length = 0
    return {
      ...defaultTreeAdapter,
      createElement(tagName, namespace, attributes) {
        length += attributes.reduce((sum, { name, value }) => sum + name.length + value.length, tagName.length)
        if (length > most || !(tags.has(tagName) || FRAME.has(tagName))) throw new Refused()
        return defaultTreeAdapter.createElement(tagName, namespace, attributes)
      },
    }
  }
}
