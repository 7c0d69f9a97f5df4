import {defineConfig} from 'vitest/config'

/** The ring that runs clusters of three servers: `npm run test:cluster`. */
export default defineConfig({
  test: {
    include: ['test/cluster/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Three servers that elect their leaders by the clock are enough work for two cores.
    maxWorkers: 1,
  },
})
