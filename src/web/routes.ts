// Finds what answers a request at one port: a route of a channel, else the pages.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { HttpRefusal, type HttpRoute } from '../channel/http.ts'
import { DeskError } from '../errors.ts'
import { BUSY, type HttpServer, MOST_CONNECTIONS } from '../http-server.ts'

type Answers = HttpRoute['handle']

/** Who answers at a port. */
interface Owner {
  name: string
  routes: readonly HttpRoute[]
  /** What it is answering. */
  inHand: Set<IncomingMessage>
}

/**
 * All that is answered at one port. Of what has come in whole, and gives way to nobody, each owner may have its share of the
 * connections in hand: a channel that is slow shuts out neither the others nor the pages.
 */
export class Routes {
  readonly #owners: Owner[] = []
  #rest: { owner: Owner; answers: Answers } | undefined

  /** Who answers here. */
  get owners(): string[] {
    return this.#owners.map(each => each.name)
  }

  /** Throws a `DeskError` where somebody answers the same. */
  add(name: string, routes: readonly HttpRoute[]): void {
    for (const { method, path } of routes) {
      const other = this.#owners.find(each => each.routes.some(has => has.method === method && has.path === path))
      if (!other) continue
      const twins = `${other.name} and ${name} both answer ${method} ${path} at one port`
      throw new DeskError('config', `channels: ${twins}: give one of them another path, or a port of its own.`)
    }
    this.#createOwner(name, routes)
  }

  /** What answers wherever nobody else does. */
  addRest(name: string, answers: Answers): void {
    this.#rest = { owner: this.#createOwner(name, []), answers }
  }

  /** Rejects with an `HttpRefusal`, or with what the owner rejected with. */
  async serve(server: HttpServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { owner, answers } = this.#find(request)
    owner.inHand.add(request)
    response.once('close', () => owner.inHand.delete(request))
    this.#refuseBeyondShare(owner)
    await answers(request, response, async most => {
      const body = await server.body(request, most)
      this.#refuseBeyondShare(owner)
      return body
    })
  }

  #createOwner(name: string, routes: readonly HttpRoute[]): Owner {
    const owner = { name, routes, inHand: new Set<IncomingMessage>() }
    this.#owners.push(owner)
    return owner
  }

  #find({ method, url = '' }: IncomingMessage): { owner: Owner; answers: Answers } {
    const path = url.split('?', 1)[0]
    const here = this.#owners.flatMap(owner =>
      owner.routes.filter(route => route.path === path).map(route => ({ owner, route })),
    )
    const routeMethod = method === 'HEAD' ? 'GET' : method
    const found = here.find(({ route }) => route.method === routeMethod)
    if (found) return { owner: found.owner, answers: found.route.handle.bind(found.route) }
    if (here.length > 0) {
      const allow = here.flatMap(({ route }) => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method])).join(', ')
      throw new HttpRefusal(405, `Only ${allow} requests are accepted here.`, { allow })
    }
    if (this.#rest) return this.#rest
    throw new HttpRefusal(404, 'There is nothing here.')
  }

  #refuseBeyondShare({ inHand }: Owner): void {
    const whole = [...inHand].filter(each => each.complete).length
    if (whole > MOST_CONNECTIONS / this.#owners.length) throw new HttpRefusal(503, BUSY, { 'retry-after': '60' })
  }
}
