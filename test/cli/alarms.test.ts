import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeRoom, type Room } from '../support/relaydesk-process.ts'

let room: Room

beforeEach(async () => {
  room = await makeRoom()
})

afterEach(() => room.remove())

test('whoever works on the command line sees standing alarms, and programs read none between their lines', async () => {
  await room.write('nothing.eml', '\0'.repeat(500))
  await room.run('receive', 'nothing.eml')
  const listed = await room.run('list')
  expect(listed).toMatchObject({ code: 0, stdout: 'No open tickets.\n' })
  expect(listed.stderr).toMatch(/^relaydesk: open alarm: Some messages could not be read: .*inbox list/)
  const forPrograms = await room.run('list', '--json')
  expect(forPrograms).toMatchObject({ code: 0, stdout: '[]\n', stderr: '' })
})
