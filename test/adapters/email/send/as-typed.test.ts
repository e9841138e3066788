import fc from 'fast-check'
import { simpleParser } from 'mailparser'
import { createTransport } from 'nodemailer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { composeMail, htmlText } from '../../../../adapters/email/send/compose-mail.ts'
import { richPieces } from '../../../../adapters/slack/blocks/rich-pieces.ts'
import { markdownFromBlocks } from '../../../../adapters/slack/text/mrkdwn-reader.ts'
import { rowsOf } from '../../../../adapters/slack/text/mrkdwn-writer.ts'
import type { OutboundMessage } from '../../../../src/channel/outbound.ts'
import { readableMarkdown } from '../../../../src/core/text/plain-text.ts'
import { plainFromRichText, type RichText } from '../../../../src/core/text/rich-text.ts'
import { Answer, Renderer, type TemplateValues } from '../../../../src/flow/outgoing/render.ts'
import { packagePath } from '../../../../src/package.ts'
import { chromiumMissing, startBrowser } from '../../../support/browser.ts'
import { shownIn } from '../../../support/shown-html.ts'
import { asShown, inWords, TYPED, typedText } from '../../../support/typed.ts'

const renderer = new Renderer(packagePath('templates'), undefined)

/** The answer as it leaves, between what the template has around it. */
function answered(text: string, markdown: string | null = null, medium: 'mail' | 'chat' = 'mail'): RichText {
  const values: TemplateValues = {
    desk: { name: 'Help desk' },
    marker: 'MARKER',
    ticket: { ref: 'HD-1', subject: 'VPN', requester: 'Ann', owner: '' },
    message: { author: 'Bob', from: 'Bob', text: new Answer(text, markdown), files: [] },
    answers: { to: '', without: '' },
    held: { count: '0', first: '', number: '', messages: [], more: '' },
    note: '',
    link: '',
    tickets: [],
  }
  return renderer.render('reply', values, medium).text
}

/** Between the marker and the signature. */
function bodyOf(shown: string): string {
  const text = shown.replaceAll('\r\n', '\n').trim()
  expect(text.startsWith('MARKER\n\n')).toBe(true)
  const end = text.lastIndexOf('Bob, Help desk (HD-1)')
  return text.slice('MARKER\n\n'.length, end)
}

function message(text: RichText): OutboundMessage {
  return {
    ...{
      id: '1',
      token: 'a-1',
      recipients: ['ann@example.com'],
      to: [{ address: 'ann@example.com', name: '' }],
      cc: [],
    },
    ...{
      fromName: 'Bob',
      subject: 'Re: VPN',
      text,
      automatic: false,
      inReplyTo: null,
      references: [],
      attachments: [],
    },
    ...{ actions: [], attempt: 1, queuedAt: '2026-01-01T10:00:00.000Z' },
  }
}

const transport = createTransport({ streamTransport: true, buffer: true })

async function mailed(text: string) {
  const mail = await composeMail(message(answered(text)), { address: 'help@desk.example', plusAddress: false })
  const { message: raw } = await transport.sendMail(mail)
  const source = String(raw)
  const parsed = await simpleParser(source)
  return { source, text: parsed.text ?? '', html: parsed.html || '' }
}

/** The words of rich text, as Slack shows them. */
function slackText(blocks: unknown): string {
  if (Array.isArray(blocks)) return blocks.map(slackText).join('')
  const { type, elements, text } = blocks as { type: string; elements?: unknown; text?: string }
  expect(type).toMatch(/^(?:rich_text.*|text|link)$/)
  return elements ? slackText(elements) : (text ?? '')
}

