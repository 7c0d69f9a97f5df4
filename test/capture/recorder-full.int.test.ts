import {spawnSync} from 'node:child_process'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterAll, describe, expect, it} from 'vitest'

const disk = mkdtempSync(path.join(tmpdir(), 'claw-disk-'))
afterAll(() => rmSync(disk, {recursive: true, force: true}))

describe('a recorder on a full disk', () => {
  it('drops the oldest, throws nothing, and tells it once when there is room again', () => {
    const child = path.join(import.meta.dirname, 'recorder-full-child.ts')
    // The small disk is gone with the process that sees it.
    const script = `set -e; mount -t tmpfs -o size=4m tmpfs '${disk}'; '${process.execPath}' '${child}' '${disk}'`
    const {stdout, stderr} = spawnSync('unshare', ['--map-root-user', '--mount', 'bash', '-c', script], {
      encoding: 'utf8',
      maxBuffer: 2 ** 24,
    })
    expect(stderr).toBe('')
    const {refused, full, after, recorded, stored, drops, count, said} = JSON.parse(stdout)
    expect(refused).toBe('STORE_FULL')
    expect(full).toMatchObject({pending: 200, lastError: expect.stringContaining('no space is left')})
    expect(full.dropped).toBeGreaterThan(250)
    expect(after).toEqual({pending: 0, dropped: full.dropped, committed: recorded - full.dropped})
    expect(drops).toHaveLength(1)
    expect(drops[0].data).toMatchObject({count: full.dropped, reason: 'STORE_FULL'})
    expect(stored).toHaveLength(recorded - full.dropped)
    expect(count).toBe(stored.length + 1)
    const numbers = stored.map((id: string) => Number(id.slice(2)))
    expect(numbers).toEqual(numbers.toSorted((a: number, b: number) => a - b))
    expect(said.map(([level]: [string]) => level)).toEqual(['error', 'warn', 'info', 'info'])
  })
})
