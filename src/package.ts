import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(fileURLToPath(import.meta.resolve('#package/package.json')))

/** A file or folder that ships with Relaydesk, from the checkout as from the installed package. */
export function packagePath(...parts: string[]): string {
  return join(ROOT, ...parts)
}

/** As in package.json. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(packagePath('package.json'), 'utf8')) as { version: string }
  return version
}