describe('a mail shows what was typed', () => {
  test.each(TYPED)('%j', async text => {
    const mail = await mailed(text)
    expect(bodyOf(mail.text).replace(/\n+$/, '')).toBe(asShown(text))
    expect(inWords(bodyOf(shownIn(mail.html)))).toBe(inWords(text))
  })

  test('any text, as text and as HTML', () => {
    fc.assert(
      fc.property(typedText, text => {
        const rich = answered(text)
        expect(bodyOf(plainFromRichText(rich)).trim()).toBe(asShown(text).trim())
        expect(inWords(bodyOf(shownIn(htmlText(rich))))).toBe(inWords(text))
      }),
      { numRuns: 600 },
    )
  })

  test('any text, on its way and read again', async () => {
    await fc.assert(
      fc.asyncProperty(typedText, async text => {
        const mail = await mailed(text)
        expect(bodyOf(mail.text).trim()).toBe(asShown(text).trim())
        expect(inWords(bodyOf(shownIn(mail.html)))).toBe(inWords(text))
        expect(mail.source.split('\r\n').every(line => line.length <= 998)).toBe(true)
        expect(mail.source).not.toMatch(/format=flowed|^From /m)
      }),
      { numRuns: 150 },
    )
  })

  test('blanks at the start of what was typed, and within it', () => {
    const html = htmlText(answered('  two\n\tone tab\n a  b'))
    expect(bodyOf(shownIn(html)).trimEnd()).toBe('  two\n\tone tab\n a  b')
    // Without `white-space`, which Outlook does not know, blanks that do not break are all that stays.
    expect(html).toContain('\u00A0 two<br>')
    expect(html).toContain('mso-tab-count')
  })

  test('addresses of pages are links, and nothing else is one', () => {
    const html = htmlText(
      answered('See (https://example.com/a_b). share.install.sh www.example.com //x.example/y a@b.example'),
    )
    expect(html.match(/<a href="[^"]*">[^<]*<\/a>/g)).toEqual([
      '<a href="https://example.com/a_b">https://example.com/a_b</a>',
    ])
    expect(
      htmlText(answered('javascript:alert(1) data:text/html,x file:///etc "https://x.example/"onload="x"')),
    ).not.toMatch(/href="(?!https:\/\/x\.example\/)|onload="/)
  })
})

describe.skipIf(chromiumMissing())('in a browser', () => {
  let browser: Awaited<ReturnType<typeof startBrowser>>
  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser.close())

  test('a mail shows what was typed', async () => {
    const page = await browser.newPage({ javaScriptEnabled: true })
    const texts = [...TYPED, ...fc.sample(typedText, 150)]
    for (const text of texts) {
      await page.setContent(htmlText(answered(text)))
      const shown = await page.evaluate('document.body.innerText')
      expect(inWords(bodyOf(String(shown)))).toBe(inWords(text))
    }
    await page.close()
  })
})

describe('Slack shows what was typed', () => {
  // Where there is room for all of it: what comes in several messages is below.
  const LIMIT = { most: 40_000, json: 200_000 }

  test.each(TYPED)('%j', text => {
    const pieces = richPieces(rowsOf(answered(text, null, 'chat')), LIMIT)
    expect(pieces.map(({ block }) => slackText(block)).join('')).toBe(asShown(text).trimEnd().replace(/^\n+/, ''))
  })

  test('any text', () => {
    fc.assert(
      fc.property(typedText, text => {
        const pieces = richPieces(rowsOf(answered(text, null, 'chat')), LIMIT)
        const shown = pieces.map(({ block }) => slackText(block)).join('')
        expect(shown).toBe(asShown(text).trimEnd().replace(/^\n+/, ''))
      }),
      { numRuns: 600 },
    )
  })

  test('any text that takes several messages: no character is lost', () => {
    const long = fc.array(typedText, { minLength: 20, maxLength: 60 }).map(each => each.join('\n'))
    fc.assert(
      fc.property(long, fc.integer({ min: 200, max: 900 }), (text, most) => {
        const pieces = richPieces(rowsOf(answered(text, null, 'chat')), { most, json: 4_000 })
        const without = (each: string) => each.replace(/\n/g, '')
        const shown = pieces.map(({ block }) => slackText(block)).join('')
        expect(without(shown)).toBe(without(asShown(text).trimEnd()))
        for (const { block } of pieces) expect(JSON.stringify(block).length).toBeLessThanOrEqual(4_000)
      }),
      { numRuns: 60 },
    )
  })
})

