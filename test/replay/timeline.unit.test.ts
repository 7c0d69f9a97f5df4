import {describe, expect, it} from 'vitest'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import type {RunNode} from '../../src/lib/event/runs/tree.ts'
import {createPaint} from '../../src/lib/output/paint.ts'
import {widthOf} from '../../src/lib/output/printable.ts'
import {runText} from '../../src/lib/output/run-text.ts'
import {readTimeline} from '../../src/lib/replay/timeline.ts'
import {openMemoryStore} from '../../src/lib/store/memory/store.ts'
import {recorded} from '../export/recorded.ts'

async function timeline(events: readonly ClawEvent[], runId?: string): Promise<RunNode | undefined> {
  const store = openMemoryStore()
  await store.append(events)
  const wanted = runId ?? events.find((one) => one.runId !== undefined)!.runId!
  const {run, isCut} = await readTimeline(store, wanted, {keep: (content) => content})
  expect(isCut).toBe(false)
  return run
}

const text = (run: RunNode | undefined, width?: number) => runText(run!, {paint: createPaint(false), width}).join('\n')

describe('the timeline of a run', () => {
  it('shows the calls, what came of them, and the runs of subagents below the calls that started them', async () => {
    // Other runs around it, of the same sessions and others.
    const events = ['tool-blocked', 'subagent-spawned', 'tool-failed'].flatMap(recorded)
    const run = await timeline(events, recorded('subagent-spawned').find(({runId}) => runId)!.runId)
    expect(text(run, 100)).toMatchInlineSnapshot(`
      "run 5abb6438-7982-4b6d-beb4-882abbffd1bf  completed  317 ms  main  agent:main:spawn  stop
      2026-11-20 21:09:08.835  mock/mock-1  200 tokens in, 20 out
      ├─ +0.020  model mock-1  31 ms
      ├─ +0.062  sessions_spawn  ok  160 ms  task=[[SCENARIO:exec]] say hi from the subagent label=probe-…
      │  ├─ = { "status": "accepted", "childSessionKey": "agent:main:subagent:e9b32548-9cd3-41f2-82c1-8b9…
      │  └─ run 78d92489-5686-4031-ad4d-f1b6615131b2  completed  206 ms  main  agent:main:subagent:e9b325…
      │     ├─ +0.029  model mock-1  33 ms
      │     ├─ +0.071  exec  ok  50 ms  command=echo hello-from-exec
      │     │  └─ = hello-from-exec
      │     ├─ +0.135  model mock-1  26 ms
      │     └─ +0.172  out  Tool said: hello-from-exec
      ├─ +0.238  model mock-1  43 ms
      ├─ +0.295  out  Spawned: { "status": "accepted", "childSessionKey": "agent:main:subagent:e9b32548-9…
      └─ run announce:v1:agent:main:subagent:e9b32548-9cd3-41f2-82c1-8b9e21b096c4:78d92489-5686-4031-ad4d…
         ├─ +0.012  model mock-1  62 ms
         └─ +0.085  out  Child finished."
    `)
  })

  it('shows what the guard decided, and errors', async () => {
    expect(text(await timeline(recorded('tool-blocked')))).toMatchInlineSnapshot(`
      "run 17dd78b1-e7c7-4eb4-ae7b-6239c6142a52  completed  92 ms  main  agent:main:block  stop
      2026-11-20 21:09:00.647  mock/mock-1  200 tokens in, 20 out
      ├─ +0.010  model mock-1  20 ms
      ├─ +0.041  exec  blocked  3 ms  command=echo BLOCKME
      │  └─ guard: blocked (rule no-blockme) claw-probe policy: BLOCKME is not allowed
      ├─ +0.052  model mock-1  16 ms
      └─ +0.076  out  After block: claw-probe policy: BLOCKME is not allowed"
    `)
    expect(text(await timeline(recorded('tool-failed')), 120)).toMatchInlineSnapshot(`
      "run bad1e04b-dcfd-4494-9100-3c00fd29a89f  completed  142 ms  main  agent:main:toolfail  stop
      2026-11-20 21:09:00.237  mock/mock-1  200 tokens in, 20 out
      ├─ +0.016  model mock-1  23 ms
      ├─ +0.053  read  failed  15 ms  path=does-not-exist.txt
      │  └─ File not found: /home/user/.openclaw/workspace/does-not-exist.txt.
      ├─ +0.080  model mock-1  32 ms
      └─ +0.122  out  Fail: { "status": "error", "tool": "read", "error": "File not found: /home/user/.openclaw/workspace/doe…"
    `)
    expect(text(await timeline(recorded('model-refused')))).toMatchInlineSnapshot(`
      "run ef9cce95-6479-427f-966a-1773c1ae3d3d  failed  75 ms  main  agent:main:error400  LLM request failed: provider rejected the request schema or tool payload.
      2026-11-20 21:09:20.323  mock/mock-1
      └─ +0.008  model mock-1  24 ms  Error"
    `)
  })

  it('is a document with everything in it', async () => {
    const run = await timeline(recorded('tool-blocked'))
    expect(run).toMatchObject({
      agentId: 'main',
      status: 'completed',
      startedAt: '2026-11-20T21:09:00.647Z',
      provider: 'mock',
      model: 'mock-1',
      usage: {input: 200, output: 20},
      runs: [],
    })
    expect(run?.steps.map(({kind}) => kind)).toEqual(['model', 'tool', 'model', 'message'])
    expect(run?.steps[1]).toMatchObject({
      kind: 'tool',
      toolName: 'exec',
      params: {command: 'echo BLOCKME'},
      status: 'blocked',
      decisions: [{type: 'tool.guard.blocked', ruleId: 'no-blockme', source: 'rule'}],
    })
  })

  it('is undefined for a run that is not in the log', async () => {
    expect(await timeline(recorded('tool-blocked'), 'no such run')).toBeUndefined()
  })

  it('puts calls that a tool makes under it', async () => {
    const run = await timeline(recorded('tool-within-tool'))
    const tools = run?.steps.flatMap((step) =>
      step.kind === 'tool' ? [[step.toolName, step.steps.map(({toolName}) => toolName)]] : [],
    )
    expect(tools).toEqual([['tool_call', ['session_status']]])
  })

  it('comes to an end whatever the events say of who started whom', async () => {
    const child = recorded('subagent-spawned')
    const [parentRun, childRun] = [...new Set(child.map(({runId}) => runId).filter((id) => id !== undefined))]
    const circle = child.map((event) => {
      if (event.type !== 'tool.completed' || event.runId !== childRun) return event
      const details = {childSessionKey: 'agent:main:spawn', runId: parentRun}
      return {...event, data: {...event.data, result: {details}}}
    })
    const run = await timeline(circle, parentRun)
    expect(run?.runId).toBe(parentRun)
  })

  it('lets no text act on the terminal, and keeps to its width', async () => {
    const events = recorded('tool-failed').map((event) => ({
      ...event,
      agentId: '\u001b[2Jmain',
      data: {
        ...event.data,
        ...(event.type === 'tool.called' && {params: {command: `\u001b]0;x\u0007\n\n日本語${'x'.repeat(500)}`}}),
      },
    }))
    const lines = runText((await timeline(events))!, {paint: createPaint(false), width: 60})
    for (const line of lines) {
      expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
      expect(widthOf(line)).toBeLessThanOrEqual(60)
    }
    const painted = runText((await timeline(events))!, {paint: createPaint(true), width: 60})
    expect(painted.map((line) => line.replaceAll(/\u001b\[\d+m/g, ''))).toEqual(lines)
  })
})
