// Shows the page of the app.
import { sentenceOf } from '../../../src/errors.ts'
import { LruCache } from '../../chat/lru-cache.ts'
import { slackCode } from '../api/api-error.ts'
import { homeView } from '../blocks/home-view.ts'
import type { HomeOpened } from '../receive/event-intake.ts'
import { slackFromRichText } from '../text/mrkdwn-writer.ts'
import type { Workspace } from '../workspace.ts'
import { NEW_TICKET } from './modals.ts'
import type { CommandRunner, CommandSender } from './run-command.ts'

const APART_MS = 5_000
const MOST_PEOPLE = 5_000

interface Page {
  /** When it was last made anew; on a clock that is never set back. */
  at: number
  timer?: NodeJS.Timeout
}

/** The page that each person has with the app. */
export class HomePages {
  readonly #workspace: Workspace
  readonly #runner: CommandRunner
  readonly #apart: number
  /** Of those who have opened it lately: others find it as it is when they do. */
  readonly #pages: LruCache<Page>
  readonly #timers = new Set<NodeJS.Timeout>()
  #stopped = false

  constructor(workspace: Workspace, runner: CommandRunner, { apart = APART_MS } = {}) {
    this.#workspace = workspace
    this.#runner = runner
    this.#apart = apart
    this.#pages = new LruCache({ most: MOST_PEOPLE, now: workspace.options.now })
  }

  /** Somebody opened it. Resolves once they see it as it is now. */
  async opened({ userId, tab }: Pick<HomeOpened, 'userId' | 'tab'>): Promise<void> {
    if (tab === 'home') await this.#publish({ id: userId })
  }

  /** Something may have changed for this person, who sees it now or may: it is made anew, once in a while at most. */
  touch(doer: CommandSender, isOnPage: boolean): void {
    const page = this.#pages.get(doer.id) ?? (isOnPage ? { at: Number.NEGATIVE_INFINITY } : undefined)
    if (!page || page.timer || this.#stopped) return
    const wait = Math.max(0, page.at + this.#apart - performance.now())
    if (wait > 0) page.timer = this.#later(wait, doer)
    else this.#runner.afterwards(() => this.#publish(doer))
  }

  /** What was to be made anew is left as it is. */
  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  #later(wait: number, doer: CommandSender): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#runner.afterwards(() => this.#publish(doer))
    }, wait)
    this.#timers.add(timer)
    return timer.unref()
  }

  /** What fails is warned of: the page is made anew whenever it is opened. */
  async #publish(doer: CommandSender): Promise<void> {
    const { desk, client, options } = this.#workspace
    this.#pages.set(doer.id, { at: performance.now() })
    try {
      const home = await desk.home(await this.#runner.actor(doer))
      const open = { label: 'Open a ticket', line: NEW_TICKET, style: 'primary' } as const
      const shown = { ...home, actions: [open, ...home.actions] }
      const view = homeView(shown, markdown => slackFromRichText({ markdown, verbatim: [] }))
      await client.views.publish({ user_id: doer.id, view })
    } catch (error) {
      options.warn(`the page of somebody in Slack could not be shown: ${slackCode(error) || sentenceOf(error)}`, error)
    }
  }
}
