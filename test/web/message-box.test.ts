import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { safeHtml } from '../../src/core/mail/safe-html.ts'
import { messagePage } from '../../src/web/message-page.ts'
import { chromiumMissing, startBrowser } from '../support/browser.ts'
import { SeededRandom } from '../support/seeded-random.ts'

const CASES = resolve(import.meta.dirname, '../cases/box')

/** What a reader would take for the desk's own words if it stood outside the box. */
const LIE = '<h1>Password reset by the desk</h1><dl><dt>From</dt><dd>Bob Berg</dd></dl><p class=note>Checked.</p>LIE'
const ENDS = '</div></div></div></div></body></html>'

/** Names of tags that HTML's parser treats in a way of their own, one in the other. */
const NESTED = [
  'li',
  'dd',
  'dt',
  'p',
  'a',
  'h1',
  'table',
  'td',
  'tr',
  'caption',
  'colgroup',
  'b',
  'center',
  'option',
].flatMap((outer, index, all) => {
  const inner = [outer, all[(index + 1) % all.length], all[(index + 5) % all.length]]
  return inner.map(each => `<${outer}><div><div><${each}>x</${each}></div></div></${outer}>`)
})

/** Broken in as many ways as anybody has thought of; what comes behind each must stay in the box. */
const BROKEN: string[] = [
  ...NESTED,
  '<li><div><li>x</li></div></li>',
  '<dd><div><dt>x</dt></div></dd>',
  '<dt><div><div><dd>x</dd></div></div></dt>',
  '<li><div><div><div><div><div><div><li></li></div></div></div></div></div></div></li>',
  '<ul><li><div><li><div><li><div><li></li></div></li></div></li></div></li></ul>',
  '<li><p><div><li>x</li></div></p></li>',
  '<li><address><div><li>x</li></div></address></li>',
  '<li><b><div><li>x</li></div></b></li>',
  '<li><font color=red><div><li>x</li></div></font></li>',
  '<li><div><table><li></li></table></div></li>',
  '<li><div><table><tr><li></li></tr></table></div></li>',
  '<table><li><div><li>x</li></div></li></table>',
  '<table><tr><td><li><div><li>x</li></div></li></td></tr></table>',
  '<table><div><tr><td>x</td></tr></div></table>',
  '<table><tr><div><td>x</td></div></tr></table>',
  '<table><td><div></td></div></table>',
  '<table><table><div></table></table></div>',
  '<table><caption><div><td>x</td></div></caption></table>',
  '<table><caption><table></caption></table>',
  '<table><colgroup><div><col></div></colgroup></table>',
  '<table><tbody><div><tfoot></div></tfoot></tbody></table>',
  '<table><a href="https://x.example/">1<tr><td><a href="https://x.example/">2</td></tr></a></table>',
  '<a href="https://x.example/"><div><a href="https://x.example/">x</a></div></a>',
  '<a href="https://x.example/"><table><a href="https://x.example/"></table>',
  '<b><p><i><div></b></i></p></div>',
  '<b><i><u><s><p><table><b></table></p>',
  '<p><b><div><p></b></div></p>',
  '<p><div></p></div>',
  '<p><table></p></table>',
  '<h1><div><h2>x</h2></div></h1>',
  '<h1><li><div><h2><li>x</li></h2></div></li></h1>',
  '<center><li><div><li></center>',
  '<pre>\n\n<li><div><li>x</li></div></li></pre>',
  '<font><li><font><div><font><li></font></div></font></li></font>',
  '<span><div><span></div></span></div>',
  '<form><div></form></div>',
  '<form><table><form></form></table></form>',
  '<select><div><option></select></div>',
  '<select><li><div><li></select>',
  '<button><p><div><button></button></div></p></button>',
  '<ruby><rt><div><rt></div></ruby>',
  '<nobr><div><nobr></nobr></div></nobr>',
  '<svg><foreignObject><div></svg></div>',
  '<svg><p></svg></div>',
  '<svg><desc><li><div><li></desc></svg>',
  '<math><mi><div></math></div>',
  '<math><annotation-xml encoding="text/html"><li><div><li></math>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;/div>">',
  '<template><div></template></div>',
  '<noscript><div></noscript></div>',
  '<noscript><p title="</noscript></div>">',
  '<textarea></div></textarea>',
  '<title></div></title></div>',
  '<style></style></div><style>.message{display:none}</style>',
  '<xmp></div></xmp></div>',
  '<plaintext></div>',
  '<iframe></div></iframe></div>',
  '<noembed></div></noembed></div>',
  '<object><div></object></div>',
  '<marquee><div></marquee></div>',
  '<frameset><frame></frameset></div>',
  '<html><head><body></head></html></div>',
  '</body></html><body style="position:fixed;inset:0"><div>',
  '<body bgcolor=red></div><body>',
  '<!-- </div> --><!--></div><!--->',
  '<!--[if mso]></div><![endif]--></div>',
  '<![CDATA[</div>]]></div>',
  '<?xml version="1.0"?></div>',
  '<!doctype html></div>',
  '<p title="</div>',
  '<p title=\'"></div>\'">',
  '<p title="&quot;></div>">x</p></div>',
  '<p / title=x / ></ div ></div x=y>',
  '<div\0></div\0></di\0v></div>',
  '<\0li><div><li\0>x</li></div></li>',
  '<LI><DIV><lI>x</Li></dIv></LI>',
  '<li\f><div\t><li\n>x</li\r></div></li>',
  '</p></p></br></br></div></div></div>',
  '</li></dd></dt></a></b></table></td></div></div>',
  '<div style="position:fixed;top:0;left:0">x</div><div style="margin:-900px">',
  '<div style="width:9999px;height:3000px;background:red">wide</div>',
  '<div style="float:left;margin-left:-99px;text-indent:-99px;letter-spacing:-9px">x</div>',
  '<div style="transform:translate(-99px,-99px);z-index:2147483647;display:flex">x</div>',
  '<p style="line-height:.0;font-size:999px;outline:9999px solid red">x</p>',
  '<ul style="margin-left:0;padding:0"><li style="display:list-item;list-style-position:outside">x</li></ul>',
  '<base href="https://x.example/"><a id=forms name=body class=message>x</a>',
  '<div dir=rtl>x</div><bdo dir=rtl>\u202Ex</bdo>',
  `<div>${'<div>'.repeat(300)}<li><div><li></div>`,
  `<li>${'<font color=red>'.repeat(150)}<div><li>x</li></div>`,
  `${'<li><div>'.repeat(60)}${'</div></li>'.repeat(60)}</div>`,
]

