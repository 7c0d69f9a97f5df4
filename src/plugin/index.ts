import {attach} from './attach.ts'
import type {HostApi} from './host-api.ts'

/** What OpenClaw loads. It calls `register` several times in one process, in different modes and module graphs. */
export default {
  id: 'claw-events',
  name: 'claw-events',
  description: 'Records what agents do, guards their tool calls, and shows it',
  /** Synchronous, as the host demands. */
  register(api: HostApi): void {
    attach(api)
  },
}
