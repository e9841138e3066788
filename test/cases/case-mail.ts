// Mails that are kept as files beside the tests.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The bytes of one, as if it were written at this time; with another Message-ID if one is given. */
export function caseMail(folder: string, file: string, at: Date, id?: string): Buffer {
  const kept = readFileSync(join(import.meta.dirname, folder, file), 'latin1').replace(/\r?\n/g, '\r\n')
  const dated = kept.replace(/^Date:.*$/m, `Date: ${at.toUTCString().replace('GMT', '+0000')}`)
  return Buffer.from(id === undefined ? dated : dated.replace(/^Message-ID:.*$/m, `Message-ID: <${id}>`), 'latin1')
}
