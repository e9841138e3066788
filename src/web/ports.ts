// The ports that the desk listens at by HTTP, and what is answered at each: pages, and what channels answer.
import { able } from '../channel/abilities.ts'
import type { HttpPort } from '../channel/http.ts'
import { listenError } from '../errors.ts'
import type { Context } from '../flow/context.ts'
import { HttpServer, type HttpServerOptions } from '../http-server.ts'
import type { Pages } from './pages.ts'
import { Routes } from './routes.ts'

/** A port, and all that is answered there. */
export class Port {
  readonly routes = new Routes()
  readonly #at: HttpPort
  readonly #server: HttpServer

  constructor(at: HttpPort, warn: (sentence: string, error?: unknown) => void) {
    this.#at = at
    const serve: HttpServerOptions['serve'] = (request, response) => this.routes.serve(this.#server, request, response)
    this.#server = new HttpServer({ serve, warn: (sentence, error) => warn(`web: ${sentence}`, error), ...at })
  }

  /** As a sentence begins with it. */
  get name(): string {
    return `Port ${this.#at.port} (${this.routes.owners.join(', ')})`
  }

  /** Gives the port. Rejects with a `DeskError` if it cannot be had; then it may be tried again. */
  listen(): Promise<number> {
    const { host, port, setting } = this.#at
    return this.#server.listen(port, host).catch(error => {
      throw listenError(error, setting, { host, port })
    })
  }

  /** Takes nothing more, and gives what is answered a moment after `inHand` is settled. */
  close(inHand?: Promise<unknown>): Promise<void> {
    return this.#server.close(inHand)
  }
}

/** The ports of a desk; none where nothing is answered. Throws a `DeskError` where two channels answer the same. */
export function portsOf({ channels, log }: Context, web: HttpPort, pages: Pages | undefined): Port[] {
  const ports = new Map<string, Port>()
  const portAt = (at: HttpPort) => {
    const key = `${at.host} ${at.port}`
    const port = ports.get(key) ?? new Port(at, (sentence, error) => log.warn(error ? { err: error } : {}, sentence))
    ports.set(key, port)
    return port
  }
  if (pages) portAt(web).routes.addRest('pages', pages.serve)
  for (const [name, { adapter }] of channels) {
    const serves = able(adapter, 'routes')
    const routes = serves?.routes() ?? []
    if (routes.length > 0) portAt(serves?.ownPort ?? web).routes.add(name, routes)
  }
  return [...ports.values()]
}
