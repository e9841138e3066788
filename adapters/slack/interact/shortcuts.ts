// Takes what people choose from Slack's menus.
import type { ModalView } from '@slack/types'
import { deliveryError, slackCode } from '../api/api-error.ts'
import { readShortcut, type ShortcutPayload } from '../api/payloads.ts'
import { answerView, sentenceAnswer } from '../blocks/answer-blocks.ts'
import { SHORTCUTS } from '../manifest.ts'
import type { Mentions } from '../people/mentions.ts'
import { subjectOf, textOfMessage } from '../receive/message-text.ts'
import type { Workspace } from '../workspace.ts'
import type { Answers } from './answers.ts'
import { type InteractionOrigin, metaOfOrigin, threadAt } from './interaction-origin.ts'
import type { Modals } from './modals.ts'
import type { CommandRunner } from './run-command.ts'

const TOO_LATE = 'The form could not be opened in time: please try again.'
const NO_TICKET =
  'This message does not belong to a ticket that you can answer: use this in the thread below the card of a ticket.'

/** What people choose from Slack's own menus. */
export class Shortcuts {
  readonly #workspace: Workspace
  readonly #runner: CommandRunner
  readonly #answers: Answers
  readonly #modals: Modals
  readonly #mentions: Mentions

  constructor(
    workspace: Workspace,
    parts: { runner: CommandRunner; answers: Answers; modals: Modals; mentions: Mentions },
  ) {
    this.#workspace = workspace
    this.#runner = parts.runner
    this.#answers = parts.answers
    this.#modals = parts.modals
    this.#mentions = parts.mentions
  }

  /** Resolves once the form is open, or the person told why it is not. */
  async chosen(payload: unknown): Promise<void> {
    const shortcut = readShortcut(payload)
    switch (shortcut?.callback_id) {
      case SHORTCUTS.open:
        await this.#tellIfClosed(shortcut, await this.#modals.openNewTicket(shortcut.trigger_id))
        break
      case SHORTCUTS.openFromMessage:
        await this.#fill(shortcut, () => this.#newTicketFrom(shortcut))
        break
      case SHORTCUTS.sendToRequester:
        await this.#fill(shortcut, () => this.#answerWith(shortcut))
    }
  }

  /** Opens a window at once, and puts there what takes longer to find out. */
  async #fill(shortcut: ShortcutPayload, make: () => Promise<ModalView>): Promise<void> {
    const viewId = await this.#modals.openWaiting(shortcut.trigger_id)
    await this.#tellIfClosed(shortcut, viewId !== undefined)
    if (viewId === undefined) return
    const view = await make().catch(error => answerView('Not done', this.#runner.refusal(error)))
    await this.#modals.show(viewId, view)
  }

  async #newTicketFrom(shortcut: ShortcutPayload): Promise<ModalView> {
    const { response_url: url } = shortcut
    const [text, isIn] = await Promise.all([this.#textOf(shortcut), this.#isIn(shortcut.channel?.id)])
    const thread = isIn ? threadAt(this.#workspace.teamId, originOfShortcut(shortcut)) : undefined
    const intro =
      thread === undefined
        ? 'We will answer you in your direct messages.'
        : 'We will answer you in the thread of this message.'
    const meta: Record<string, string> = thread !== undefined ? { place: thread } : url === undefined ? {} : { url }
    const subject = text === '' ? '' : subjectOf(text, [])
    return this.#modals.newTicketView({ subject, text, intro }, meta) ?? tooLarge()
  }

  /** The desk says what sends the text of a form to the requester of the ticket that this conversation is about. */
  async #answerWith(shortcut: ShortcutPayload): Promise<ModalView> {
    const origin = originOfShortcut(shortcut)
    const thread = threadAt(this.#workspace.teamId, origin)
    const actor = await this.#runner.actor(shortcut.user)
    const actions = thread === undefined ? [] : await this.#workspace.desk.actionsFor(thread, actor)
    const action = actions.find(each => each.sends && each.form?.fields.some(field => field.name === 'text'))
    if (!action?.form) return answerView('Not sent', { text: NO_TICKET })
    const text = await this.#textOf(shortcut)
    const fields = action.form.fields.map(field => (field.name === 'text' && text ? { ...field, value: text } : field))
    const form = { ...action.form, title: 'Send to requester', submit: 'Send', fields }
    return this.#modals.view(form, { ...metaOfOrigin(origin), line: action.line }) ?? tooLarge()
  }

  async #textOf({ message }: ShortcutPayload): Promise<string> {
    if (!message) return ''
    const { botUserId, options } = this.#workspace
    const content = { text: message.text, blocks: message.blocks, attachments: message.attachments }
    const names = await this.#mentions.namesIn(content)
    return textOfMessage(content, { botUserId, deskName: options.deskName, names })
  }

  /** Whether the app can answer in this conversation, and is not overheard by agents alone. */
  async #isIn(channel: string | undefined): Promise<boolean> {
    const { client, roomId, options } = this.#workspace
    if (channel === undefined || channel === roomId) return false
    try {
      const { channel: found } = await client.conversations.info({ channel })
      return found?.is_im === true || found?.is_member === true
    } catch (error) {
      if (!/^(?:not_in_channel|channel_not_found|missing_scope)$/.test(slackCode(error))) {
        options.warn(`a ticket from a message in Slack is answered elsewhere: ${deliveryError(error).message}`, error)
      }
      return false
    }
  }

  async #tellIfClosed(shortcut: ShortcutPayload, isOpen: boolean): Promise<void> {
    if (!isOpen) await this.#answers.tell(originOfShortcut(shortcut), sentenceAnswer(TOO_LATE))
  }
}

function originOfShortcut({
  user,
  channel,
  message,
  message_ts: ts,
  response_url: replyUrl,
}: ShortcutPayload): InteractionOrigin {
  return { user: user.id, channel: channel?.id, ts: message?.ts ?? ts, thread: message?.thread_ts, replyUrl }
}

function tooLarge(): ModalView {
  return answerView('Not done', { text: 'This form is too large for Slack: please write to me, or use a command.' })
}
