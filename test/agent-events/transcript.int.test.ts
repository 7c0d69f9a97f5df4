import {mkdtempSync, readdirSync, readFileSync, rmSync, statSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterEach, beforeEach, expect, it} from 'vitest'
import {createAgentEventSystem} from '../../src/lib/agent-events/agent-events.ts'
import {transcriptRecord} from '../../src/lib/agent-events/transcript.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'claw-events-transcript-'))
})
afterEach(() => rmSync(folder, {recursive: true}))

it('writes one line per event to the file of its session, readable by its owner only', () => {
  const record = transcriptRecord(path.join(folder, 'transcripts'))
  const {emitAgentEvent} = createAgentEventSystem({
    now: () => 1,
    record,
    onFault: (fault) => expect.unreachable(String(fault)),
  })
  const hostile = '../../etc/passwd\n'
  emitAgentEvent({runId: 'r', stream: 'tool', data: {text: 'a\nb'}, sessionKey: 'agent:main:main'})
  emitAgentEvent({runId: 'r', stream: 'tool', data: {}, sessionKey: 'agent:main:main'})
  emitAgentEvent({runId: 'r', stream: 'tool', data: {}, sessionKey: hostile})
  emitAgentEvent({runId: 'r', stream: 'tool', data: {}})
  const files = readdirSync(path.join(folder, 'transcripts')).sort()
  expect(files).toEqual(['%2e%2e%2f%2e%2e%2fetc%2fpasswd%0a.jsonl', 'agent%3amain%3amain.jsonl', 'run%3ar.jsonl'])
  const lines = readFileSync(path.join(folder, 'transcripts', 'agent%3amain%3amain.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
  expect(lines.map((line) => JSON.parse(line).seq)).toEqual([1, 2])
  expect(statSync(path.join(folder, 'transcripts', 'run%3ar.jsonl')).mode & 0o777).toBe(0o600)
})

it('takes a session key of any length', () => {
  const record = transcriptRecord(folder)
  const event = {runId: 'r', seq: 1, stream: 'tool', ts: 1, data: {}}
  record({...event, sessionKey: `${'x'.repeat(10_000)}a`})
  record({...event, sessionKey: `${'x'.repeat(10_000)}b`})
  expect(readdirSync(folder)).toHaveLength(2)
})
