import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { safeHtml } from '../../../src/core/mail/safe-html.ts'
import { cpuTime } from '../../support/cpu-time.ts'

const PNG = 'data:image/png;base64,iVBORw0KGgo='
const PICTURES = new Map([['pic one@x', PNG]])

function shown(html: string, remote = false): string {
  return safeHtml(html, { pictures: PICTURES, remote })?.html ?? ''
}

describe('what is shown of HTML', () => {
  test.each([
    ['a script', '<p>a<script>alert(1)</script></p>', '<p>a</p>'],
    ['a handler', '<p onclick="x()" onmouseover=y()>a</p>', '<p>a</p>'],
    ['a frame, a form and their fields', '<iframe src="/x"></iframe><form action="/y"><input name=z>a</form>', 'a'],
    ['a style sheet', '<style>body{display:none}</style><link rel=stylesheet href=//x>a', 'a'],
    ['what redirects', '<meta http-equiv=refresh content="0;url=http://x"><base href="http://x">a', 'a'],
    ['a picture that is a document', '<svg onload=x()><text>t</text></svg><object data=x></object>a', 'a'],
    ['names and ids', '<p id=forms name=x class=y>a</p>', '<p>a</p>'],
    ['comments', 'a<!--[if mso]><b>c</b><![endif]-->', 'a'],
  ])('leaves out %s', (_what, html, expected) => {
    expect(shown(html)).toBe(expected)
  })

  test.each([
    'javascript:alert(1)',
    ' java\nscript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    '//host/x',
    '/relative',
    'cid:x',
  ])('leads nowhere by %s', href => {
    expect(shown(`<a href="${href}">a</a>`)).toBe('<a>a</a>')
  })

  test('a link opens elsewhere and says nothing of where it was', () => {
    expect(shown('<a href="https://example.com/?a=1&amp;b=2" target=_top>a</a>')).toBe(
      '<a href="https://example.com/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow">a</a>',
    )
  })

  test.each([
    'position:fixed',
    'position:absolute;top:0;left:0',
    'margin-top:-900px',
    'margin:0 -9px',
    'background:url(http://x/y)',
    'background-image:url(http://x/y)',
    'list-style:url(http://x)',
    'border:1px solid url(http://x)',
    'transform:scale(99)',
    'width:expression(alert(1))',
    'width:calc(100vw * 9)',
    'z-index:9',
    'font-family:var(--x)',
    'content:"x"',
    'color:red;}body{color:blue',
  ])('no style such as %s', style => {
    expect(shown(`<p style="${style}">a</p>`)).not.toMatch(
      /style="[^"]*(?:url|position|top|-\d|expression|calc|var|z-|content|body|transform)/,
    )
  })

  test('styles that stay in the box are kept', () => {
    const style = 'color:#333;font-size:14px;padding:0 8px;border:1px solid rgb(1,2,3);text-align:center'
    expect(shown(`<p style="${style}">a</p>`)).toBe(`<p style="${style}">a</p>`)
    expect(shown('<table width="600" bgcolor="#fff"><tr><td colspan="2">a</td></tr></table>')).toBe(
      '<table width="600" bgcolor="#fff"><tr><td colspan="2">a</td></tr></table>',
    )
  })
})

describe('pictures', () => {
  test('that came with the mail are in it', () => {
    expect(shown('<img src="CID:pic%20one@x" alt="a">')).toBe(`<img src="${PNG}" alt="a" />`)
    expect(shown(`<img src="${PNG}">`)).toBe(`<img src="${PNG}" />`)
    expect(shown('<img src="cid:gone@x" alt="logo">')).toBe('<span>[picture: logo]</span>')
    expect(shown('<img src="data:image/svg+xml;base64,AAAA">')).toBe('<span></span>')
  })

  test('that lie elsewhere wait for a click', () => {
    const page = safeHtml(
      '<img src="https://x/1.png" alt="logo"><a href="https://y"><img src="http://x/2.png"></a><img src="http://x/3" width=1 height=1>',
      { pictures: PICTURES, remote: false },
    )
    const html = page?.html
    expect(page?.remote).toBe(3)
    expect(html).not.toContain('<img')
    expect(html).toContain('href="https://x/1.png" title="This picture is stored elsewhere">[picture: logo]</a>')
    expect(html).toContain('nofollow"><span>[picture]</span></a><span></span>')
  })

  test('are loaded once a reader asked', () => {
    expect(shown('<img src="https://x/1.png" alt="logo" srcset="http://z 2x">', true)).toBe(
      '<img src="https://x/1.png" alt="logo" />',
    )
  })
})

test.each(['<b>', '<b title="</b>">', '<table><tr><td>', '<svg><title>', '<b>x</p>', '<b-c></b>', '<li><div>'])(
  'elements within each other without end are none to lay out: %s',
  html => {
    const spent = cpuTime()
    expect(safeHtml(html.repeat(100_000), { pictures: PICTURES, remote: false })).toBeNull()
    expect(spent()).toBeLessThan(3_000)
    expect(safeHtml(html.repeat(100), { pictures: PICTURES, remote: false })).not.toBeNull()
  },
)

test('whatever comes: no tag, attribute or address that is not on the list', () => {
  const piece = fc.constantFrom(
    ...[
      '<',
      '>',
      '"',
      "'",
      '=',
      '/',
      ' ',
      '<a href=',
      '<img src=',
      'javascript:',
      'cid:',
      'data:',
      'https://x/',
      '<svg>',
    ],
    ...['<math>', '<style>', '</style>', '<script>', '</script>', '<!--', '-->', '<![CDATA[', ']]>', '&lt;', '&#x6a;'],
    ...[
      ' onerror=x',
      ' style="',
      'url(',
      'expression(',
      '<noscript>',
      '</noscript>',
      '<p>',
      '</p>',
      '<table>',
      '\0',
      'é',
    ],
    ...['<textarea>', '<title>', '</title>', '<template>', '<xmp>', '<plaintext>', '<select>', '<option>', '<br>', 'x'],
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), pieces => {
      const html = shown(pieces.join(''))
      for (const [, name = '', attributes = ''] of html.matchAll(/<([a-z0-9]+)((?: [^<>]*)?)>/g)) {
        expect(name).not.toMatch(
          /^(?:script|style|svg|math|iframe|object|embed|form|input|link|meta|base|template|xmp|plaintext|noscript|select|textarea|title)$/,
        )
        expect(attributes.replace(/="[^"]*"/g, '')).not.toMatch(/\b(?:on\w+|srcset|action|background|id|name|class)\b/)
        expect(attributes).not.toMatch(/(?:href|src)="\s*(?!https?:|mailto:|tel:|data:image\/)/)
      }
    }),
    { numRuns: 500, seed: 20261125 },
  )
})
