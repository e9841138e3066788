// A process of its own that claims HD-1 as several agents at once: node claimer.ts CONFIG HANDLE...
import * as adapterKinds from '../../adapters/index.ts'
import { loadConfig } from '../../src/config.ts'
import { openDesk } from '../../src/main.ts'

const [file = '', ...handles] = process.argv.slice(2)
const kinds = Object.fromEntries(Object.entries(adapterKinds).map(([kind, each]) => [kind, each.settings]))
const desk = await openDesk(loadConfig({ file, kinds }).config)
process.stdout.write('ready\n')
process.stdin.once('data', async () => {
  const claims = handles.map(handle =>
    desk.service.perform({ actor: { handle }, channel: 'test', line: 'claim HD-1' }).then(
      () => `won ${handle}`,
      (error: Error) => error.message,
    ),
  )
  process.stdout.write(`${JSON.stringify(await Promise.all(claims))}\n`)
  await desk.close()
  process.exit(0)
})
