import { createHmac, randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import type { Json } from '../../support/slack/shapes.ts'
import { fromTemplate } from '../../support/slack/templates.ts'
import { WORKSPACE } from './workspace.ts'

/** How the desk answered a request. */
export interface Answered {
  /** From the first byte of the request to the last of the answer. */
  milliseconds: number
  text: string
}

const FORM = 'application/x-www-form-urlencoded'

/** Sends what Slack sends, signed, over connections that stay open. */
export class SlackSender {
  readonly #url: string
  readonly #agent = new Agent({ keepAlive: true })

  constructor(url: string) {
    this.#url = url
  }

  /** Rejects unless it is acknowledged. */
  event(event: Json): Promise<Answered> {
    const { team, app, bot } = WORKSPACE
    const id = randomUUID().replaceAll('-', '').toUpperCase()
    const envelope = fromTemplate('envelope', {
      ...{ team, app, bot, event, shared: false, event_id: `Ev${id}` },
      ...{ event_time: Math.floor(Date.now() / 1000), event_context: `4-${id}` },
    })
    return this.#post('application/json', JSON.stringify(envelope))
  }

  /** `/desk` and this line. */
  command(user: string, text: string): Promise<Answered> {
    const form = fromTemplate('slash-command', {
      ...{ team: WORKSPACE.team, app: WORKSPACE.app, domain: 'bench', user, user_name: user.toLowerCase() },
      ...{ channel: 'C0RANDOM', channel_name: 'random', command: '/desk', text, trigger_id: randomUUID() },
      response_url: 'http://127.0.0.1:1/commands',
    })
    return this.#post(FORM, new URLSearchParams(form as Record<string, string>).toString())
  }

  /** https://docs.slack.dev/authentication/verifying-requests-from-slack */
  #post(type: string, body: string): Promise<Answered> {
    const time = Math.floor(Date.now() / 1000)
    const digest = createHmac('sha256', WORKSPACE.signingSecret).update(`v0:${time}:${body}`).digest('hex')
    const headers = {
      ...{ 'content-type': type, 'content-length': Buffer.byteLength(body) },
      ...{ 'x-slack-request-timestamp': `${time}`, 'x-slack-signature': `v0=${digest}` },
    }
    return new Promise((resolve, reject) => {
      const since = performance.now()
      const sent = request(this.#url, { method: 'POST', headers, agent: this.#agent }, response => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        response.on('error', reject).on('end', () => {
          if (response.statusCode === 200) return resolve({ milliseconds: performance.now() - since, text })
          reject(new Error(`The desk answered ${response.statusCode}: ${text.slice(0, 200)}`))
        })
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }

  /** Closes what is open. */
  close(): void {
    this.#agent.destroy()
  }
}
