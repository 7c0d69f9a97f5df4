import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import type {ClawEvent} from '../src/lib/event/envelope.ts'
import {everything} from '../src/lib/filter/filter.ts'
import {paced} from '../src/lib/replay/pace.ts'
import {openSqliteStore} from '../src/lib/store/sqlite/store.ts'
import type {BenchRow} from './harness.ts'

/** The most by which an event may come late or early, at the 99th percentile. */
const limitMs = 5
const speeds = [1, 10, 100, 1000]
/** So long each speed is measured, and so many events a second it then sends: a busy agent, and a log sent in a hurry. */
const seconds = 4
const rate: Record<number, number> = {1: 50, 10: 500, 100: 2000, 1000: 5000}

/** How far from its time an event is sent, at 1x to 1000x, from an embedded log. */
export async function replayTiming(): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  for (const speed of speeds) {
    rows.push({
      claim: `replay at ${speed}x, ${rate[speed]} events/s: timing error, p99`,
      ours: await timingError(speed, rate[speed]!),
      peer: limitMs,
      peerName: 'limit',
      unit: 'ms',
      aim: {atMost: 1},
    })
  }
  return rows
}

async function timingError(speed: number, perSecond: number): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), 'claw-events-bench-'))
  const store = await openSqliteStore(path.join(folder, 'events.db'))
  try {
    const events = recordedEvents(speed, perSecond)
    for (let at = 0; at < events.length; at += 1000) await store.append(events.slice(at, at + 1000))
    const first = Date.parse(events[0]!.timestamp)
    const errors: number[] = []
    let start: number | undefined
    for await (const {timestamp} of paced(store.read(everything), {speed})) {
      const now = performance.now()
      start ??= now
      errors.push(Math.abs(now - start - (Date.parse(timestamp) - first) / speed))
    }
    errors.sort((a, b) => a - b)
    return errors[Math.floor(errors.length * 0.99)]!
  } finally {
    await store.close()
    rmSync(folder, {recursive: true})
  }
}

/** Events that are `perSecond` when they are sent at that speed; their times lie apart unevenly, as in life. */
function recordedEvents(speed: number, perSecond: number): ClawEvent[] {
  const gapMs = (1000 / perSecond) * speed
  const start = Date.UTC(2026, 10, 20)
  return Array.from({length: perSecond * seconds}, (_, n) => ({
    eventId: `replay-${n}`,
    schemaVersion: '1.2.0',
    timestamp: new Date(start + Math.round((n + 0.4 * Math.sin(n)) * gapMs)).toISOString(),
    type: 'tool.completed',
    eventCategory: 'tool',
    eventName: 'after_tool_call',
    source: 'plugin-hook',
    agentId: 'main',
    sessionKey: 'agent:main:main',
    correlationId: `call-${n}`,
    visibility: 'internal',
    data: {toolName: 'exec', result: {text: 'x'.repeat(400)}},
  }))
}
