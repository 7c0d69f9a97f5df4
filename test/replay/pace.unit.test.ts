import {describe, expect, it} from 'vitest'
import type {StoredEvent} from '../../src/lib/event/envelope.ts'
import {paced, parseSpeed} from '../../src/lib/replay/pace.ts'

async function* at(...offsets: number[]): AsyncGenerator<StoredEvent> {
  const start = Date.parse('2026-11-20T00:00:00.000Z')
  for (const offset of offsets) {
    const timestamp = new Date(start + offset).toISOString()
    yield {
      eventId: `e${offset}`,
      schemaVersion: '1.2.0',
      timestamp,
      type: 'x.y',
      eventCategory: 'x',
      eventName: 'x.y',
      source: 'cli',
      agentId: 'main',
      correlationId: 'c',
      visibility: 'internal',
      data: {},
      position: '1',
      storedAt: timestamp,
    }
  }
}

describe('pace', () => {
  it('yields each event when its time has come, divided by the speed', async () => {
    const start = performance.now()
    const seen: number[] = []
    for await (const _event of paced(at(0, 400, 300, 1000), {speed: 10})) seen.push(performance.now() - start)
    expect(seen).toHaveLength(4)
    for (const [index, due] of [0, 40, 40, 100].entries()) expect(seen[index]).toBeGreaterThanOrEqual(due)
  })

  it('does not wait at all at full speed', async () => {
    const events = await Array.fromAsync(paced(at(0, 1e9, 2e9), {speed: Number.POSITIVE_INFINITY}))
    expect(events).toHaveLength(3)
  })

  it('ends at once when it is told to stop, in the middle of a long wait', async () => {
    const stop = new AbortController()
    const seen: string[] = []
    for await (const event of paced(at(0, 1e12), {speed: 1, signal: stop.signal})) {
      seen.push(event.eventId)
      setImmediate(() => stop.abort())
    }
    expect(seen).toEqual(['e0'])
  })

  it.each([
    ['1x', 1],
    ['10x', 10],
    ['0.5x', 0.5],
    ['max', Number.POSITIVE_INFINITY],
  ])('reads the speed %s as %s', (text, speed) => {
    expect(parseSpeed(text)).toBe(speed)
  })

  it.each(['fast', '0x', '-1x', '10', ''])('refuses the speed %j', (text) => {
    expect(() => parseSpeed(text)).toThrow(expect.objectContaining({code: 'USAGE', exit: 2}))
  })

  it('does not wait for an event without a time, and goes on counting from the first that has one', async () => {
    const events = [...(await Array.fromAsync(at(0, 0, 60)))]
    events[0] = {...events[0]!, timestamp: 'yesterday'}
    const start = performance.now()
    const seen: number[] = []
    for await (const _event of paced(ReadableStream.from(events), {speed: 1})) seen.push(performance.now() - start)
    expect(seen).toHaveLength(3)
    expect(seen[1]).toBeLessThan(50)
    expect(seen[2]).toBeGreaterThanOrEqual(60)
  })
})