describe('what an agent writes in Slack', () => {
  const names = { user: () => 'eve_x*', channel: () => undefined, group: () => undefined, exact: true }
  const styles = fc.record(
    { bold: fc.boolean(), italic: fc.boolean(), strike: fc.boolean(), code: fc.boolean() },
    { requiredKeys: [] },
  )
  const run = fc.record({ text: typedText, style: styles })
  const block = (elements: unknown[]) => [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] }]
  const element = ({ text, style }: { text: string; style: object }) => ({ type: 'text', text: asShown(text), style })

  test.each(TYPED)('without a style is shown as typed: %j', text => {
    const markdown = markdownFromBlocks(block([element({ text, style: {} })]), names)
    expect(inWords(readableMarkdown(markdown))).toBe(inWords(text))
    expect(inWords(bodyOf(shownIn(htmlText(answered('', markdown)))))).toBe(inWords(text))
    expect(htmlText(answered('', markdown))).not.toMatch(/<(?:strong|em|s|code|h\d|ul|ol|li|blockquote|pre|table|hr)\b/)
  })

  test('without a style: any text', () => {
    fc.assert(
      fc.property(typedText, text => {
        const markdown = markdownFromBlocks(block([element({ text, style: {} })]), names)
        expect(inWords(readableMarkdown(markdown))).toBe(inWords(text))
        expect(inWords(bodyOf(shownIn(htmlText(answered('', markdown)))))).toBe(inWords(text))
      }),
      { numRuns: 600 },
    )
  })

  test('with styles shows the same words', () => {
    fc.assert(
      fc.property(fc.array(run, { minLength: 1, maxLength: 4 }), runs => {
        const markdown = markdownFromBlocks(block(runs.map(element)), names)
        const typed = runs.map(({ text }) => asShown(text)).join('')
        const words = (text: string) => inWords(text).replace(/\s/g, '')
        expect(words(bodyOf(shownIn(htmlText(answered('', markdown)))))).toBe(words(typed))
      }),
      { numRuns: 400 },
    )
  })

  test('is styled where they chose it', () => {
    const text = (said: string, style: object = {}) => ({ type: 'text', text: said, style })
    const markdown = markdownFromBlocks(
      [
        {
          type: 'rich_text',
          elements: [
            {
              type: 'rich_text_section',
              elements: [
                text('Run '),
                text('\\_install*', { code: true }),
                text(' '),
                text('now_', { bold: true }),
                text(', '),
                { type: 'user', user_id: 'U1' },
                text(' see '),
                { type: 'link', url: 'https://example.com/_a_', text: 'the *page*' },
                text('\n'),
              ],
            },
            {
              type: 'rich_text_list',
              style: 'bullet',
              elements: [{ type: 'rich_text_section', elements: [text('# one')] }],
            },
            { type: 'rich_text_preformatted', elements: [text('a  b\n\\_')] },
            { type: 'rich_text_quote', elements: [text('said *so*')] },
          ],
        },
      ],
      names,
    )
    const html = htmlText(answered('', markdown))
    expect(html).toContain('<code>\\_install*</code> <strong>now_</strong>, @eve_x* see ')
    expect(html).toContain('<a href="https://example.com/_a_">the *page*</a>')
    expect(html).toContain('<li># one</li>')
    expect(html).toContain('<pre><code>a  b\n\\_\n</code></pre>')
    expect(html).toMatch(/<blockquote>\n<p>said \*so\*<\/p>/)
    const plain = plainFromRichText(answered('', markdown))
    expect(plain).toContain('Run `\\_install*` **now_**, @eve_x* see [the *page*](https://example.com/_a_)\n- # one')
    expect(plain).toContain('> said *so*')
  })
})