function page(html: string): string {
  const layout = {
    subject: 'Printer on fire',
    from: { name: 'Ann', address: 'ann@example.com' },
    to: [],
    sentAt: '2026-11-25T10:00:00.000Z',
    text: '',
    files: [],
    html: { html: safeHtml(html, { pictures: new Map(), remote: false })?.html ?? '', remote: 0 },
  }
  return messagePage(layout, { ref: 'HD-7', remote: false })
}

/** A seeded piece: tags that close, open and move each other, more often broken than not. */
function piece(random: () => number): string {
  const tags =
    'li dd dt p div a b font h1 table td tr tbody caption col colgroup center ul dl span pre br form select svg'
  const names = tags.split(' ')
  const any = <T>(of: readonly T[]) => of[Math.floor(random() * of.length)] as T
  const open: string[] = []
  let html = ''
  for (let count = 4 + Math.floor(random() * 30); count > 0; count -= 1) {
    const what = random()
    if (what < 0.5) open.push(any(names))
    if (what < 0.5) html += `<${open.at(-1)}${random() < 0.1 ? ' title="</div>"' : ''}>`
    else if (what < 0.75) html += `</${open.pop() ?? 'div'}>`
    else if (what < 0.85) html += `</${any(names)}>`
    else html += any(['x', ' ', '\n', '<!--', '-->', '"', '</div>', '&lt;/div>', '<', '\0'])
  }
  return html
}

