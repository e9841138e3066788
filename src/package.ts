// Files that ship with the program.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'

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

/** The program of a thread beside the file at `here`, named without its ending, from the sources as from the package. */
export function threadProgram(name: string, here: string): URL {
  const fromSources = here.endsWith('.ts')
  // Node strips types in WebAssembly, whose compiled code V8 shares between threads and may free while one still runs
  // it, which ends the process: https://github.com/nodejs/node/issues/64500.
  if (fromSources) setFlagsFromString('--no-wasm-code-gc')
  return new URL(`${name}${fromSources ? '.ts' : '.js'}`, here)
}
