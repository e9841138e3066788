import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { safeHtml } from '../../src/core/mail/safe-html.ts'
import { messagePage } from '../../src/web/message-page.ts'
import { chromiumMissing, openTab, startBrowser } from '../support/browser.ts'

const DOT =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

function page(html: string | null, remote = false): string {
  const layout = {
    subject: 'Printer <b>on</b> fire',
    from: { name: 'Ann "A" <x>', address: 'ann@example.com' },
    to: [],
    sentAt: '2026-11-25T10:00:00.000Z',
    text: 'It <burns>.',
    files: [{ name: '"><script>alert(1)</script>.png', size: 7 }],
    html: html === null ? null : safeHtml(html, { pictures: new Map([['dot', DOT]]), remote }),
  }
  return messagePage(layout, { ref: 'HD-7', remote })
}

test('a plain text is shown as it is', () => {
  expect(page(null)).toContain('<pre class="plain">It &lt;burns&gt;.</pre>')
  expect(page(null)).toContain('<title>Printer &lt;b&gt;on&lt;/b&gt; fire</title>')
})

describe.skipIf(chromiumMissing())('in a browser', () => {
  let browser: Browser
  let server: Server
  let asked: string[] = []
  let origin = ''
  let content = ''

  beforeAll(async () => {
    browser = await startBrowser()
    server = createServer((request, response) => {
      if (request.url === '/page') return void response.setHeader('content-type', 'text/html').end(content)
      asked.push(request.url ?? '')
      response.setHeader('content-type', 'image/png').end(Buffer.from(DOT.slice(22), 'base64'))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })

  afterAll(async () => {
    await browser?.close()
    await new Promise(resolve => server.close(resolve))
  })

  async function open(html: string, remote = false) {
    asked = []
    content = page(html, remote)
    const tab = await openTab(browser)
    await tab.goto(`${origin}/page`, { waitUntil: 'networkidle' })
    asked = asked.filter(url => url !== '/favicon.ico')
    return tab
  }

  const HOSTILE = `<body onload="document.title='pwned'" style="position:fixed;top:0;left:0;width:9999px;height:9999px">
    <script>document.title = 'pwned'</script><img src=x onerror="document.title='pwned'">
    <svg><script>document.title='pwned'</script></svg><iframe srcdoc="<script>parent.document.title='pwned'</script>"></iframe>
    <style>h1 { display: none } .message { position: fixed; inset: 0; background: url(ORIGIN/css) }</style>
    <link rel="stylesheet" href="ORIGIN/sheet"><img src="ORIGIN/track.png"><img srcset="ORIGIN/set 1x">
    <table background="ORIGIN/table"><tr><td style="background-image:url(ORIGIN/cell)">cell</td></tr></table>
    <video poster="ORIGIN/poster" src="ORIGIN/video"></video><object data="ORIGIN/object"></object>
    <div style="position:absolute;top:-300px;margin-top:-400px;width:5000px;height:3000px;background:red">cover</div>
    <img id="own" src="cid:dot" width="20" height="20" alt="dot"><meta http-equiv="refresh" content="0;url=ORIGIN/away">`

  test('runs nothing, loads nothing, and nothing leaves the box', async () => {
    const tab = await open(HOSTILE.replaceAll('ORIGIN', origin))
    expect(asked).toEqual([])
    expect(await tab.title()).toBe('Printer <b>on</b> fire')
    expect(tab.url()).toBe(`${origin}/page`)
    const heading = await tab.locator('h1').boundingBox()
    const box = await tab.locator('.message').boundingBox()
    expect(box?.y).toBeGreaterThan((heading?.y ?? 0) + (heading?.height ?? 0))
    // What lies on top of the heading is the heading.
    const { x = 0, y = 0 } = heading ?? {}
    expect(await tab.evaluate(`document.elementFromPoint(${x + 5}, ${y + 5}).tagName`)).toBe('H1')
    expect(await tab.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true)
    await tab.close()
  })

  test('draws the pictures that came with the mail', async () => {
    const tab = await open(HOSTILE.replaceAll('ORIGIN', origin))
    const drawn = await tab.evaluate("[...document.querySelectorAll('.message img')].map(each => each.naturalWidth)")
    expect(drawn).toEqual([1])
    await tab.close()
  })

  test('draws pictures that lie elsewhere once the reader asked', async () => {
    const tab = await open(`<img src="${origin}/picture.png" alt="logo">`, true)
    expect(asked).toEqual(['/picture.png'])
    await tab.close()
  })

  test('a link for a picture opens it', async () => {
    const tab = await open(`<img src="${origin}/picture.png" alt="logo">`)
    expect(asked).toEqual([])
    const [opened] = await Promise.all([tab.context().waitForEvent('page'), tab.locator('.message a').click()])
    await opened.waitForLoadState()
    expect(asked).toContain('/picture.png')
    await tab.context().close()
  })
})
