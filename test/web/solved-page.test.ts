import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Pages } from '../../src/web/pages.ts'
import { type Port, portsOf } from '../../src/web/ports.ts'
import { openTab, startBrowser } from '../support/browser.ts'
import { type MemoryDesk, makeMemoryDesk, messageFrom } from '../support/memory-desk.ts'
import { freePort } from '../support/ports.ts'
import { HttpTalk } from '../support/servers/http-talk.ts'

const ANN = 'ann@example.com'
const BOB = 'bob@staff.example'

describe('the page that asks whether it is solved', () => {
  let desk: MemoryDesk
  let web: Port | undefined
  let link: string

  beforeEach(async () => {
    const port = await freePort()
    desk = await makeMemoryDesk('sqlite', { publicUrl: `http://127.0.0.1:${port}` })
    const at = { setting: 'web.port', host: '127.0.0.1', port, proxies: [] }
    web = portsOf(desk.context, at, new Pages(desk.context))[0]
    await web?.listen()
    await desk.channel.deliver(messageFrom(ANN, { subject: 'Printer <b>bold</b>' }))
    await desk.as('bob', 'resolve 1 --category printer --tell New toner.')
    await desk.deliver()
    const asked = desk.channel.sent.findLast(each => each.subject.includes('Is it solved?'))
    link = asked?.text.verbatim.find(each => each.startsWith('http://')) ?? ''
  })

  afterEach(async () => {
    await web?.close()
    await desk.remove()
  })

  const shown = async () => (await desk.as('bob', 'show 1')).data as { state: string; rating: number | null }
  const press = (fields: Record<string, string>, at = link) =>
    fetch(at, { method: 'POST', body: new URLSearchParams(fields) })

  test('answers odd requests with what is wrong of them, and goes on', async () => {
    const { port } = new URL(link)
    const targets = [
      '//',
      '//[',
      'http://[',
      '*',
      '/%',
      '/solved/%ff',
      '/solved/..%2f',
      `/solved/${'a'.repeat(10_000)}`,
    ]
    for (const target of targets) {
      for (const host of ['desk', '[', 'a b', '']) {
        const talk = await HttpTalk.open(Number(port))
        talk.send(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
        expect(await talk.status(), `${target} of ${host}`).toBeOneOf([400, 404])
        talk.end()
      }
    }
    const bodies = [
      ['multipart/form-data', 'x'],
      ['multipart/form-data; boundary=x', '--x\r\n'],
      ['', 'x'],
    ]
    for (const [type = '', body = ''] of bodies) {
      const answer = await fetch(link, { method: 'POST', body, headers: { 'content-type': type } })
      expect(answer.status, type).toBe(400)
    }
    const long = await fetch(link, { method: 'POST', body: 'a&'.repeat(9_000) })
    expect(long.status).toBe(413)
    expect((await fetch(link)).status).toBe(200)
  })

  test('changes nothing by being looked at, however often', async () => {
    for (let count = 0; count < 3; count += 1) expect((await fetch(link)).status).toBe(200)
    await fetch(link, { method: 'HEAD' })
    expect(await shown()).toMatchObject({ state: 'resolved', rating: null })
  })

  test('closes the ticket with mark and comment, and tells the agent', async () => {
    expect((await press({ solved: 'yes', score: '4', comment: 'Quick <i>work</i>' })).status).toBe(200)
    expect(await shown()).toMatchObject({ state: 'closed', rating: 4 })
    await desk.deliver()
    const told = desk.channel.sent.findLast(each => each.recipients.includes(BOB))
    expect(told?.text.verbatim.join(' ')).toContain('solved, 4 of 5')
    expect(told?.text.verbatim.join(' ')).toContain('Quick <i>work</i>')
    // What is answered stays answered.
    expect(await (await press({ solved: 'no' })).text()).toContain('Nothing to answer')
    expect(await shown()).toMatchObject({ state: 'closed' })
  })

  test('opens the ticket again with the words', async () => {
    await press({ solved: 'no', comment: 'Still empty.' })
    expect(await shown()).toMatchObject({ state: 'open', rating: null })
    expect((await desk.as('bob', 'show 1')).text).toContain('Still empty.')
  })

  test.each([
    ['altered', (url: string) => `${url.slice(0, -1)}${url.endsWith('a') ? 'b' : 'a'}`, 404],
    ['of another kind of mail', (url: string) => url.replace(/[^/]+$/, tokenOfReply()), 404],
    ['of nothing', (url: string) => url.replace(/[^/]+$/, ''), 404],
  ])('a link %s opens nothing', async (_how, change, status) => {
    expect((await fetch(change(link))).status).toBe(status)
    expect((await press({ solved: 'yes' }, change(link))).status).toBe(status)
    expect(await shown()).toMatchObject({ state: 'resolved' })
  })

  const linksSent = () =>
    desk.channel.sent.flatMap(each => each.text.verbatim.filter(text => text.startsWith('http://')))

  test.each<[string, () => Promise<unknown>]>([
    [
      'was asked anew',
      async () => {
        await desk.as('bob', 'reopen 1')
        desk.clock.advance(60_000)
        await desk.as('bob', 'resolve 1 --told Another toner.')
      },
    ],
    [
      'was asked anew within the same moment',
      async () => {
        await desk.as('bob', 'reopen 1')
        await desk.as('bob', 'resolve 1 --told Another toner.')
      },
    ],
    ['went on since', () => desk.as('bob', 'reopen 1')],
    [
      'was closed after it went on',
      async () => {
        await desk.as('bob', 'reopen 1')
        await desk.as('bob', 'close 1')
      },
    ],
    [
      'became part of another that is asked about',
      async () => {
        await desk.channel.deliver(messageFrom('carl@example.com', { subject: 'Salary of Carl' }))
        await desk.as('bob', 'reopen 1')
        await desk.as('bob', 'merge 1 2')
        await desk.as('bob', 'resolve 2 --category printer --told Done.')
      },
    ],
  ])('answers its own question alone: it %s, and the old link says so', async (_how, goOn) => {
    await goOn()
    await desk.deliver()
    const before = [await shown(), (await desk.as('bob', 'show 2').catch(() => null))?.data]
    for (const reply of [
      await fetch(link),
      await press({ solved: 'yes', score: '1' }),
      await press({ solved: 'no' }),
    ]) {
      expect(reply.status).toBe(200)
      const text = await reply.text()
      expect(text).toContain('This question is no longer open')
      expect(text).not.toContain('Salary of Carl')
    }
    expect([await shown(), (await desk.as('bob', 'show 2').catch(() => null))?.data]).toEqual(before)
  })

  test('takes the link of the newest question', async () => {
    await desk.as('bob', 'reopen 1')
    await desk.as('bob', 'resolve 1 --told Another toner.')
    await desk.deliver()
    expect(linksSent()).toHaveLength(2)
    expect((await press({ solved: 'yes', score: '3' }, linksSent().at(-1))).status).toBe(200)
    expect(await shown()).toMatchObject({ state: 'closed', rating: 3 })
  })

  test('an answer by mail to a question that is over is a message like any other', async () => {
    const old = desk.channel.sent.findLast(each => each.subject.includes('Is it solved?'))
    await desk.as('bob', 'reopen 1')
    await desk.as('bob', 'resolve 1 --told Another toner.')
    await desk.channel.deliver(
      messageFrom(ANN, { mail: { references: [`<${old?.token}@desk.example>`] }, text: 'Yes, 1.' }),
    )
    expect(await shown()).toMatchObject({ state: 'open', rating: null })
  })

  test('is opened by no token of a mail, not even that of the mail that asked', async () => {
    for (const { token } of desk.channel.sent) {
      expect((await press({ solved: 'yes' }, link.replace(/[^/]+$/, token))).status).toBe(404)
    }
    expect(desk.channel.sent.flatMap(each => each.token)).not.toContain(link.replace(/.*\//, ''))
    expect(await shown()).toMatchObject({ state: 'resolved' })
  })

  const tokenOfReply = () => desk.channel.sent.find(each => each.subject.startsWith('Re:'))?.token ?? ''

  test('takes no form of another shape or size, and says what is wrong', async () => {
    expect((await press({ solved: 'maybe' })).status).toBe(400)
    expect((await press({ solved: 'yes', comment: 'x'.repeat(100_000) })).status).toBe(413)
    expect(await shown()).toMatchObject({ state: 'resolved' })
    await press({ solved: 'yes', score: '99' })
    expect(await shown()).toMatchObject({ state: 'closed', rating: null })
  })

  test('is kept nowhere, framed by nobody, and loads nothing', async () => {
    const { headers } = await fetch(link)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('referrer-policy')).toBe('no-referrer')
  })

  test('works in a browser', async () => {
    const browser = await startBrowser()
    try {
      const page = await openTab(browser)
      await page.goto(link)
      expect(await page.textContent('main')).toContain('HD-1 · Printer <b>bold</b>')
      await page.click('text=5')
      await page.fill('textarea', 'Thanks & bye')
      await page.click('button.yes')
      expect(await page.textContent('h1')).toBe('Thank you.')
    } finally {
      await browser.close()
    }
    expect(await shown()).toMatchObject({ state: 'closed', rating: 5 })
  })
})
