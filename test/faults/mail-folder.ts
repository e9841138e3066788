import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type GeneratedMail, generateMail } from '../support/mail/mail-generator.ts'
import { DESK_ADDRESS } from './desk-process.ts'

/** Mail of now, also as files in a folder. */
export interface MailFolder {
  folder: string
  mails: GeneratedMail[]
  remove(): Promise<void>
}

export async function writeMail(seed: number, count: number, large: number): Promise<MailFolder> {
  const mails = generateMail({ seed, count, large, now: new Date(), to: DESK_ADDRESS })
  const folder = await mkdtemp(join(tmpdir(), 'relaydesk-mail-'))
  await Promise.all(mails.map(mail => writeFile(join(folder, mail.file), mail.raw)))
  return { folder, mails, remove: () => rm(folder, { recursive: true, force: true }) }
}
