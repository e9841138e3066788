// What a channel needs that is called from outside by HTTP: it says what is answered where, and the desk listens.
import type { IncomingMessage, ServerResponse } from 'node:http'

/** A request that is not served. The sentence is for whoever sent it. */
export class HttpRefusal extends Error {
  readonly status: number
  readonly headers: Record<string, string>

  constructor(status: number, sentence: string, headers: Record<string, string> = {}) {
    super(sentence)
    this.name = 'HttpRefusal'
    this.status = status
    this.headers = headers
  }
}

/** What answers one method at one path. */
export interface HttpRoute {
  /** GET answers HEAD as well. */
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** From its slash on, without a query: `/slack/events`. */
  path: string
  /**
   * Answers a request of which only the head was read. `body` reads the rest, so many bytes at most. Rejects with an
   * `HttpRefusal`, as `body` does, or with any other error for a 500. It is called before the channel is started, too.
   */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    body: (mostBytes: number) => Promise<Buffer>,
  ): void | Promise<void>
}

/** Where something listens. */
export interface HttpPort {
  /** What says so, for whoever has to mend it: `http.port`. */
  setting: string
  host: string
  port: number
  /** Addresses and networks of reverse proxies whose X-Forwarded-For is believed. */
  proxies: readonly string[]
}

/** A channel that is called from outside. */
export interface ServesHttp {
  routes(): HttpRoute[]
  /** A port of its own; without one its routes are served beside the pages, at `web.port`. */
  readonly ownPort?: HttpPort | undefined
}
