// Starts the program anew where its first start left a compiler in memory.
import { flushCompileCache } from 'node:module'
import process from 'node:process'

const ONCE = 'RELAYDESK_STARTED_ANEW'

/**
 * Whether the first start from changed sources loaded a compiler, which leaves 20 MB behind for as long as the desk
 * runs, and the same program can take this one's place, which finds everything compiled.
 */
export function isHeavy(): boolean {
  const { moduleLoadList = [] } = process as unknown as { moduleLoadList?: string[] }
  const compiler = moduleLoadList.some(name => name.includes('deps/amaro'))
  return compiler && process.env[ONCE] === undefined && process.execve !== undefined
}

/** Does not return. See https://nodejs.org/api/process.html#processexecvefile-args-env */
export function restartWithoutCompiler(): never {
  flushCompileCache()
  const args = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  return process.execve?.(process.execPath, args, { ...process.env, [ONCE]: '1' }) as never
}
