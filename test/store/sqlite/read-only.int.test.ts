import {spawnSync} from 'node:child_process'
import {chmodSync, readdirSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {everything} from '../../../src/lib/filter/filter.ts'
import {event, eventsUpTo, idsOf} from '../../contracts/event-store/events.ts'
import {logWith, openStore} from './temp-log.ts'

const child = new URL('./reader-child.ts', import.meta.url).pathname

interface Findings {
  read: string[]
  found: string[]
  types: number
  verified: boolean
  append: string
  prune: string
  remove: string
}

/** Uses the log from a process that has no right to write it; root has all rights, so there it becomes nobody. */
function useWithoutRights(path: string): Findings {
  const {stdout, stderr} = spawnSync(process.execPath, [child, path], {encoding: 'utf8'})
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

const refused = {append: 'STORE_READ_ONLY', prune: 'STORE_READ_ONLY', remove: 'STORE_READ_ONLY'}

describe('a log that this user cannot write', () => {
  it('is read, searched, counted and verified, and refuses what would change it', async () => {
    const path = await logWith(eventsUpTo(3))
    chmodSync(path, 0o444)
    chmodSync(dirname(path), 0o555)
    chmodSync(join(dirname(path), '..'), 0o755)
    const findings = useWithoutRights(path)
    chmodSync(dirname(path), 0o755)
    expect(findings).toEqual({read: ['e-0', 'e-1', 'e-2'], found: ['e-1'], types: 3, verified: true, ...refused})
    expect(readdirSync(dirname(path))).toEqual(['events.db'])
  })

  it('is read with what still lies beside it in the -wal file', async () => {
    const path = await logWith(eventsUpTo(2))
    const writer = await openStore(path)
    await writer.append([event('e-2')])
    for (const name of readdirSync(dirname(path))) chmodSync(join(dirname(path), name), 0o444)
    chmodSync(dirname(path), 0o555)
    chmodSync(join(dirname(path), '..'), 0o755)
    const findings = useWithoutRights(path)
    chmodSync(dirname(path), 0o755)
    expect(findings).toEqual({read: ['e-0', 'e-1', 'e-2'], found: ['e-1'], types: 3, verified: true, ...refused})
  })

  it('opened for reading only changes nothing, not even the text index', async () => {
    const path = await logWith(eventsUpTo(3))
    const store = await openStore(path, {readOnly: true})
    expect(await idsOf(store.read({text: '"e 1"'}))).toEqual(['e-1'])
    await expect(store.append([event('x')])).rejects.toMatchObject({code: 'STORE_READ_ONLY', exit: 1})
    expect(await idsOf(store.read(everything))).toEqual(['e-0', 'e-1', 'e-2'])
  })
})
