import path from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {positionAfter, readPrevious} from '../../src/lib/export/previous.ts'
import {everything} from '../../src/lib/filter/filter.ts'
import {readTimeline} from '../../src/lib/replay/timeline.ts'
import {openNatsAdmin} from '../../src/lib/store/nats/admin.ts'
import {openNatsStore} from '../../src/lib/store/nats/store.ts'
import {event, eventsUpTo} from '../contracts/event-store/events.ts'
import {type NatsBinary, type NatsServer, natsBinaries, startNats} from '../nats-server.ts'
import {newLog} from '../store/nats/a-log.ts'
import {recorded} from './recorded.ts'
import {folder, linesIn, save} from './scene.ts'

const servers = new Map<NatsBinary, NatsServer>()
beforeAll(async () => {
  for (const binary of natsBinaries) servers.set(binary, await startNats({binary}))
})
afterAll(async () => {
  for (const server of servers.values()) await server.stop()
})

const idsIn = async (file: string) => (await linesIn(file)).map((line) => JSON.parse(line).eventId)

describe.each(natsBinaries)('export from JetStream on nats-server %s', (binary) => {
  it('goes on after an earlier export, and knows a stream that was made anew', async () => {
    const place = folder()
    const options = await newLog(servers.get(binary)!.url)
    const store = await openNatsStore(options)
    await store.append(eventsUpTo(700))
    const one = await save(store, path.join(place, 'one.ndjson.zst'))
    expect(one).toMatchObject({count: 700, stream: options.stream, lost: []})
    expect(one).not.toHaveProperty('chainHead')
    await store.append([event('new-1'), event('new-2')])
    const previous = await readPrevious(path.join(place, 'one.ndjson.zst'))
    const after = await positionAfter(store, previous)
    await save(store, path.join(place, 'two.ndjson.zst'), {after})
    expect(await idsIn(path.join(place, 'two.ndjson.zst'))).toEqual(['new-1', 'new-2'])
    await store.close()

    const admin = await openNatsAdmin(options)
    await admin.remove()
    await admin.apply({})
    await admin.close()
    const anew = await openNatsStore(options)
    await anew.append(eventsUpTo(900, () => ({})).map((each) => ({...each, eventId: `other-${each.eventId}`})))
    await expect(positionAfter(anew, previous)).rejects.toMatchObject({code: 'INPUT_INVALID'})
    await anew.close()
  })

  it('gives the same traces and timelines as the embedded log does', async () => {
    const options = await newLog(servers.get(binary)!.url)
    const store = await openNatsStore(options)
    const events = recorded('subagent-spawned')
    await store.append(events)
    const file = path.join(folder(), 't.jsonl')
    expect(await save(store, file, {format: 'otlp', filter: everything})).toMatchObject({count: 30, lines: 3})
    const {run} = await readTimeline(store, events.find(({runId}) => runId)!.runId!, {keep: (content) => content})
    expect(run?.steps.flatMap((step) => (step.kind === 'tool' ? step.runs.map(({runId}) => runId) : []))).toHaveLength(
      1,
    )
    expect(run?.runs).toHaveLength(1)
    await store.close()
  })
})
