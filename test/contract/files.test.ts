import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Content } from '../../src/channel/message.ts'
import { LARGE, pack, packFile, sha256, unpack } from '../../src/content.ts'
import { largeBlobs, readBlob, saveBlob } from '../../src/store/blobs.ts'
import type { Store } from '../../src/store/engine/sql.ts'
import { isLarge, LargeFiles } from '../../src/store/files.ts'
import { ENGINES, makePlace, type Place } from '../support/store/engines.ts'
import { deadProcessId } from '../support/store/store-crew.ts'

const TEXT = Buffer.from('Dear help desk, my printer is on fire again.\n'.repeat(200))

describe.each(ENGINES)('contents beside a store on %s', engine => {
  let place: Place
  let store: Store
  let files: LargeFiles

  beforeEach(async () => {
    place = await makePlace(engine)
    store = await place.open()
    files = new LargeFiles(place.folder)
  })

  afterEach(async () => {
    await store.close()
    await place.remove()
  })

  async function save(content: Content): Promise<void> {
    await files.keep(content)
    await store.transact(tx => saveBlob(tx, content))
  }

  async function read(sha: string): Promise<Buffer> {
    return Buffer.from(await readBlob(store.read, files, sha))
  }

  async function spooled(bytes: Uint8Array): Promise<Content> {
    const path = await files.spoolPath()
    await writeFile(path, bytes)
    return packFile(path)
  }

  /** All files of a folder below the state folder, by their path in it. */
  async function filesIn(folder: string): Promise<string[]> {
    const entries = await readdir(join(place.folder, folder), { recursive: true, withFileTypes: true }).catch(() => [])
    return entries.filter(entry => entry.isFile()).map(entry => entry.name)
  }

  test('small content lies in the database and in no file', async () => {
    const bytes = randomBytes(1_000)
    const content = pack(bytes)
    await save(content)
    expect(await read(content.sha256)).toEqual(bytes)
    expect(await filesIn('files')).toEqual([])
    expect(await store.read`SELECT size, encoding FROM blobs WHERE data IS NOT NULL`).toEqual([
      { size: 1_000, encoding: 'identity' },
    ])
  })

  test('large content lies in a file named by its digest, and only its name in the database', async () => {
    const bytes = randomBytes(LARGE + 1)
    const content = pack(bytes)
    await save(content)
    expect(await read(content.sha256)).toEqual(bytes)
    expect(await filesIn('files')).toEqual([content.sha256])
    expect(await largeBlobs(store.read)).toEqual([{ sha256: content.sha256, encoding: 'identity' }])
    expect(await filesIn('spool')).toEqual([])
  })

  test('a text that packs well is stored packed, as a file or in the database', async () => {
    const small = pack(TEXT)
    expect(small).toMatchObject({ encoding: 'zstd', size: TEXT.length })
    await save(small)
    expect(await read(small.sha256)).toEqual(TEXT)

    const longText = Buffer.from(Array.from({ length: 400_000 }, (_, i) => `line ${i * 7919}`).join('\n'))
    const large = pack(longText)
    expect(isLarge(large)).toBe(true)
    await save(large)
    expect((await read(large.sha256)).equals(longText)).toBe(true)
    expect(await filesIn('files')).toEqual([`${large.sha256}.zst`])
    const stored = await stat(join(files.folder, files.nameOf(large.sha256, 'zstd')))
    expect(stored.size).toBeLessThan(longText.length / 2)
  })

  test('content from a spool file is moved, not copied, and is the same content', async () => {
    for (const bytes of [TEXT, randomBytes(400_000), Buffer.alloc(0)]) {
      const content = await spooled(bytes)
      expect(content).toMatchObject({ sha256: sha256(bytes), size: bytes.length })
      await save(content)
      expect((await read(content.sha256)).equals(bytes)).toBe(true)
    }
    expect(await filesIn('spool')).toEqual([])
  })

  test('the same content stored twice is there once', async () => {
    const bytes = randomBytes(LARGE * 2)
    for (const each of [pack(bytes), await spooled(bytes), pack(TEXT), pack(TEXT)]) await save(each)
    expect(await store.read`SELECT count(*) AS n FROM blobs`).toEqual([{ n: 2 }])
    expect(await filesIn('files')).toHaveLength(1)
    expect(await filesIn('spool')).toEqual([])
    expect(await read(sha256(bytes))).toEqual(bytes)
    expect(await read(sha256(TEXT))).toEqual(TEXT)
  })

  test('the same content stored many times at once is there once', async () => {
    const bytes = randomBytes(LARGE * 2)
    const contents = await Promise.all(Array.from({ length: 8 }, (_, i) => (i % 2 ? pack(bytes) : spooled(bytes))))
    await Promise.all(contents.map(save))
    expect(await filesIn('files')).toEqual([sha256(bytes)])
    expect(await filesIn('spool')).toEqual([])
    expect(await read(sha256(bytes))).toEqual(bytes)
  })

  test('content that came small first and through a file later can still be read', async () => {
    await save(pack(TEXT))
    await save(await spooled(TEXT))
    expect(await read(sha256(TEXT))).toEqual(TEXT)
  })

  test('content that came through a file first and small later can still be read', async () => {
    await save(await spooled(TEXT))
    await save(pack(TEXT))
    expect(await read(sha256(TEXT))).toEqual(TEXT)
  })

  test('content of no bytes is content', async () => {
    const empty = pack(new Uint8Array(0))
    await save(empty)
    expect(await read(empty.sha256)).toEqual(Buffer.alloc(0))
  })

  test('content that is named and not stored is an error that says which', async () => {
    const missing = sha256('never stored')
    await expect(read(missing)).rejects.toMatchObject({ code: 'unsound', message: expect.stringContaining(missing) })
  })

  test('large content is on the disk before a transaction names it', async () => {
    const content = pack(randomBytes(LARGE + 1))
    await files.keep(content)
    expect(existsSync(join(files.folder, files.nameOf(content.sha256, content.encoding)))).toBe(true)
    expect(await store.read`SELECT sha256 FROM blobs`).toEqual([])
  })
})

