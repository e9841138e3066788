import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const PAGE = '<!doctype html><meta charset="utf-8"><title>Relaydesk</title>'
const DONE = `${PAGE}<p>Relaydesk has the answer. You can close this page and go back to the terminal.</p>\n`
const STRAY = `${PAGE}<p>Nobody is signing in with this address. Use the one that the terminal shows.</p>\n`

/** A port of this machine that a browser is sent back to. */
export interface Redirect extends AsyncDisposable {
  /** Where the provider is to send the browser. */
  address: string
  /** The address that the browser came with, once its state is ours; undefined when it does not come in time. */
  arrival(withinMs: number): Promise<URL | undefined>
}

/** Listens on 127.0.0.1 until it is disposed of. Requests without our state are turned away. */
export async function awaitRedirect(state: string): Promise<Redirect> {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<URL>()
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', address)
    const ours = request.method === 'GET' && url.pathname === '/' && url.searchParams.get('state') === state
    response.writeHead(ours ? 200 : 400, { 'content-type': 'text/html; charset=utf-8', connection: 'close' })
    response.end(ours ? DONE : STRAY, () => {
      if (ours) arrive(url)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return {
    address,
    async arrival(withinMs) {
      const { promise: late, resolve: give } = Promise.withResolvers<undefined>()
      const timer = setTimeout(() => give(undefined), withinMs)
      try {
        return await Promise.race([arrived, late])
      } finally {
        clearTimeout(timer)
      }
    },
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections() // browsers open connections that they never use
    },
  }
}
