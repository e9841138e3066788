import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { measure } from './measured-process.ts'
import { ADDRESS, type Place } from './place.ts'

const CLIENT = fileURLToPath(new URL('./smtp-client.ts', import.meta.url))

/** Sends files to a running desk from another process; seconds from the first connection to the last 250. */
export async function sendFiles(place: Place, files: readonly string[], connections: number): Promise<number> {
  const list = join(place.folder, 'to-send.json')
  await writeFile(list, JSON.stringify(files))
  const args = [String(place.port), ADDRESS, String(connections), list]
  const { stdout } = await measure(CLIENT, args, { cwd: place.folder }).ended
  return (JSON.parse(stdout) as { seconds: number }).seconds
}
