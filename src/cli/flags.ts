import {Flags} from '@oclif/core'

/** Flags that mean the same in every command. */
export const storeFlags = {
  store: Flags.string({
    helpGroup: 'STORE',
    helpValue: 'URL',
    description: 'event log: sqlite:PATH, nats://HOST:4222, tls://HOST:4222',
  }),
  config: Flags.string({helpGroup: 'STORE', helpValue: 'FILE', description: 'configuration file'}),
  state: Flags.string({helpGroup: 'STORE', helpValue: 'DIR', description: "OpenClaw's state directory"}),
  'no-color': Flags.boolean({helpGroup: 'OUTPUT', description: 'plain text'}),
}

export const filterFlags = {
  type: Flags.string({
    helpGroup: 'FILTER',
    helpValue: 'GLOB',
    multiple: true,
    multipleNonGreedy: true,
    description: "event type; * crosses dots: 'tool.*' (repeatable)",
  }),
  agent: Flags.string({
    helpGroup: 'FILTER',
    helpValue: 'ID',
    multiple: true,
    multipleNonGreedy: true,
    description: 'only this agent (repeatable)',
  }),
  session: Flags.string({
    helpGroup: 'FILTER',
    helpValue: 'KEY',
    multiple: true,
    multipleNonGreedy: true,
    description: 'only this session key or id (repeatable)',
  }),
  run: Flags.string({
    helpGroup: 'FILTER',
    helpValue: 'ID',
    multiple: true,
    multipleNonGreedy: true,
    description: 'only this run (repeatable)',
  }),
  tool: Flags.string({
    helpGroup: 'FILTER',
    helpValue: 'GLOB',
    multiple: true,
    multipleNonGreedy: true,
    description: 'only this tool (repeatable)',
  }),
  since: Flags.string({
    helpGroup: 'FILTER',
    helpValue: 'TIME',
    description: 'from this time on: 2h, 3d, 2026-11-20, an ISO time, epoch ms',
  }),
  until: Flags.string({helpGroup: 'FILTER', helpValue: 'TIME', description: 'before this time'}),
  text: Flags.string({
    helpGroup: 'FILTER',
    helpValue: 'WORDS',
    description: 'events with all these words; "quoted" for a phrase',
  }),
  where: Flags.string({
    helpGroup: 'FILTER',
    helpValue: 'CEL',
    description: "a CEL expression, such as 'data.durationMs > 500'",
  }),
}

export const jsonFlag = {json: Flags.boolean({helpGroup: 'OUTPUT', description: 'one JSON document on stdout'})}
export const ndjsonFlag = {
  ndjson: Flags.boolean({
    helpGroup: 'OUTPUT',
    exclusive: ['json'],
    description: 'one JSON object a line on stdout',
  }),
}