describe.skipIf(chromiumMissing())('nothing of a message leaves its box', () => {
  let browser: Browser
  let tab: Page

  beforeAll(async () => {
    browser = await startBrowser()
    tab = await browser.newPage({ viewport: { width: 700, height: 500 } })
  })

  afterAll(() => browser?.close())

  /** What stands outside the box, and what is painted there: the box itself is covered. */
  async function around(content: string, height?: number): Promise<{ said: string; painted: Buffer; height: number }> {
    await tab.setContent(content)
    const { said, high } = (await tab.evaluate(`(height => {
      const box = document.querySelector('.message')
      if (height) box.style.cssText = 'box-sizing:border-box;height:' + height + 'px'
      const { left, top, width, height: high } = box.getBoundingClientRect()
      const copy = document.documentElement.cloneNode(true)
      for (const each of copy.querySelectorAll('.message')) each.replaceChildren()
      const cover = document.createElement('div')
      cover.style.cssText = 'position:absolute;background:#000;z-index:2147483647;left:' + (left - 1) + 'px;top:' + (top - 1) +
        'px;width:' + (width + 2) + 'px;height:' + (high + 2) + 'px'
      document.documentElement.append(cover)
      for (const each of copy.querySelectorAll('[style]')) each.removeAttribute('style')
      return { said: copy.outerHTML, high }
    })(${height ?? 0})`)) as { said: string; high: number }
    return { said, painted: await tab.screenshot({ fullPage: true, animations: 'disabled' }), height: high }
  }

  async function staysInside(html: string): Promise<void> {
    const { said, painted, height } = await around(page(html))
    const empty = await around(page(' '), height)
    expect(said).toBe(empty.said)
    expect(painted.equals(empty.painted), 'the same is painted outside the box').toBe(true)
  }

  test('a message does not look like what the desk says of it', async () => {
    await tab.setContent(page('<h1>x</h1><dl><dt>From</dt><dd>Bob</dd></dl>'))
    const looks = `['h1', 'dl', 'dt'].map(name => [...document.querySelectorAll(name)].map(each => {
      const { fontSize, color, display } = getComputedStyle(each); return fontSize + color + display }))`
    for (const each of (await tab.evaluate(looks)) as string[][]) expect(each.at(-1)).not.toBe(each[0])
  })

  test('what is planted outside is seen', async () => {
    const planted = page('').replace('</body>', '<i>x</i></body>')
    const [there, empty] = [await around(planted), await around(page(''))]
    expect(there.said).not.toBe(empty.said)
    expect(there.painted.equals(empty.painted)).toBe(false)
  })

  test.each(readdirSync(CASES))('of the mail %s', async name => {
    const text = readFileSync(join(CASES, name), 'utf8')
    await staysInside(text.slice(text.indexOf('<html>')))
  })

  test.each(BROKEN)('%j', async html => {
    await staysInside(html + LIE)
    await staysInside(`<p>Hello ${html}${ENDS}${LIE}`)
  })

  test('whatever comes, by the browser’s own reading', async () => {
    const chance = new SeededRandom(20261201)
    const random = () => chance.share()
    const pieces = Array.from({ length: 3_000 }, () => piece(random) + LIE)
    const skeleton =
      "doc => { for (const each of doc.querySelectorAll('.message')) each.replaceChildren(); return doc.documentElement.outerHTML }"
    const read = `pages => pages.map(text => (${skeleton})(new DOMParser().parseFromString(text, 'text/html')))`
    const [empty, ...seen] = (await tab.evaluate(
      `(${read})(${JSON.stringify([page(' '), ...pieces.map(page)])})`,
    )) as string[]
    expect(pieces.filter((_, index) => seen[index] !== empty)).toEqual([])
    expect(new Set(pieces).size).toBe(3_000)
  })
})
