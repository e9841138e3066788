// A winmail.dat that uses what is read of the format (MS-OXTNEF): a text, RTF, two files, and a message within.

const RTF = Buffer.from("{\\rtf1\\ansi\\fromtext{\\fonttbl{\\f0 Arial;}} Hello\\par from \\b Outlook\\b0\\u228 ?\\'e4}")

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, index) => {
    bytes.writeUInt32LE(value >>> 0, index * 4)
  })
  return bytes
}

/** Section 2.1.3.1: level, id, length, value, checksum. */
function attribute(level: 1 | 2, id: number, value: Buffer): Buffer {
  const checksum = Buffer.alloc(2)
  checksum.writeUInt16LE(value.reduce((sum, byte) => (sum + byte) & 0xffff, 0))
  return Buffer.concat([Buffer.from([level]), words(id, value.length), value, checksum])
}

/** Section 2.1.3.4: a count, then type and id of each, with the value behind it. */
function properties(...each: [type: number, id: number, value: Buffer][]): Buffer {
  const written = each.map(([type, id, value]) => {
    if (type === 0x03) return Buffer.concat([words((id << 16) | type), value])
    const padding = Buffer.alloc((4 - (value.length % 4)) % 4)
    return Buffer.concat([words((id << 16) | type, 1, value.length), value, padding])
  })
  return Buffer.concat([words(each.length), ...written])
}

function winmail(...attributes: Buffer[]): Buffer {
  return Buffer.concat([words(0x223e9f78), Buffer.from([1, 0]), ...attributes])
}

/** MS-OXRTFCP section 2.1.3.1.5: the header of RTF that is not packed. */
function unpackedRtf(rtf: Buffer): Buffer {
  return Buffer.concat([words(rtf.length + 12, rtf.length, 0x414c454d, 0), rtf])
}

/** The example of MS-OXRTFCP section 4.1.1, packed. */
const PACKED_RTF = Buffer.from(
  '2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0',
  'hex',
)

const INNER = winmail(
  attribute(1, 0x0002800c, Buffer.from('Inner words\0')),
  attribute(2, 0x00069002, Buffer.alloc(14)),
  attribute(2, 0x00018010, Buffer.from('inner.txt\0')),
  attribute(2, 0x0006800f, Buffer.from('inner content')),
)

const MESSAGE_INTERFACE = Buffer.from('0703020000000000c000000000000046', 'hex')

export const SEED_PACKED_WINMAIL = winmail(
  attribute(1, 0x00069003, properties([0x102, 0x1009, PACKED_RTF], [0x03, 0x0e07, words(1)])),
)

export const SEED_WINMAIL = winmail(
  attribute(1, 0x00069007, words(1252, 0)),
  attribute(
    1,
    0x00069003,
    properties(
      [0x03, 0x0e07, words(1)],
      [0x1f, 0x0037, Buffer.from('Subject\0', 'utf16le')],
      [0x102, 0x1009, unpackedRtf(RTF)],
    ),
  ),
  attribute(2, 0x00069002, Buffer.alloc(14)),
  attribute(2, 0x00018010, Buffer.from('report.txt\0')),
  attribute(2, 0x0006800f, Buffer.alloc(500, 'content ')),
  attribute(
    2,
    0x00069005,
    properties(
      [0x1f, 0x3707, Buffer.from('Übersicht.txt\0', 'utf16le')],
      [0x1e, 0x370e, Buffer.from('Text/Plain\0')],
      [0x1e, 0x3712, Buffer.from('id@x\0')],
    ),
  ),
  attribute(2, 0x00069002, Buffer.alloc(14)),
  attribute(
    2,
    0x00069005,
    properties([0x1e, 0x3001, Buffer.from('Inner\0')], [0x0d, 0x3701, Buffer.concat([MESSAGE_INTERFACE, INNER])]),
  ),
)
