// Verifies DKIM signatures (RFC 6376) with mailauth, which hashes a text once for each signature and takes time by the
// square for long lines: the text is hashed here, and mailauth is given the head.
import { createReadStream } from 'node:fs'
import type { DKIMResult, DKIMVerifyOptions } from 'mailauth'
import { DkimVerifier, type SignatureField } from 'mailauth/lib/dkim/dkim-verifier.js'
import type { OpenMail, RawMessage } from '../mime/raw-head.ts'
import { BodyHash } from './body-hash.ts'

const STEP = 256 * 1024 // bytes of the text at once: who else is judged has a turn in between

/** What each signature of a message proves. The head must be strict. */
export async function verifyDkim(
  { signed, head }: Pick<OpenMail, 'signed' | 'head'>,
  options: DKIMVerifyOptions,
): Promise<DKIMResult[]> {
  const verifier = new Verifier(options)
  const ended = new Promise<void>((resolve, reject) => {
    verifier.once('finish', resolve).once('error', reject)
  })
  ended.catch(() => undefined) // told below
  await new Promise<void>((resolve, reject) => {
    const written = (error?: Error | null) => (error ? reject(error) : resolve())
    headOf(signed, head.length).then(bytes => verifier.write(bytes, written), reject)
  })
  if (verifier.bodies.size > 0) {
    for await (const piece of textOf(signed, head.length))
      for (const body of verifier.bodies.values()) body.update(piece)
    for (const body of verifier.bodies.values()) body.end()
  }
  verifier.end()
  await ended
  return verifier.results
}

/** Looks at no seal of others (ARC), which says nothing to us. */
class Verifier extends DkimVerifier {
  /** By form and algorithm. */
  readonly bodies = new Map<string, BodyHash>()

  override prepareSignature(field: SignatureField): void {
    if (field.type === 'ARC') field.skip = 'not asked for'
    else super.prepareSignature(field)
  }

  override addBodyHash(form: 'simple' | 'relaxed', algorithm: string, length: number | ''): string {
    const end = length === '' ? undefined : length
    const body = this.bodies.get(`${form} ${algorithm}`) ?? new BodyHash(form, algorithm)
    this.bodies.set(`${form} ${algorithm}`, body)
    if (end !== undefined) body.endsAt(end)
    const key = `${form} ${algorithm} ${length}`
    this.bodyHashes.set(key, {
      digest: () => body.digest(end).hash,
      get bodyHashedBytes() {
        return body.digest(end).hashed
      },
      get canonicalizedLength() {
        return body.digest(end).total
      },
      setContentType: () => undefined,
      getMimeStructureStart: () => 0,
    })
    return key
  }
}

async function headOf(raw: RawMessage, length: number): Promise<Buffer> {
  if ('bytes' in raw) return Buffer.from(raw.bytes.buffer, raw.bytes.byteOffset, length)
  const pieces: Buffer[] = []
  for await (const piece of createReadStream(raw.path, { end: length - 1 })) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

async function* textOf(raw: RawMessage, start: number): AsyncGenerator<Uint8Array> {
  if ('path' in raw) {
    for await (const piece of createReadStream(raw.path, { start, highWaterMark: STEP })) yield piece as Buffer
    return
  }
  for (let at = start; at < raw.bytes.length; at += STEP) {
    yield raw.bytes.subarray(at, at + STEP)
    await new Promise(resolve => setImmediate(resolve))
  }
}
