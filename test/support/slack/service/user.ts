import { eventually } from '../../eventually.ts'
import { type Control, controlNamed } from '../controls.ts'
import { Person } from '../person.ts'
import type { Delivery, SendOptions } from '../route.ts'
import type { Ephemeral, Json, Message, View } from '../shapes.ts'
import { fromTemplate } from '../templates.ts'
import { type Entries, stateOf } from './entries.ts'
import { newTime } from './events.ts'
import { conversationOf } from './membership.ts'
import { isObject } from './rules.ts'

const LATE_MS = 2_000 // the desk answers later from a little above this on

export type Holder = Message | Ephemeral | View

/** A person who also uses the app: its commands, buttons, forms and pages. */
export class User extends Person {
  /** Types a slash command, in a channel or in the conversation with the app. */
  async command(line: string, { channel = 'general', send }: { channel?: string; send?: SendOptions } = {}) {
    const { workspace, responseUrls } = this.stand
    const id = workspace.channel(channel)
    const [command = '', ...words] = line.split(' ')
    const before = this.stand.responses.length
    const payload = fromTemplate('slash-command', {
      ...{ team: workspace.team.id, domain: workspace.team.domain, app: workspace.bot.appId },
      ...{ user: this.id, user_name: this.name, channel: id, channel_name: await this.#nameOf(id) },
      ...{ command, text: words.join(' '), response_url: responseUrls.issue(this.name, id) },
      trigger_id: await this.#trigger(),
    })
    const delivery = await this.stand.route.send('command', payload, send)
    const isLate = delivery.took > LATE_MS && delivery.acknowledged && delivery.body === undefined
    if (!isLate || !this.stand.waitsForAnswers || words[0] === 'new') return delivery
    // What takes longer than Slack waits is told later; who typed it sees it all the same.
    const answers = () => this.stand.responses.slice(before).find(({ person }) => person === this.name)
    return { ...delivery, body: (await eventually(answers, `the answer to ${line}`)).body }
  }

  /** Presses a button, or chooses an item of a menu, by its label. */
  press(holder: Holder, label: string, send?: SendOptions): Promise<Delivery> {
    return this.use(holder, controlNamed(holder, label), send)
  }

  /** The same with a control at hand, which may be no longer there. */
  async use(holder: Holder, control: Control, send?: SendOptions): Promise<Delivery> {
    const payload = fromTemplate('block-actions', {
      ...(await this.#common()),
      action: { ...control.action, action_ts: newTime() },
      ...(await this.#whereIn(holder)),
    })
    return this.stand.route.send('interaction', payload, send)
  }

  /** Opens the app's page. */
  async openHome(tab: 'home' | 'messages' = 'home', send?: SendOptions): Promise<Delivery[]> {
    const channel = await this.directMessages()
    const home = await this.stand.homeOf(this.name)
    const view = tab === 'home' && home ? bodyOf(home) : undefined
    const values = { user: this.id, channel, tab, view, event_ts: newTime() }
    return this.stand.send(fromTemplate('app-home-opened', values), send)
  }

  /**
   * Fills in a form, by the labels of its fields, and sends it. The form is closed by an answer without a body; what
   * the answer says otherwise (errors, another view) is done.
   */
  async submit(view: View, entries: Entries = {}, send?: SendOptions): Promise<Delivery> {
    const filled = { ...bodyOf(view), state: stateOf(view, entries) }
    const payload = fromTemplate('view-submission', { ...(await this.#common()), view: filled })
    const delivery = await this.stand.route.send('interaction', payload, send)
    if (delivery.acknowledged) await this.#follow(view, delivery.body)
    return delivery
  }

  /** Closes a form without sending it. The app is told if it asked for that. */
  async cancel(view: View): Promise<Delivery | undefined> {
    this.stand.readers.close(view)
    if (!view.notify_on_close) return undefined
    const { trigger_id: _, ...common } = await this.#common()
    return this.stand.route.send('interaction', fromTemplate('view-closed', { ...common, view: bodyOf(view) }))
  }

  /** Chooses the app's shortcut of this `callback_id` from a message's menu, or from everywhere. */
  async shortcut(callback: string, message?: Message, send?: SendOptions): Promise<Delivery> {
    const common = { ...(await this.#common()), callback, action_ts: newTime() }
    if (!message) return this.stand.route.send('interaction', fromTemplate('global-shortcut', common), send)
    const { channel, ts } = message
    const payload = fromTemplate('message-shortcut', {
      ...{ ...common, channel: { id: channel, name: await this.#nameOf(channel) } },
      ...{ message_ts: ts, message: quoted(message), response_url: this.stand.responseUrls.issue(this.name, channel) },
    })
    return this.stand.route.send('interaction', payload, send)
  }

  async #common() {
    const { team, bot } = this.stand.workspace
    return {
      team: { id: team.id, domain: team.domain },
      user: { id: this.id, username: this.name, name: this.name, team_id: this.member.home ?? team.id },
      app: bot.appId,
      trigger_id: await this.#trigger(),
    }
  }

  async #trigger(): Promise<string> {
    const answer = await this.stand.workspace.must('views.generateTriggerId', { user_id: this.id }, 'bot')
    return String(answer.trigger_id)
  }

  /** A payload's fields about the place of a control. https://docs.slack.dev/reference/interaction-payloads */
  async #whereIn(holder: Holder): Promise<Json> {
    if (isView(holder)) return { container: { type: 'view', view_id: holder.id }, view: bodyOf(holder) }
    const { channel, ts } = holder
    const isEphemeral = 'ephemeral' in holder
    const thread = holder.thread_ts === undefined ? {} : { thread_ts: holder.thread_ts }
    return {
      container: { type: 'message', message_ts: ts, channel_id: channel, is_ephemeral: isEphemeral, ...thread },
      channel: { id: channel, name: await this.#nameOf(channel) },
      // Of a message that one person alone sees, Slack itself keeps nothing.
      message: isEphemeral ? undefined : quoted(holder as Message),
      state: { values: {} },
      response_url: this.stand.responseUrls.issue(this.name, channel, { channel, ts, ephemeral: isEphemeral }),
    }
  }

  async #nameOf(channel: string): Promise<string> {
    const found = await conversationOf(this.stand.workspace, channel, this.caller)
    if (found?.is_im) return 'directmessage'
    return found?.is_private ? 'privategroup' : (found?.name ?? '')
  }

  /** https://docs.slack.dev/surfaces/modals#updating_response */
  async #follow(view: View, body: unknown): Promise<void> {
    const { response_action: action, view: next } = isObject(body) ? body : {}
    if (action === 'errors') return
    if (action === 'update') {
      const args = { view_id: view.id, view: next }
      const answer = await this.stand.api.perform({ method: 'views.update', args, caller: 'bot' })
      if (!answer.ok) throw new Error(`The answer's view: ${JSON.stringify(answer)}`)
      return
    }
    if (action === 'push') {
      const args = { trigger_id: await this.#triggerIn(view), view: next }
      const answer = await this.stand.api.perform({ method: 'views.push', args, caller: 'bot' })
      if (!answer.ok) throw new Error(`The answer's view: ${JSON.stringify(answer)}`)
      return
    }
    if (action !== 'clear') return this.stand.readers.close(view)
    for (const each of await this.stand.views()) {
      if (each.shownTo === this.name) this.stand.readers.close(each)
    }
  }

  async #triggerIn(view: View): Promise<string> {
    const args = { user_id: this.id, view_id: view.id }
    return String((await this.stand.workspace.must('views.generateTriggerId', args, 'bot')).trigger_id)
  }
}

function isView(holder: Holder): holder is View {
  return 'type' in holder && (holder.type === 'modal' || holder.type === 'home')
}

/** A view as payloads have it. */
function bodyOf({ shownTo: _, ...view }: View): Json {
  return { ...view, app_installed_team_id: view.team_id }
}

/** A message as payloads have it. */
function quoted({ channel: _, metadata: __, ...message }: Message): Json {
  return message
}
