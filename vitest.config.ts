import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Ends what would never end. What a test waits for has a deadline of its own: see test/support/eventually.ts.
    testTimeout: 900_000,
    hookTimeout: 900_000,
    pool: 'forks',
    // Most tests wait for servers more than they compute.
    maxWorkers: availableParallelism() * 2,
  },
})
