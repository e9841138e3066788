import { afterEach, expect, test, vi } from 'vitest'
import { AGENTS } from '../../support/desk.ts'
import { SeededRandom } from '../../support/seeded-random.ts'
import { ANSWERING_BY_MAIL, ASKING, Course } from '../../support/slack-course.ts'
import { makeSlackDesk, PEOPLE, type SlackDesk } from '../../support/slack-desk.ts'
import { SlackWatch } from '../../support/slack-watch.ts'

vi.mock('../../../adapters/slack/api/pacer.ts', () => import('../../support/fast-pacer.ts'))

// What agents say to each other comes to no requester, and every answer comes to whoever asked. More of it:
// SLACK_LEAK_STEPS=500 SLACK_LEAK_SEEDS=1,2,3 vitest run test/flow/slack/leaks.test.ts

const STEPS = Number(process.env.SLACK_LEAK_STEPS ?? 240)
const SEEDS = (process.env.SLACK_LEAK_SEEDS ?? '1').split(',')

let all: SlackDesk

afterEach(async () => {
  await all.remove()
})

test.each(SEEDS)('whatever people do, in the course of things with seed %s', async seed => {
  all = await makeSlackDesk('sqlite', {
    more: { oneTicketWithin: '1s' },
    people: [...PEOPLE, { name: 'dora', email: 'dora@example.com' }],
    channels: [{ name: 'help' }, { name: 'triage', private: true, members: ['bob', 'eve'] }, { name: 'random' }],
    root: {
      agents: [...AGENTS, ANSWERING_BY_MAIL],
      floods: { tickets: 0, messages: 0 },
      automatic: { perDay: 1_000, perAgentDay: 1_000 },
    },
  })
  const watch = await SlackWatch.begin(all)
  const random = new SeededRandom(seed)
  const course = new Course(all, watch, random)
  try {
    let checked = 0
    for (let done = 0; done < STEPS; ) {
      const many = random.pick([1, 1, 2, 3])
      await course.go(many)
      done += many
      if (random.share() < 0.3) await watch.quiet()
      if (random.share() < 0.015) {
        await all.desk.stop()
        await course.goWhileAway()
        await all.desk.start()
        await watch.quiet()
      }
      const seen = watch.all()
      await course.land()
      expect(course.wrongs(seen.slice(checked), await course.groups())).toEqual([])
      checked = seen.length
    }
    await watch.quiet()
    const seen = watch.all()
    await course.land()
    expect(course.wrongs(seen, await course.groups())).toEqual([])
    expect(await course.misfiled()).toEqual([])
    expect(await course.missing(seen)).toEqual([])
    expect(await filesWithInner(watch)).toEqual([])
    await all.desk.expectSound()
    expect(course.counts().inner).toBeGreaterThan(STEPS / 10)
    expect(course.counts().outer).toBeGreaterThan(STEPS / 20)
    if (process.env.SLACK_LEAK_LOG) console.log(course.log.join('\n'), course.counts(), seen.length)
  } catch (error) {
    console.error(`seed ${seed}:\n${course.log.join('\n')}`)
    throw error
  }
})

async function filesWithInner(watch: SlackWatch): Promise<string[]> {
  const { stand } = all
  const private_ = await Promise.all(ASKING.map(name => stand.as(name).directMessages()))
  const files = await Promise.all(['help', 'random', ...private_].map(channel => watch.filesIn(channel)))
  return files.flat().filter(each => /\binner\d+x/.test(each))
}
