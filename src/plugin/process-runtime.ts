import type {Runtime} from './runtime.ts'

/** Changes with the shape of `Runtime`, so that a newer release in the same process does not use an older one's. */
const slot = Symbol.for('claw-events.v1')

/**
 * The one runtime of this process. OpenClaw loads a plugin several times, each time as modules of its own, and calls
 * hooks of one and services of another: only what hangs on `globalThis` is the same for all of them.
 */
export function processRuntime(make: () => Runtime): Runtime {
  const shared = globalThis as {[slot]?: Runtime}
  shared[slot] ??= make()
  return shared[slot]
}
