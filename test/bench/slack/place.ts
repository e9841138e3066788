import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { freePort } from '../../support/ports.ts'
import { CHANNEL } from '../made-tickets.ts'
import { type Measured, type Measuring, measure, measureDesk } from '../measured-process.ts'
import type { Plan, Ran } from './side.ts'
import { HELP, ROOM, WORKSPACE } from './workspace.ts'

const SLACK_SIDE = fileURLToPath(new URL('./side.ts', import.meta.url))
export const AGENTS = 20

/** A desk's folder, and a Slack of its own that runs. */
export interface SlackPlace {
  folder: string
  /** Of the configuration. */
  file: string
  state: string
  slack: SlackProcess
  /** Where the desk listens for Slack. */
  url: string
  run(args: readonly string[]): Measuring
}

/** All of Slack in a process of its own. */
export class SlackProcess {
  readonly #process: Measuring
  readonly url: string

  private constructor(running: Measuring, url: string) {
    this.#process = running
    this.url = url
  }

  static async start(cwd: string): Promise<SlackProcess> {
    const running = measure(SLACK_SIDE, [], { cwd })
    let said = ''
    running.child.stdout?.on('data', chunk => {
      said += chunk
    })
    await running.said('\n')
    return new SlackProcess(running, `http://127.0.0.1:${said.split(' ')[1]?.trim()}`)
  }

  /** Does what the plan says, and tells what came of it. */
  async run(plan: Plan): Promise<Ran> {
    const answer = await fetch(`${this.url}/run`, { method: 'POST', body: JSON.stringify(plan) })
    if (!answer.ok) throw new Error(`Slack's side could not do it: ${await answer.text()}`)
    return (await answer.json()) as Ran
  }

  async end(): Promise<Measured> {
    await fetch(`${this.url}/end`).catch(() => undefined) // it ends before it answers
    return this.#process.ended
  }
}

/** `way`: how the desk is reached from Slack; `none` makes one without it, to compare with. */
export async function makeSlackPlace(root: string, way: 'http' | 'socket' | 'none'): Promise<SlackPlace> {
  const folder = await mkdtemp(join(root, 'slack-'))
  const file = join(folder, 'relaydesk.yaml')
  const state = join(folder, 'var')
  const slack = await SlackProcess.start(folder)
  const [mailPort, port] = [await freePort(), await freePort()]
  const { botToken, appToken, signingSecret } = WORKSPACE
  const mail = { name: CHANNEL, kind: 'email', address: 'help@desk.localhost', listen: { port: mailPort } }
  const chat = {
    ...{ name: 'slack', kind: 'slack', botToken, api: `${slack.url}/api/` },
    ...(way === 'socket' ? { appToken } : { http: { port, signingSecret } }),
    ...{ room: `#${ROOM.name}`, support: HELP.map(({ name }) => ({ channel: `#${name}` })) },
  }
  const agents = Array.from({ length: AGENTS }, (_, index) => ({
    ...{ handle: `agent${index + 1}`, name: `Agent ${index + 1}` },
    email: `agent${index + 1}@staff.example`,
  }))
  const channels = [{ ...mail, send: { maildir: 'mail' } }, ...(way === 'none' ? [] : [chat])]
  const config = { state, agents, floods: { tickets: 0, messages: 0 }, channels }
  await writeFile(file, stringify(config))
  const run = (args: readonly string[]) => measureDesk(args, { cwd: folder })
  return { folder, file, state, slack, url: `http://127.0.0.1:${port}/slack/events`, run }
}
