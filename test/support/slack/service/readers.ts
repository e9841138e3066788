import { eventually } from '../../eventually.ts'
import { inspectorTable } from '../inspector.ts'
import type { Block, Call, Ephemeral, Message, View } from '../shapes.ts'
import type { SlackApi } from './api.ts'
import { threadOf, topMessages } from './history.ts'

/** What is to be seen in the workspace, as the people in it see it. */
export class Readers {
  readonly #api: SlackApi
  /** Modals that people submitted or closed: the emulator keeps them for ever. */
  readonly #closed = new Set<string>()

  constructor(api: SlackApi) {
    this.#api = api
  }

  /** What stands in a conversation outside threads, oldest first. */
  async messages(channel: string): Promise<Message[]> {
    const id = this.#api.workspace.channel(channel)
    return topMessages(this.#api, id, await this.#call(id))
  }

  /** A thread with its first message, oldest first. */
  async thread(channel: string, ts: string): Promise<Message[]> {
    const id = this.#api.workspace.channel(channel)
    return threadOf(this.#api, id, ts, await this.#call(id))
  }

  /** What single people were shown there, oldest first; the newest twenty. */
  async ephemerals(channel: string): Promise<Ephemeral[]> {
    const id = this.#api.workspace.channel(channel)
    const rows = await inspectorTable(this.#api.workspace, `tab=messages&channel=${id}`, 'Ephemeral')
    const found = rows.toReversed().flatMap(row => {
      const ts = row.TS ?? ''
      const sent = this.#api.ephemerals.get(ts)
      if (!sent) return []
      const { text = '', blocks = [], thread_ts } = sent as { text?: string; blocks?: Block[]; thread_ts?: string }
      const thread = thread_ts === undefined ? {} : { thread_ts }
      return [{ ephemeral: true as const, channel: id, ts, shownTo: row.Target ?? '', text, blocks, ...thread }]
    })
    return found
  }

  /** Modals that are open, newest first. */
  async views(): Promise<View[]> {
    return (await this.#views('Modals')).filter(view => !this.#closed.has(view.id))
  }

  /** The modal on top of what this person sees: it may come a moment after the press that asked for it. */
  modalOf(person: string): Promise<View> {
    const top = async () => (await this.views()).find(view => view.shownTo === person)
    return eventually(top, `a modal that ${person} sees`, 5_000)
  }

  /** The app's home as this person sees it; nothing where it was never published. */
  async homeOf(person: string): Promise<View | undefined> {
    return (await this.#views('App Home')).find(view => view.shownTo === person)
  }

  /** A person is done with this modal. */
  close(view: View): void {
    this.#closed.add(view.id)
  }

  async #call(channel: string): Promise<Call> {
    return { method: '', args: {}, caller: await this.#api.workspace.readerOf(channel) }
  }

  async #views(section: 'Modals' | 'App Home'): Promise<View[]> {
    const rows = await inspectorTable(this.#api.workspace, 'tab=views', section)
    return rows.flatMap(row => {
      const shown = this.#api.views.get(row.ID ?? '')
      return shown ? [{ ...shown, shownTo: row.User ?? '' } as View] : []
    })
  }
}
