// The part of mailauth's verifier that `dkim.ts` puts its own hash of the text into; mailauth has no types for it.
declare module 'mailauth/lib/dkim/dkim-verifier.js' {
  import type { Writable } from 'node:stream'
  import type { DKIMResult, DKIMVerifyOptions } from 'mailauth'

  export interface SignatureField {
    type: 'DKIM' | 'ARC'
    /** Why it is not looked at. */
    skip?: string
  }

  /** Tells of the text of a message in one form, up to where a signature ends. */
  export interface BodyHasher {
    digest(): string
    setContentType(): void
    getMimeStructureStart(): number
    readonly bodyHashedBytes: number
    readonly canonicalizedLength: number
  }

  export class DkimVerifier extends Writable {
    constructor(options: DKIMVerifyOptions)
    readonly results: DKIMResult[]
    readonly bodyHashes: Map<string, BodyHasher>
    addBodyHash(form: 'simple' | 'relaxed', algorithm: string, length: number | ''): string
    nextChunk(piece: Buffer): Promise<void>
    prepareSignature(field: SignatureField): void
  }
}
