import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterEach, describe, expect, it, vi} from 'vitest'
import {emitAgentEvent, onAgentEvent, registerAgentRunContext} from '../../src/index.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'claw-agent-events-'))
vi.stubEnv('OPENCLAW_STATE_DIR', folder)
afterEach(() => rmSync(folder, {recursive: true, force: true}))

describe('the exported agent event system', () => {
  it('numbers events, adds the context of their run, tells listeners and writes the transcript of the session', () => {
    const heard: number[] = []
    const unsubscribe = onAgentEvent(({seq}) => heard.push(seq))
    registerAgentRunContext('run-123', {sessionKey: 'agent:main:s'})
    emitAgentEvent({runId: 'run-123', stream: 'tool', data: {phase: 'start', name: 'read', args: {path: 'hello.txt'}}})
    unsubscribe()
    emitAgentEvent({runId: 'run-123', stream: 'lifecycle', data: {phase: 'end'}})
    expect(heard).toEqual([1])
    const file = path.join(folder, 'claw-events', 'transcripts', 'agent%3amain%3as.jsonl')
    const lines = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({seq, sessionKey, stream}) => [seq, sessionKey, stream])).toEqual([
      [1, 'agent:main:s', 'tool'],
      [2, 'agent:main:s', 'lifecycle'],
    ])
  })
})
