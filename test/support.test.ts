import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { eventually, inTime } from './support/eventually.ts'
import { deadlineIn, patience } from './support/patience.ts'
import { freePort } from './support/ports.ts'

describe('patience', () => {
  test('goes by the pace of the machine, as it is when it is asked for', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'relaydesk-pace-'))
    const file = join(folder, 'pace')
    vi.stubEnv('TEST_PACE_FILE', file)
    try {
      await writeFile(file, '4.003')
      const isOver = deadlineIn(1)
      const slow = patience(1_000)
      expect(slow).toBeGreaterThanOrEqual(4_003)
      expect(Number.isInteger(slow)).toBe(true)
      await writeFile(file, '1000000')
      expect(patience(1_000)).toBe(20_000) // what hangs must end some time
      while (!isOver()) await new Promise(setImmediate)
    } finally {
      vi.unstubAllEnvs()
      await rm(folder, { recursive: true })
    }
  })

  test('waits for an answer that is neither undefined nor false, and says what did not come', async () => {
    const answers = [undefined, false, 0]
    expect(await eventually(() => answers.shift(), 'an answer')).toBe(0)
    await expect(eventually(() => false, 'the moon', 0)).rejects.toThrow('did not come about in time: the moon')
    await expect(inTime(new Promise(() => undefined), 'the sun', 0)).rejects.toThrow('the sun')
    await expect(inTime(Promise.reject(new Error('of its own')), 'it')).rejects.toThrow('of its own')
    expect(await inTime(Promise.resolve('here'), 'it')).toBe('here')
  })
})

describe('a port that is reserved', () => {
  test('is given to nobody else, and is none that the system hands out', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const handedOut = (server.address() as { port: number }).port
    server.close()
    const ports = await Promise.all(Array.from({ length: 200 }, freePort))
    expect(new Set(ports).size).toBe(ports.length)
    for (const port of ports) expect(port < 32_768 || handedOut < 32_768).toBe(true)
    // What keeps other processes from it.
    const claim = createSocket('udp4').bind({ port: ports[0] ?? 0, address: '127.0.0.1', exclusive: true })
    await expect(once(claim, 'listening')).rejects.toMatchObject({ code: 'EADDRINUSE' })
    const listener = createServer().listen(ports[0], '127.0.0.1')
    await once(listener, 'listening')
    listener.close()
  })
})
