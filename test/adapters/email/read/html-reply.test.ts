import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readMail } from '../../../../adapters/email/read/parse-message.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relaydesk-html-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

async function read(html: string, subject = 'Re: Printer'): Promise<{ text: string; visible: string }> {
  const head = `From: ann@example.com\r\nSubject: ${subject}\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n`
  const { message } = await readMail(
    { bytes: Buffer.from(head + html) },
    { ownAddresses: [], envelope: null, spool: join(folder, 'spool') },
  )
  if ('quarantine' in message) throw new Error(message.detail)
  return message
}

const ANSWER = '<p>It works now.</p>'
// Words of no language that programs speak, so that only the structure tells.
const BLOCK = '<b>Xa:</b> Bob<br><b>Xb:</b> 5<br><b>Xc:</b> Ann<br><b>Xd:</b> Printer'

describe('the structure of HTML tells where a quote begins', () => {
  test.each([
    [
      'Gmail',
      `<div dir="ltr">It works now.</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">Xa xb Bob xc<br></div><blockquote class="gmail_quote">Try again.</blockquote></div>`,
    ],
    [
      'Gmail with a signature',
      `<div dir="ltr">It works now.<br clear="all"><div><br></div><span class="gmail_signature_prefix">-- </span><br><div dir="ltr" class="gmail_signature" data-smartmail="gmail_signature">Ann<br>Ltd</div></div>`,
    ],
    [
      'Thunderbird',
      `It works now.<br><div class="moz-signature">-- <br>Ann</div><div class="moz-cite-prefix">Xa 5 xb Bob:<br></div><blockquote type="cite" cite="mid:a@b">Try again.</blockquote>`,
    ],
    [
      'Apple Mail',
      `<div>It works now.</div><div><br><blockquote type="cite"><div>On 5 Jan 2026, at 10:00, Bob &lt;bob@example.com&gt; wrote:</div><br><div>Try again.</div></blockquote></div>`,
    ],
    [
      'Outlook on the web',
      `${ANSWER}<div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr">${BLOCK}</div><div>Try again.</div>`,
    ],
    [
      'Outlook on the desktop',
      `<div class="WordSection1">${ANSWER}<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p>${BLOCK}</p></div></div><p>Try again.</p></div>`,
    ],
    [
      'Outlook on a telephone',
      `<div>It works now.</div><div id="ms-outlook-mobile-signature">Get Xx</div><div id="mail-editor-reference-message-container"><div>${BLOCK}</div><div>Try again.</div></div>`,
    ],
    [
      'Yahoo',
      `<div>It works now.</div><div id="yahoo_quoted_1" class="yahoo_quoted"><div>Xa xb:</div><div>Try again.</div></div>`,
    ],
    [
      'Proton',
      `<div>It works now.</div><div class="protonmail_quote">Xa xb Bob<br><blockquote class="protonmail_quote" type="cite">Try again.</blockquote></div>`,
    ],
    [
      'Spark',
      `<div name="messageBodySection">It works now.</div><div name="messageSignatureSection"><br>Ann</div><div name="messageReplySection">Xa xb<br><blockquote type="cite">Try again.</blockquote></div>`,
    ],
    [
      'Front',
      `<div>It works now.</div><div class="front-signature">Ann<br>Ltd</div><blockquote type="cite" class="front-blockquote">Try again.</blockquote>`,
    ],
    [
      'Mail Master',
      `<div>It works now.</div><div id="ntes-pcmac-signature">Ann</div><div class="ntes-mailmaster-quote"><div>Xa</div>${BLOCK}<div>Try again.</div></div>`,
    ],
    [
      'Airmail',
      `<div>It works now.</div><div id="bloop_sign_1" class="bloop_sign">Ann</div><p class="airmail_on">Xa xb</p><blockquote type="cite">Try again.</blockquote>`,
    ],
    [
      'Roundcube',
      `<p>It works now.</p><div id="_rc_sig">---<br>Ann</div><p id="reply-intro">Xa xb</p><blockquote type="cite">Try again.</blockquote>`,
    ],
    [
      'Zoho',
      `<div>It works now.</div><div class="zmail_extra"><div>Xa xb</div><blockquote>Try again.</blockquote></div>`,
    ],
  ])('%s', async (_, html) => {
    const { text, visible } = await read(html)
    expect(visible).toBe('It works now.')
    expect(text).not.toMatch(/[\uFDD0-\uFDD3]/)
  })

  test('what is forwarded stays', async () => {
    const { visible, text } = await read(
      `${ANSWER}<div id="divRplyFwdMsg">${BLOCK}</div><div>Try again.</div>`,
      'FW: Printer',
    )
    expect(visible).toBe(text.trim())
    expect(visible).toContain('Try again.')
    const gmail = `For you.<div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------<br>From: Bob &lt;bob@example.com&gt;<br>Date: Mon, 5 Jan 2026<br>Subject: Printer<br>To: ann@example.com<br></div><br>It burns.</div>`
    expect((await read(gmail, 'Fwd: Printer')).visible).toContain('It burns.')
  })

  test('answers between quotes keep them', async () => {
    const html = `<div class="gmail_quote"><div class="gmail_attr">On Mon, Jan 5, 2026 at 10:00 AM Bob &lt;bob@example.com&gt; wrote:<br></div><blockquote class="gmail_quote">Does it burn?</blockquote></div><div>No.</div><div class="gmail_quote"><blockquote class="gmail_quote">Smoke?</blockquote></div><div>Yes.</div>`
    expect((await read(html)).visible.replace(/\n+/g, '\n')).toBe('> Does it burn?\nNo.\n> Smoke?\nYes.')
  })

  test('text that was indented is not quoted', async () => {
    const html = `<div>These:</div><blockquote style="margin:0 0 0 40px;border:none;padding:0px"><div>printer</div></blockquote>`
    expect((await read(html)).visible).toContain('printer')
  })

  test('a first message that is nothing but a quote is given whole', async () => {
    expect((await read('<div id="divRplyFwdMsg">Only this.</div>')).visible).toBe('Only this.')
  })

  test('marks in the mail itself are no marks', async () => {
    const { text, visible } = await read('<p>One.</p><p>\uFDD0Two.</p>')
    expect({ text, visible }).toEqual({ text: 'One.\n\nTwo.', visible: 'One.\n\nTwo.' })
  })
})
