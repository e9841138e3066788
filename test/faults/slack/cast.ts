import { controlsOf } from '../../support/slack/controls.ts'
import type { Delivery } from '../../support/slack/route.ts'
import type { User } from '../../support/slack/service/user.ts'
import type { Json, Message, Place, View } from '../../support/slack/shapes.ts'
import type { Courier } from './courier.ts'
import { DIRECT, ROOM, type Step, type Story } from './plan.ts'
import type { SlackScene } from './scene.ts'
import type { SeenTicket } from './watch.ts'

const ORDERS = ['message-first', 'mention-first', 'together'] as const

/** Does in the workspace what the plan says, and knows where everything stands. */
export class Cast {
  /** Ids that the desk must have stored, by the label of what was done. */
  readonly ids = new Map<string, string>()
  /** Where what was written stands. */
  readonly places = new Map<string, Place>()
  readonly #scene: SlackScene
  readonly #courier: Courier
  #turn = 0

  constructor(scene: SlackScene, courier: Courier) {
    this.#scene = scene
    this.#courier = courier
  }

  /** The ticket of a story, as far as there is one by now. */
  ticketOf({ wanted }: Story): SeenTicket | undefined {
    for (const label of Object.keys(wanted?.says ?? {})) {
      const ticket = this.#scene.watch.ticketOf(this.ids.get(label) ?? '')
      if (ticket) return ticket
    }
    return undefined
  }

  /** Writes what a step says; one at a time. */
  async write(story: Story, step: Step): Promise<void> {
    this.#courier.insists = step.insists ?? false
    this.#turn += 1
    switch (step.what) {
      case 'say':
        return this.#say(story, step)
      case 'edit':
        return this.#edit(step)
      case 'remove':
        return this.#remove(step)
      case 'mark':
        await this.#as(step).react(this.#placeOf(step.about), 'ticket')
        break
      default:
        await this.#as(step).say(ROOM, `@desk spent 5m "${step.label}"`, { thread: this.#card(story).ts })
    }
  }

  /** Does what somebody waits for an answer to; one at a time. Gives what came of it, if it could be done. */
  async give(story: Story, step: Step): Promise<Delivery | undefined> {
    return step.what === 'form' ? this.#fillForm(step) : this.#command(story, step)
  }

  /** The message of the desk's with this kind, on the ticket of a story, once it was sent. */
  async sent(story: Story, kind: 'acknowledgement' | 'ask-solved'): Promise<Message | undefined> {
    const { watch, ledger } = this.#scene
    const rows = await watch.view.rows<{ id: string }>(
      `SELECT id FROM outbox WHERE ticket_id = '${this.ticketOf(story)?.id}' AND kind = '${kind}' ORDER BY number DESC`,
    )
    return rows?.[0] && ledger.posted('relaydesk_message', rows[0].id)[0]
  }

  async #say(story: Story, { label, who, place, text, about }: Step): Promise<undefined> {
    const user = this.#scene.stand.as(who)
    const thread = place === ROOM && story.wanted ? this.#card(story).ts : about && this.#placeOf(about).ts
    const where = place === DIRECT ? await user.directMessages() : place
    const order = ORDERS[this.#turn % ORDERS.length] ?? 'together'
    const said = await user.say(where, text, { ...(thread === undefined ? {} : { thread }), order })
    this.places.set(label, said)
    this.ids.set(label, this.#idOf(said))
  }

  async #edit(step: Step): Promise<undefined> {
    const place = this.#placeOf(step.about)
    const { deliveries } = await this.#as(step).edit(place, step.text)
    const event = deliveries[0]?.payload.event as { message: { edited: { ts: string } } } | undefined
    this.ids.set(step.label, `${this.#idOf(place)}/edited/${event?.message.edited.ts}`)
  }

