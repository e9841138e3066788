import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

// Loaded into a desk before it starts (node --import): it fails, or kills itself as `kill -9` would, at a place where
// messages are certainly in hand. A fault from outside comes when it comes.

/** Where a process kills itself, and which time it gets there. */
export interface Strike {
  /** All of a group written and nothing committed; committed and not acknowledged; a large file in the making. */
  at: 'written' | 'committed' | 'spooled'
  /** 1 for the first time. */
  time: number
}

const PLACES: Record<string, { usual: string; struck: string }[]> = {
  '/src/flow/intake/receive.ts': [
    { usual: '      return receipts\n    })', struck: "      strike('written')\n      return receipts\n    })" },
    {
      usual: 'this.#store(remaining.slice(0, this.#next), before)',
      struck: "this.#store(remaining.slice(0, this.#next), before); strike('committed')",
    },
  ],
  '/src/store/files.ts': [{ usual: 'await move(path, target,', struck: "strike('spooled'); await move(path, target," }],
}

const VARIABLE = 'STRIKE_AT'

/** The environment of a desk that is to be struck: `kill`, or `once` or `ever` from then on its database is locked. */
export function struck({ at, time }: Strike, how: 'kill' | 'once' | 'ever' = 'kill'): Record<string, string> {
  return { NODE_OPTIONS: `--import ${fileURLToPath(import.meta.url)}`, [VARIABLE]: `${at} ${time} ${how}` }
}

/** What it writes to standard error whenever its database is locked. */
export const LOCKED = 'struck: the database is locked'

const [wanted, time, how] = (process.env[VARIABLE] ?? '').split(' ')
if (wanted) {
  let times = 0
  Object.assign(globalThis, {
    strike(at: string) {
      if (at !== wanted) return
      times += 1
      if (times !== Number(time) && !(how === 'ever' && times > Number(time))) return
      if (how === 'kill') process.kill(process.pid, 'SIGKILL')
      process.stderr.write(`${LOCKED}\n`)
      throw Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' })
    },
  })
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      const [, places] = Object.entries(PLACES).find(([file]) => url.endsWith(file)) ?? []
      if (!places) return loaded
      let source = String(Buffer.from(loaded.source as Uint8Array))
      for (const { usual, struck } of places) {
        if (!source.includes(usual)) throw new Error(`${url} is written in another way: mend where it is struck`)
        source = source.replace(usual, struck)
      }
      return { ...loaded, source }
    },
  })
}
