import {choice, flag, integer, section} from '../../guard/schema-forms.ts'
import {maybeText} from './delivery.ts'

/** Who runs the sinks. Most of it belongs to a relay between processes that the log has replaced (replaced.ts). */
export const transport = section({
  mode: choice('auto', 'owner', 'follower')
    .default('auto')
    .describe('follower: only records; owner and auto: whoever holds the lease runs the sinks'),
  runtimeKind: choice('auto', 'gateway', 'agent', 'unknown').default('auto').describe('What this process counts as'),
  lockPath: maybeText(),
  socketPath: maybeText(),
  lockStaleMs: integer(1000, 300_000).default(15_000),
  heartbeatMs: integer(250, 60_000).default(5000),
  relayTimeoutMs: integer(100, 60_000).default(1500),
  reconnectBackoffMs: integer(50, 30_000).default(250),
  maxPendingEvents: integer(1, 100_000).default(2000),
  maxPayloadBytes: integer(1024, 10_485_760).default(1_048_576),
  authToken: maybeText(),
  dedupeTtlMs: integer(1000, 600_000).default(60_000),
  semanticDedupeEnabled: flag().default(true),
})

export const logging = section({
  debug: flag().default(false).describe('Log what is done, in detail'),
  logSuccess: flag().default(false).describe('Log deliveries that worked'),
  logErrors: flag().default(true).describe('Log deliveries that failed'),
  logQueue: flag().default(false).describe('Log what waits'),
})
