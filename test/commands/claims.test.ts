import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, test } from 'vitest'
import { makeDesk } from '../support/desk.ts'
import { mailTo } from '../support/smtp-world.ts'
import { ENGINES } from '../support/store/engines.ts'

const PROCESSES = 5
const CLAIMS = 10

interface Claimer {
  child: ChildProcess
  lines: AsyncIterator<string>
}

async function startClaimer(config: string, handles: string[]): Promise<Claimer> {
  const script = new URL('../support/claimer.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [script, config, ...handles], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  expect((await lines.next()).value).toBe('ready')
  return { child, lines }
}

describe.each(ENGINES)('claims on %s', engine => {
  test('of 50 at once from five processes one wins, and 49 are told who has it', async () => {
    const agents = Array.from({ length: PROCESSES * CLAIMS }, (_, n) => ({
      handle: `agent${n}`,
      name: `Agent ${n}`,
      email: `agent${n}@staff.example`,
    }))
    const desk = await makeDesk(engine, { maildir: 'mail' }, {}, { agents })
    try {
      await mailTo(desk.port, { from: 'ann@example.com', to: 'help@desk.example', subject: 'VPN', text: 'It drops.' })
      const config = join(desk.place.folder, 'relaydesk.yaml')
      const claimers = await Promise.all(
        Array.from({ length: PROCESSES }, (_, n) =>
          startClaimer(
            config,
            agents.slice(n * CLAIMS, (n + 1) * CLAIMS).map(agent => agent.handle),
          ),
        ),
      )
      for (const { child } of claimers) child.stdin?.write('go\n')
      const answers: string[] = []
      for (const { child, lines } of claimers) {
        answers.push(...(JSON.parse(String((await lines.next()).value)) as string[]))
        if (child.exitCode === null) await once(child, 'exit')
      }
      const won = answers.filter(answer => answer.startsWith('won '))
      expect(won).toHaveLength(1)
      const { owner } = (await desk.as('agent0', 'show 1')).data as { owner: string }
      expect(won[0]).toBe(`won ${owner}`)
      const winner = agents.find(agent => agent.handle === owner)?.name
      const told = answers.filter(answer => answer === `HD-1 belongs to ${winner}. Ask them to release it first.`)
      expect(told).toHaveLength(PROCESSES * CLAIMS - 1)
      await desk.expectSound()
    } finally {
      await desk.remove()
    }
  })
})
