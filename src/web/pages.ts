// Pages for requesters.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { parse } from 'node:querystring'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { secureHeaders } from 'hono/secure-headers'
import { Liquid } from 'liquidjs'
import { DeskError } from '../errors.ts'
import { answerOnPage, readSolvedPage, type SolvedPage } from '../flow/boards/solved-page.ts'
import type { Context } from '../flow/context.ts'
import { packagePath } from '../package.ts'

const MOST_BYTES = 16 * 1024 // of a form
const MOST_FIELDS = 10
const MOST_COMMENT = 4_000 // characters

/** Pages for requesters. Looking never changes anything, because scanners of mail open every link. */
export class Pages {
  readonly #context: Context
  readonly #engine = new Liquid({
    root: packagePath('templates', 'web'),
    extname: '.liquid',
    outputEscape: 'escape',
    cache: true,
  })
  /** Answers any request. */
  readonly serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  /** Called after something was queued. */
  onCommit: () => void = () => undefined

  constructor(context: Context) {
    this.#context = context
    this.serve = getRequestListener(this.#app().fetch)
  }

  #app(): Hono {
    const app = new Hono()
    app.use(
      secureHeaders({
        contentSecurityPolicy: {
          defaultSrc: ["'none'"],
          styleSrc: ["'unsafe-inline'"],
          formAction: ["'self'"],
          frameAncestors: ["'none'"],
          baseUri: ["'none'"],
        },
        referrerPolicy: 'no-referrer',
      }),
    )
    app.use(async (c, next) => {
      await next()
      c.header('Cache-Control', 'no-store')
      c.header('X-Robots-Tag', 'noindex')
    })
    const tooLong = bodyLimit({
      maxSize: MOST_BYTES,
      onError: c =>
        c.html(this.#failure('Your text is too long for this page. Please reply to our email instead.'), 413),
    })
    app.get('/solved/:token', async c => {
      return c.html(this.#page(await readSolvedPage(this.#context, c.req.param('token')), ''))
    })
    app.post('/solved/:token', tooLong, async c => {
      // Whatever type it is said to be: of what is no such form, nothing is pressed.
      const form = parse(await c.req.text(), '&', '=', { maxKeys: MOST_FIELDS })
      const solved = form.solved === 'yes' ? true : form.solved === 'no' ? false : undefined
      if (solved === undefined) throw new DeskError('usage', 'Please press Yes or No.')
      const score = /^[1-5]$/.test(String(form.score ?? '')) ? Number(form.score) : null
      const comment = typeof form.comment === 'string' ? form.comment.slice(0, MOST_COMMENT).trim() : ''
      const page = await answerOnPage(this.#context, c.req.param('token'), { solved, score, comment })
      this.onCommit()
      return c.html(this.#page(page, page.taken ? (solved ? 'yes' : 'no') : ''))
    })
    app.notFound(c => c.html(this.#failure('There is no such page.'), 404))
    app.onError((error, c) => {
      if (error instanceof DeskError && error.code === 'not-found') return c.html(this.#failure(error.message), 404)
      if (error instanceof DeskError && error.code === 'usage') return c.html(this.#failure(error.message), 400)
      this.#context.log.error({ err: error }, 'a page could not be shown')
      return c.html(
        this.#failure('That did not work just now. Please reply to our email instead, or try again later.'),
        500,
      )
    })
    return app
  }

  #page(page: SolvedPage, answered: string): string {
    return this.#engine.renderFileSync('solved', { ...page, answered, failure: '' }) as string
  }

  #failure(failure: string): string {
    const nothing = { ref: '', subject: '', state: '', desk: '', asks: false, over: false, taken: false, answered: '' }
    return this.#engine.renderFileSync('solved', { ...nothing, failure }) as string
  }
}
