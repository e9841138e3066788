import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

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
  })
}
