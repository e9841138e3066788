// Opens CMS structures without a key (RFC 5652), as S/MIME sends them.
import { inflateSync } from 'node:zlib'
import { type BaseBlock, Constructed, fromBER, ObjectIdentifier, OctetString, Sequence } from 'asn1js'

// The Cryptographic Message Syntax (RFC 5652), formerly PKCS #7, which S/MIME sends: what it holds, without a key.

/**
 * What a structure holds. `content`: what was signed or compressed, which needs no key. `bare`: signatures or
 * certificates alone. `encrypted`: only its recipient opens it. `unreadable`: it is damaged, too large or too deep.
 */
export type CmsContent =
  | { holds: 'content'; bytes: Buffer }
  | { holds: 'bare' }
  | { holds: 'encrypted' }
  | { holds: 'unreadable' }

/** Bytes of what is read, and of what comes out of it. */
export const LARGEST_CMS = 64 * 1024 * 1024
/** Programs write segments of 1,000 bytes and more; a node takes about a kilobyte of memory. */
const LIMITS = { maxDepth: 50, maxNodes: 100_000, maxContentLength: LARGEST_CMS }

const DATA = '1.2.840.113549.1.7.1'
const COMPRESSED = '1.2.840.113549.1.9.16.1.9' // RFC 3274
/** Signed and digested data: like compressed data they hold their content as the third element (sections 5.1 and 7). */
const OPEN = new Set(['1.2.840.113549.1.7.2', '1.2.840.113549.1.7.5', COMPRESSED])
/** Enveloped, signed and enveloped, encrypted, authenticated-enveloped (RFC 5083). */
const SEALED = new Set([
  '1.2.840.113549.1.7.3',
  '1.2.840.113549.1.7.4',
  '1.2.840.113549.1.7.6',
  '1.2.840.113549.1.9.16.1.23',
])

/** Reads a structure in DER or BER, also in base64. Never throws. The content may be a view of `bytes`. */
export function openCms(bytes: Buffer): CmsContent {
  if (bytes.length > LARGEST_CMS) return { holds: 'unreadable' }
  try {
    const { offset, result } = fromBER(binaryOf(bytes), { ...LIMITS, parseEmbedded: false, copyInput: false })
    return offset < 0 ? { holds: 'unreadable' } : contentOf(result)
  } catch {
    return { holds: 'unreadable' }
  }
}

/** Base64 that nothing said was base64, or within lines of dashes (RFC 7468). */
function binaryOf(bytes: Buffer): Buffer {
  if (bytes[0] === 0x30) return bytes
  const text = bytes.toString('latin1').replace(/^\s*-----(?:BEGIN|END) [^-\n]{1,40}-----\s*$/gm, '')
  return /^[A-Za-z0-9+/=\s]+$/.test(text) ? Buffer.from(text, 'base64') : bytes
}

function contentOf(block: BaseBlock): CmsContent {
  const [name, explicit] = childrenOf(block)
  const type = name instanceof ObjectIdentifier ? name.getValue() : ''
  if (SEALED.has(type)) return { holds: 'encrypted' }
  const [inner] = childrenOf(explicit)
  if (type === DATA) return octets(inner)
  if (!OPEN.has(type) || !(inner instanceof Sequence)) return { holds: 'unreadable' }
  const [, , encapsulated] = childrenOf(inner)
  const [, wrapped] = childrenOf(encapsulated)
  if (encapsulated instanceof Sequence && wrapped === undefined) return { holds: 'bare' }
  const content = octets(childrenOf(wrapped)[0])
  if (type !== COMPRESSED || content.holds !== 'content') return content
  return { holds: 'content', bytes: inflateSync(content.bytes, { maxOutputLength: LARGEST_CMS }) }
}

function childrenOf(block: BaseBlock | undefined): BaseBlock[] {
  return block instanceof Constructed || block instanceof Sequence ? block.valueBlock.value : []
}

function octets(block: BaseBlock | undefined): CmsContent {
  if (!(block instanceof OctetString)) return { holds: 'unreadable' }
  const segments = [...segmentsOf(block)]
  return { holds: 'content', bytes: segments.length === 1 && segments[0] ? segments[0] : Buffer.concat(segments) }
}

/** BER may cut an OCTET STRING into others, and these again (X.690 section 8.7). */
function* segmentsOf(block: OctetString): Generator<Buffer> {
  if (!block.idBlock.isConstructed) {
    const { buffer, byteOffset, byteLength } = block.valueBlock.valueHexView
    yield Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)
    return
  }
  for (const part of block.valueBlock.value) if (part instanceof OctetString) yield* segmentsOf(part)
}
