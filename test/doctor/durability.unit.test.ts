import {describe, expect, it} from 'vitest'
import {checkDurability} from '../../src/lib/doctor/check-durability.ts'
import type {Durability, StoreDescription} from '../../src/lib/store/port.ts'

function checks(durability: Partial<Durability>) {
  const description: StoreDescription = {
    store: 'nats://host',
    stream: 'log',
    kind: 'nats',
    events: 0,
    bytes: 0,
    first: null,
    last: null,
    durability: {survives: 'process-kill', detail: 'not forced to the disk', duplicateWindowMs: 120_000, ...durability},
  }
  return checkDurability(description).map(({id, ok, severity, fix}) => ({id, ok, severity, fix}))
}

const unforced = {
  id: 'store.durability',
  ok: false,
  severity: 'info',
  fix: expect.stringContaining('sync_interval: always'),
}

describe('what doctor says of durability', () => {
  it('tells how a server can be made to survive a power loss', () => {
    expect(checks({replicas: 1})).toEqual([unforced])
  })

  it('asks for copies where a cluster could keep them', () => {
    const fix = 'claw-events stream init --replicas 3'
    const wanted = {id: 'store.replicas', ok: false, severity: 'warning', fix}
    expect(checks({replicas: 1, cluster: 'c', lagging: []})).toEqual([unforced, wanted])
    expect(checks({replicas: 3, cluster: 'c', lagging: []})).toEqual([
      unforced,
      {id: 'store.replicas', ok: true, severity: 'info', fix: undefined},
    ])
  })

  it('names a server whose copy is not up to date', () => {
    const [, copies] = checks({replicas: 3, cluster: 'c', lagging: ['n1']})
    expect(copies).toMatchObject({id: 'store.replicas', ok: false, severity: 'warning'})
  })

  it('warns of a stream in memory, and tells of a window that is short', () => {
    expect(checks({survives: 'nothing'})).toMatchObject([{ok: false, severity: 'warning'}])
    expect(checks({duplicateWindowMs: 100}).at(-1)).toMatchObject({id: 'store.duplicates', severity: 'info'})
  })
})
