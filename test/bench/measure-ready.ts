import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bench } from './baseline.ts'
import { type Figure, median } from './figure.ts'
import { makePlace, startDesk, stopDesk } from './place.ts'

const STARTS = 5

/** From the spawn to the line that says it takes mail; each time with an empty state folder, whose database it makes. */
export async function measureReady({ root }: Bench): Promise<Figure[]> {
  const cache = join(root, 'compile-cache')
  await mkdir(cache)
  const seconds: number[] = []
  for (let start = 0; start <= STARTS; start += 1) {
    const place = await makePlace(root)
    const { desk, readySeconds } = await startDesk(place, { NODE_COMPILE_CACHE: cache })
    await stopDesk(desk)
    await rm(place.folder, { recursive: true })
    seconds.push(readySeconds)
  }
  const [first = Number.NaN, ...later] = seconds
  const ready = { measure: 'ready', unit: 's', ratio: null, target: { of: 'value', at: 'most', limit: 1 } } as const
  return [
    { ...ready, what: 'ready, the very first start (nothing compiled)', value: first, repeats: [first] },
    { ...ready, what: 'ready, later starts', value: median(later), repeats: later },
  ]
}
