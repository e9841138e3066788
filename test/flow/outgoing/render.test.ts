import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { htmlText } from '../../../adapters/email/send/compose-mail.ts'
import { plainFromRichText } from '../../../src/core/text/rich-text.ts'
import { Answer, Renderer, type TemplateValues } from '../../../src/flow/outgoing/render.ts'
import { packagePath } from '../../../src/package.ts'

const VALUES: TemplateValues = {
  desk: { name: 'Help desk' },
  marker: '##- Above -##',
  ticket: { ref: 'HD-1', subject: 'VPN', requester: 'Ann', owner: '' },
  message: { author: 'Ann', from: 'Ann <ann@example.com>', text: 'It drops.', files: [] },
  answers: { to: '', without: '' },
  held: { count: '0', first: '', number: '', messages: [], more: '' },
  note: '',
  link: '',
  tickets: [],
}

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relaydesk-templates-'))
  await mkdir(join(folder, 'mail'))
})

afterEach(() => rm(folder, { recursive: true }))

test('what a requester wrote is never read as Markdown or HTML', () => {
  const renderer = new Renderer(packagePath('templates'), undefined)
  const text = '# Big\n<script>alert(1)</script>\n[click](https://evil.example) **bold** \uE0000\uE001'
  const rendered = renderer.render('notify-received', { ...VALUES, message: { ...VALUES.message, text } })
  const html = htmlText(rendered.text)
  expect(html).toContain(
    '# Big<br>\n&lt;script&gt;alert(1)&lt;/script&gt;<br>\n[click](https://evil.example) **bold** 0',
  )
  expect(html).not.toMatch(/<script|<h1|<strong>bold|href="https:\/\/evil/)
  expect(plainFromRichText(rendered.text)).toContain(
    '> # Big\n> <script>alert(1)</script>\n> [click](https://evil.example)',
  )
})

test('a reference in bold stands in the text without its marks', () => {
  const { text } = new Renderer(packagePath('templates'), undefined).render('acknowledgement', VALUES)
  expect(plainFromRichText(text)).toContain(`Your reference is ${VALUES.ticket.ref}.`)
  expect(htmlText(text)).toContain(`<strong>${VALUES.ticket.ref}</strong>`)
})

test('what an agent styled is Markdown, without HTML', () => {
  const renderer = new Renderer(packagePath('templates'), undefined)
  const text = 'Do *this*:\n\n1. Stop.\n2. <b>Start</b>.'
  const message = { ...VALUES.message, text: new Answer('', text) }
  const { text: rich } = renderer.render('reply', { ...VALUES, message })
  expect(htmlText(rich)).toContain('<em>this</em>')
  expect(htmlText(rich)).toContain('<li>&lt;b&gt;Start&lt;/b&gt;.</li>')
  expect(plainFromRichText(rich)).toContain(text)
})

test('a subject stays one line, whatever stands in it', () => {
  const renderer = new Renderer(packagePath('templates'), undefined)
  const ticket = { ...VALUES.ticket, subject: 'A\r\nBcc: x@evil.example' }
  expect(renderer.render('reply', { ...VALUES, ticket }).subject).toBe('Re: [HD-1] A Bcc: x@evil.example')
})

test('one template is replaced alone', async () => {
  await writeFile(join(folder, 'mail', 'reply.liquid'), 'Subject: {{ ticket.ref }}!\nMy {{ message.text | raw }}')
  const renderer = new Renderer(packagePath('templates'), folder)
  expect(renderer.render('reply', VALUES)).toEqual({
    subject: 'HD-1!',
    text: { markdown: 'My \uE0000\uE001', verbatim: ['It drops.'] },
  })
  expect(renderer.render('acknowledgement', VALUES).subject).toBe('[HD-1] VPN')
})

test.each([
  [
    'reply.liquid',
    'Subject: x\n\n{{ ticket.nubmer }}',
    /reply\.liquid: there is no variable "ticket\.nubmer" \(line 3\)/,
  ],
  ['reply.liquid', 'Subject: x\n{% if %}', /reply\.liquid: .*line:? ?2/],
  ['reply.liquid', 'Subject: x\n{{ note | shout }}', /reply\.liquid: .*shout.*line:? ?2/],
  ['reply.liquid', "Subject: x\n{% include 'absent' %}", /reply\.liquid: .*absent/],
  ['repyl.liquid', 'Subject: x', /repyl\.liquid replaces nothing: name it one of acknowledgement\.liquid/],
])('%s with a mistake stops the start: %s', async (name, text, sentence) => {
  await writeFile(join(folder, 'mail', name), text)
  expect(() => new Renderer(packagePath('templates'), folder)).toThrow(sentence)
})
