// docs/compatibility.md: what comes of which hook, and where we differ from the event-server plugin on purpose.
import {type HookRow, hookTable, legacyHooks, streamTable, unusedHooks} from '../src/lib/capture/hooks.ts'

/** One deliberate difference in what is recorded; the test of the recorded cases accepts no others. */
export interface Difference {
  id: string
  theirs: string
  ours: string
  why: string
}

export const differences: readonly Difference[] = [
  {
    id: 'session-key-as-id',
    theirs: '`sessionId` is the session key where the host gave no id',
    ours: '`sessionId` is only ever an id; `sessionKey` has the key',
    why: 'One field with two meanings cannot be joined with the transcript. Filters and commands take either.',
  },
  {
    id: 'unknown-channel',
    theirs: '`data.channelId` is `"unknown"` where the host gave none',
    ours: 'the field is missing',
    why: 'What nobody said is not recorded.',
  },
  {
    id: 'provenance',
    theirs: '`data.provenance` on tool events',
    ours: 'the ids of the envelope, `metadata.requester` and `metadata.trace`',
    why: 'Its parts are in the envelope already; the rest were guesses about the channel.',
  },
  {
    id: 'blocked-params',
    theirs: '`data.params` of `tool.guard.blocked` has every value replaced by null, and `__toolGuardBlocked`',
    ours: 'the params that were judged',
    why: 'Who reads why a call was blocked wants to see the call. `toolGuard.redaction` hides what must not be seen.',
  },
  {
    id: 'transport',
    theirs: '`metadata.transport`, `pluginVersion`, `signature` in every event',
    ours: 'none of them in the log',
    why: 'They say how an event was sent. Sinks add what their receivers need.',
  },
  {
    id: 'shared-references',
    theirs: 'the second place of a shared object is `[REDACTED]`',
    ours: 'the object, in both places',
    why: 'It is no cycle.',
  },
  {
    id: 'result-once',
    theirs: '`result` in the envelope and in `data`',
    ours: '`data.result`',
    why: 'Results are the largest part of a log.',
  },
  {
    id: 'message-kept',
    theirs: 'a message without sender, text or channel is dropped, and fields that are not on a list are',
    ours: 'every message is recorded, with every field',
    why: 'A picture is a message, too.',
  },
  {
    id: 'call-kept',
    theirs: 'a call whose params are cyclic or too deep makes no event',
    ours: 'it is recorded; a cycle reads `[circular]`, and more than 500 levels become text',
    why: 'Such a call is the one to look at.',
  },
  {
    id: 'dry-run-matched',
    theirs: 'a dry run makes no guard event',
    ours: '`tool.guard.matched`, with `data.would`',
    why: 'It is there to be watched.',
  },
  {
    id: 'idle-for',
    theirs: '`data.idleForMs` of `subagent.idle` is the configured window',
    ours: 'how long the child was idle',
    why: 'A rule that waits for longer than the window could never match.',
  },
  {
    id: 'blocked-twice',
    theirs: 'a blocked call also makes a `tool.error` when the host reports it as failed',
    ours: '`tool.guard.blocked` only; a call that another plugin blocked is a `tool.error` of kind `blocked`',
    why: 'It did not fail, it never ran.',
  },
  {
    id: 'work-seen',
    theirs: 'model calls and streaming replies are no activity, so an agent that thinks for long turns idle',
    ours: 'they keep the agent working; only the event-server plugin’s own list makes `agent.activity`',
    why: 'It is at work.',
  },
  {
    id: 'run-error',
    theirs: '`agent.status` is `error` after `agent:error` only, a hook that today’s host does not have',
    ours: 'also after a run that failed (`lifecycle.error`), until something begins again; not after an abort',
    why: 'Otherwise no agent of today’s host ever had an error.',
  },
]

export function compatibilityPage(): string {
  return `# Compatibility

Made from \`src/lib/capture/hooks.ts\` and \`scripts/compatibility.ts\` by \`node scripts/docs.ts\`. Pinned to **OpenClaw
2026.9.6**: a test fails when this table and the hooks of that version differ (\`test/fixtures/openclaw\`).

## What is recorded

"Permission" is \`plugins.entries["claw-events"].hooks.allowConversationAccess: true\`. Without it the host leaves these hooks
out and says so in its log only; everything else is recorded all the same, the text of the conversation included. The
host calls a plugin's hooks from several registrations in one process; "from" says which.

| hook | makes | permission | from | kind |
|---|---|---|---|---|
${hookTable.map(hookLine).join('\n')}

Prompts and whole conversations (\`llm_input\`, \`before_prompt_build\`, \`agent_end\`, …) and the content of bootstrap files are
recorded as sizes and counts; \`privacy.payloadMode: full\` records everything. The code of a pairing request and the host's
configuration are never recorded.

### Agent events

| stream | makes | |
|---|---|---|
${streamTable.map(({stream, types, note}) => `| \`${stream}\` | ${names(types)} | ${note} |`).join('\n')}

Any other stream makes events of the type \`agent.<stream>\`, or of its own name where that is dotted.

### Made here

\`agent.activity\`, \`agent.status\`, \`agent.sub_agent_spawn\` and \`subagent.idle\` are derived from the others, never for an agent
that is not known.

### Left alone

| hook | because it is |
|---|---|
${unusedHooks.map(({hook, why}) => `| \`${hook}\` | ${why} |`).join('\n')}

## Older hosts

The event-server plugin is pinned to OpenClaw at \`7b5e64e\`. Hooks of that version that today's host does not have are
understood, and not registered: the host warns of names that it does not know.

| hook | makes |
|---|---|
${legacyHooks.map(({hook, types}) => `| \`${hook}\` | ${names(types)} |`).join('\n')}

## Differences to the event-server plugin

Same input, same types, ids and fields of \`data\` or more of them, except:

| there | here | why |
|---|---|---|
${differences.map(({theirs, ours, why}) => `| ${theirs} | ${ours} | ${why} |`).join('\n')}
`
}

function hookLine({hook, kind, types, needsConversationAccess, registration, manner}: HookRow): string {
  const permission = needsConversationAccess ? 'needed' : ''
  const sort = kind === 'internal-hook' ? 'internal' : manner
  return `| \`${hook}\` | ${names(types)} | ${permission} | ${registration} | ${sort} |`
}

function names(types: readonly string[]): string {
  return types.map((type) => `\`${type}\``).join(' ')
}
