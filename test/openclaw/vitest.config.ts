import {defineConfig} from 'vitest/config'

/** The ring that runs a real OpenClaw: `npm run test:openclaw`. */
export default defineConfig({
  test: {
    include: ['test/openclaw/**/*.test.ts'],
    testTimeout: 60_000,
    // A gateway takes 10 to 25 s to be ready, and longer on a busy machine.
    hookTimeout: 240_000,
    pool: 'forks',
    // Each file has a gateway of its own, and one is enough work for two cores.
    maxWorkers: 1,
  },
})
