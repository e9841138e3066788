// The port that a browser is sent back to.
import { HttpRefusal } from '../../../src/channel/http.ts'
import { HttpServer } from '../../../src/http-server.ts'

const PAGE = '<!doctype html><meta charset="utf-8"><title>Relaydesk</title>'
const DONE = `${PAGE}<p>Relaydesk has the answer. You can close this page and go back to the terminal.</p>\n`
const STRAY = 'Nobody is signing in with this address. Use the one that the terminal shows.'

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
  const server = new HttpServer({
    serve({ method, url: target }, response) {
      const url = target?.startsWith('/?') ? URL.parse(target, address) : null
      if (method !== 'GET' || url?.searchParams.get('state') !== state) throw new HttpRefusal(400, STRAY)
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', connection: 'close' })
      response.end(DONE, () => arrive(url))
    },
    // What anybody else on this machine sends is no matter of whoever signs in.
    warn: () => undefined,
  })
  const address = `http://127.0.0.1:${await server.listen(0, '127.0.0.1')}/`
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
    [Symbol.asyncDispose]: () => server.close(), // browsers open connections that they never use
  }
}