describe('packing', () => {
  test('gives back what was packed, whatever it was', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.integer({ min: 1, max: 20 }), (bytes, times) => {
        const whole = Buffer.concat(Array.from({ length: times }, () => bytes))
        const packed = pack(whole)
        if (!('bytes' in packed)) throw new Error('packed in memory')
        expect(packed).toMatchObject({ size: whole.length, sha256: createHash('sha256').update(whole).digest('hex') })
        expect(packed.bytes.length).toBeLessThanOrEqual(whole.length)
        expect(Buffer.from(unpack(packed.encoding, packed.bytes))).toEqual(whole)
      }),
    )
  })

  test('leaves alone what it would make no smaller', () => {
    expect(pack(randomBytes(10_000)).encoding).toBe('identity')
    expect(pack(Buffer.from('short')).encoding).toBe('identity')
    expect(pack(TEXT).encoding).toBe('zstd')
  })
})

describe('the spool', () => {
  let place: Place
  let files: LargeFiles
  let spool: string

  beforeEach(async () => {
    place = await makePlace('sqlite')
    files = new LargeFiles(place.folder)
    spool = join(place.folder, 'spool')
  })

  afterEach(() => place.remove())

  test('gives a new path each time, in a folder that is there', async () => {
    const paths = await Promise.all(Array.from({ length: 20 }, () => files.spoolPath()))
    expect(new Set(paths).size).toBe(20)
    for (const path of paths) await writeFile(path, 'x', { flag: 'wx' })
  })

  test('is swept of what dead processes left, and of nothing of those that live', async () => {
    const own = await files.spoolPath()
    await writeFile(own, 'in the making')
    const [machine, pid] = own.slice(spool.length + 1).split('.')
    const dead = `${machine}.${await deadProcessId()}.instance.left`
    const kept = [
      own.slice(spool.length + 1),
      `${machine}.${process.ppid}.instance.busy`,
      `elsewhere.${pid}.instance.busy`,
    ]
    // A process id may come again, as in a container that was restarted.
    const gone = [dead, `${dead}.zst`, `${machine}.${pid}.earlier.left`]
    for (const name of [...gone, ...kept.slice(1)]) await writeFile(join(spool, name), 'x')
    await mkdir(join(spool, `${dead}-folder`))
    await files.sweepSpool()
    expect((await readdir(spool)).sort()).toEqual(kept.sort())
    expect(await readFile(own, 'utf8')).toBe('in the making')
  })

  test('need not be there to be swept', async () => {
    await files.sweepSpool()
  })
})
