// Draws the picture of the README from a desk at work: `npm run pictures` writes docs/pictures/at-work.png.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ParsedMail, simpleParser } from 'mailparser'
import { chromiumMissing, openTab, startBrowser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { makeRoom, type Room } from '../support/relaydesk-process.ts'

const FILE = 'docs/pictures/at-work.png'
const ANN = 'Ann Lee <ann@example.com>'

/** The newest mail that the desk sent to somebody. */
async function newestMailTo(room: Room, address: string, about: RegExp): Promise<ParsedMail> {
  return eventually(async () => {
    const files = (await readdir(join(room.state, 'mail', 'new')).catch(() => [])).toSorted().reverse()
    for (const file of files) {
      const mail = await simpleParser(await readFile(join(room.state, 'mail', 'new', file)))
      const to = [mail.to ?? []].flat().flatMap(each => each.value)
      if (to.some(each => each.address === address) && about.test(mail.subject ?? '')) return mail
    }
    return undefined
  }, `a mail to ${address}`)
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
}

function mailPanel(title: string, { subject = '', from, html }: ParsedMail): string {
  return `<section><h2>${escaped(title)}</h2><article><header><b>${escaped(subject)}</b><br>
    <small>${escaped(from?.text ?? '')}</small></header>${html || ''}</article></section>`
}

function terminalPanel(title: string, runs: readonly { line: string; output: string }[]): string {
  const text = runs.map(({ line, output }) => `<b>$ relaydesk ${escaped(line)}</b>\n${escaped(output)}`).join('\n')
  return `<section><h2>${escaped(title)}</h2><pre>${text}</pre></section>`
}

const STYLE = `
  body { margin: 0; padding: 20px; width: 1240px; box-sizing: border-box; background: #eef1f5; color: #1d2430;
    font: 14px/1.45 'DejaVu Sans', sans-serif; display: grid; grid-template-columns: 420px 1fr; gap: 16px; }
  h2 { margin: 0 0 6px; font-size: 13px; font-weight: 600; color: #556; }
  article, pre { margin: 0; border-radius: 8px; padding: 14px 16px; box-shadow: 0 1px 4px #0002; }
  article { background: #fff; } article header { border-bottom: 1px solid #e3e6ea; padding-bottom: 8px; margin-bottom: 8px; }
  small { color: #667; } .mails { display: grid; gap: 16px; align-content: start; }
  pre { background: #171c26; color: #d5dbe5; font: 12.5px/1.5 'DejaVu Sans Mono', monospace; overflow: hidden; }
  pre b { color: #8fd3a8; font-weight: 600; }`

const missing = chromiumMissing()
if (missing) throw new Error(missing)
const room = await makeRoom('agents:\n  - { handle: bob, name: Bob Berg, email: bob@staff.example }\n')
try {
  await room.start()
  const send = (from: string, subject: string, text: string) =>
    room.run('send', '--from', from, '--subject', subject, text)
  await send('Dora Diaz <dora@example.com>', 'VPN drops every ten minutes', 'Since Monday. I cannot work like this.')
  await send(ANN, 'The printer on floor 2 is smoking', 'It began an hour ago. What shall we do?')
  const receipt = await newestMailTo(room, 'ann@example.com', /HD-2/)
  await room.run('claim', 'HD-2')
  await room.run('set', 'HD-2', 'impact=high', 'urgency=high')
  await room.run('reply', 'HD-2', 'Please leave the room and close the door. I am on my way.')
  const answer = await newestMailTo(room, 'ann@example.com', /^Re:/)
  const runs = []
  for (const line of ['list', 'show HD-2']) runs.push({ line, output: (await room.run(...line.split(' '))).stdout })
  const browser = await startBrowser()
  try {
    const tab = await openTab(browser)
    await tab.setViewportSize({ width: 1240, height: 400 })
    const mails = mailPanel('What Ann gets at once', receipt) + mailPanel('and when Bob has answered', answer)
    const page = `<div class="mails">${mails}</div>${terminalPanel('What agents see, here on the command line', runs)}`
    await tab.setContent(`<!doctype html><style>${STYLE}</style>${page}`)
    await tab.screenshot({ path: FILE, fullPage: true })
  } finally {
    await browser.close()
  }
} finally {
  await room.remove()
}
