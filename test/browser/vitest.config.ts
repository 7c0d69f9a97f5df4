import {defineConfig} from 'vitest/config'

/** The ring that runs pages in a real browser: `npm run test:browser`. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // A browser is several processes; one at a time is enough for two cores.
    maxWorkers: 1,
  },
})
