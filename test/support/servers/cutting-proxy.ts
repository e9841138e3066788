import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createConnection, createServer, type Socket } from 'node:net'

/** A piece of network on 127.0.0.1 that can be made to fail. */
export interface CuttingProxy {
  /** Connect here instead. */
  port: number
  /** Connections that are open now. */
  readonly connections: number
  /** Resets all connections. */
  cut(): void
  /** From now on swallows what either side says and tells nobody; connections stay open, new ones too. */
  halfOpen(): void
  /** New connections work again. What was swallowed is gone, so older ones stay as silent as they are. */
  heal(): void
  /** Whether new connections are reset at once. */
  refuse(on: boolean): void
  stop(): Promise<void>
}

interface Pair {
  near: Socket
  far: Socket
  silent: boolean
}

/** Looks at what a client is about to say, where it is not encrypted; it is passed on once that resolves. */
export type Overhears = (said: string) => Promise<void> | void

/** Starts a proxy to a port on 127.0.0.1. */
export async function startProxy(targetPort: number, before?: Overhears): Promise<CuttingProxy> {
  const pairs = new Set<Pair>()
  let silent = false
  let refusing = false

  const server = createServer({ allowHalfOpen: true }, near => {
    if (refusing) return near.resetAndDestroy()
    const far = createConnection({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true })
    const pair = { near, far, silent }
    pairs.add(pair)
    join(pair, near, far, before)
    join(pair, far, near)
    const gone = () => {
      if (near.closed && far.closed) pairs.delete(pair)
    }
    near.once('close', gone)
    far.once('close', gone)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const cut = () => {
    for (const { near, far } of pairs) {
      near.resetAndDestroy()
      far.resetAndDestroy()
    }
    pairs.clear()
  }
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return [...pairs].filter(pair => !pair.near.destroyed).length
    },
    cut,
    halfOpen() {
      silent = true
      for (const pair of pairs) pair.silent = true
    },
    heal() {
      silent = false
    },
    refuse(on) {
      refusing = on
    },
    async stop() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Carries what one side says to the other, at the other's pace. */
function join(pair: Pair, from: Socket, to: Socket, before?: Overhears): void {
  from.setNoDelay(true)
  from.on('data', async chunk => {
    if (before) {
      from.pause()
      await before(chunk.toString('latin1'))
      from.resume()
    }
    if (pair.silent || to.destroyed) return
    if (!to.write(chunk)) from.pause()
  })
  to.on('drain', () => from.resume())
  from.on('end', () => {
    if (pair.silent) from.destroy()
    else to.end()
  })
  from.on('error', () => undefined)
  from.on('close', hadError => {
    if (pair.silent) return
    if (hadError) to.resetAndDestroy()
    else to.destroy()
  })
}
