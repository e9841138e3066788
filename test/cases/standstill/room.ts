// A desk in a process of its own, and how long it keeps others waiting.
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { stringify } from 'yaml'
import { freePort } from '../../support/ports.ts'
import { makeRoom, type Room } from '../../support/relaydesk-process.ts'

const BOB = { handle: 'bob', name: 'Bob Berg', email: 'bob@staff.example' }
const BEGAN = Date.now()

/** One channel for each of these settings, by name; those that take mail by SMTP get a port. */
export async function roomWith(
  channels: Record<string, object>,
  root: object = {},
): Promise<{ room: Room; ports: Record<string, number> }> {
  const room = await makeRoom('')
  const ports: Record<string, number> = {}
  const settings = []
  for (const [name, more] of Object.entries(channels)) {
    ports[name] = await freePort()
    const address = `${name}@desk.example`
    const usual = { listen: { port: ports[name] }, authentication: { check: false }, send: { maildir: 'mail' } }
    settings.push({ name, kind: 'email', address, ...usual, ...more })
  }
  await room.write('relaydesk.yaml', stringify({ state: 'var', agents: [BOB], channels: settings, ...root }))
  return { room, ports }
}

/** Says something, with the seconds since the script began. */
export function tell(...words: unknown[]): void {
  console.log(((Date.now() - BEGAN) / 1000).toFixed(1).padStart(7), ...words)
}

/** Milliseconds until a server greets; null where it does not within half a minute. */
export function greeting(port: number): Promise<number | null> {
  return new Promise(resolve => {
    const began = performance.now()
    const socket = connect(port, '127.0.0.1')
    const end = (waited: number | null) => {
      socket.destroy()
      resolve(waited)
    }
    socket.setTimeout(30_000, () => end(null))
    socket.once('data', () => end(Math.round(performance.now() - began)))
    socket.on('error', () => end(null))
  })
}

/** The longest that anybody waited for a greeting while something was done, in words. */
export async function longestGreeting(port: number, work: () => Promise<unknown>): Promise<string> {
  let over = false
  let longest = 0
  let none = 0
  const watch = (async () => {
    while (!over) {
      const waited = await greeting(port)
      longest = Math.max(longest, waited ?? 0)
      none += waited === null ? 1 : 0
      await pause(50)
    }
  })()
  await work()
  over = true
  await watch
  return none > 0 ? `${none} without a greeting in 30 s, the longest other ${longest} ms` : `${longest} ms`
}