  async #remove(step: Step): Promise<undefined> {
    const place = this.#placeOf(step.about)
    const { deliveries } = await this.#as(step).remove(place)
    const event = deliveries[0]?.payload.event as { event_ts: string } | undefined
    this.ids.set(step.label, `${this.#idOf(place)}/deleted/${event?.event_ts}`)
  }

  /** What it opened is known below its acknowledgement: see `knowsForm`. */
  async #fillForm(step: Step): Promise<Delivery | undefined> {
    const user = this.#as(step)
    const view = await this.#window(user, () => user.command('/desk new'))
    if (!view) return undefined
    this.ids.set(step.label, `${this.#scene.stand.workspace.team.id}/view/${view.id}`)
    return user.submit(view, { 'What is it about?': `Form ${step.label}`, 'What happened?': step.text })
  }

  /** People answer below the acknowledgement of what they asked for with a form. */
  async knowsForm(story: Story): Promise<boolean> {
    const [first] = story.steps
    if (first?.what !== 'form') return true
    const sent = await this.sent(story, 'acknowledgement')
    if (sent) this.places.set(first.label, sent)
    return sent !== undefined
  }

  async #command(story: Story, step: Step): Promise<Delivery | undefined> {
    const user = this.#as(step)
    const ref = `HD-${this.ticketOf(story)?.number}`
    switch (step.what) {
      case 'claim by button':
        return this.#press(user, this.#card(story), 'Claim')
      case 'claim by command':
        return user.command(`/desk claim ${ref}`)
      case 'spend':
        return user.command(`/desk spent ${ref} 7m "${step.label}"`)
      case 'tag':
        return user.command(`/desk tag ${ref} ${step.label}`)
      case 'wait':
        return user.command(`/desk wait ${ref}`)
      case 'resolve':
        return user.command(
          `/desk resolve ${ref} --anyway --tell --category hardware/printer "${step.text} (${step.label})"`,
        )
      case 'note':
        return this.#fill(user, this.#card(story), 'Note', { Text: `Mind this (${step.label})` })
      default: {
        const question = await this.sent(story, 'ask-solved')
        if (!question) return undefined
        if (step.what === 'confirm') return this.#fill(user, question, 'Yes, it is solved', { 'How did we do?': '5' })
        return this.#fill(user, question, 'Not yet', { 'What is still wrong?': `It smells (${step.label})` })
      }
    }
  }

  async #press(user: User, message: Message, label: string): Promise<Delivery | undefined> {
    const control = controlsOf(message).find(each => each.label === label)
    return control && user.use(message, control)
  }

  async #fill(user: User, message: Message, label: string, entries: Record<string, string>) {
    const view = await this.#window(user, () => this.#press(user, message, label))
    return view && user.submit(view, entries)
  }

  /** The window that opens when somebody does this; none, if something went wrong. */
  async #window(user: User, open: () => Promise<unknown>): Promise<View | undefined> {
    const { views } = this.#scene.stand.api
    const before = new Set(views.keys())
    await open()
    const [id] = [...views.keys()].filter(each => !before.has(each) && views.get(each)?.type === 'modal')
    const view: Json | undefined = id === undefined ? undefined : views.get(id)
    return view && ({ ...view, shownTo: user.name } as View)
  }

  #card(story: Story): Message {
    const { stand, ledger } = this.#scene
    const [, channel = '', ts = ''] = this.ticketOf(story)?.place?.split('/') ?? []
    const card = ledger.message(channel || stand.workspace.channel(ROOM), ts)
    if (!card) throw new Error(`Story ${story.number} has no card`)
    return card
  }

  #as({ who }: Step): User {
    return this.#scene.stand.as(who)
  }

  #placeOf(label = ''): Place {
    const place = this.places.get(label)
    if (!place) throw new Error(`${label} stands nowhere`)
    return place
  }

  #idOf({ channel, ts }: Place): string {
    return `${this.#scene.stand.workspace.team.id}/${channel}/${ts}`
  }
}
