import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { patience } from './patience.ts'

const LONGEST_MS = 30_000

/** The browser's program, and the package that brings it. */
export const CHROMIUM = { program: '/usr/bin/chromium', package: 'chromium' }

/** Why there can be no browser on this machine, in a sentence that says what to install; undefined if there can. */
export function chromiumMissing(): string | undefined {
  if (existsSync(CHROMIUM.program)) return undefined
  return `To run the tests in a browser: apt-get install ${CHROMIUM.package}`
}

/** A headless browser; `close` it in the end. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM.program,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    timeout: patience(LONGEST_MS),
  })
}

/** A page of it. */
export async function openTab(browser: Browser): Promise<Page> {
  const tab = await browser.newPage()
  tab.setDefaultTimeout(patience(LONGEST_MS))
  return tab
}
