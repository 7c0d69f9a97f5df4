import {execFile} from 'node:child_process'
import {mkdirSync} from 'node:fs'
import path from 'node:path'
import {promisify} from 'node:util'
import {expect, it} from 'vitest'
import {temporaryFolder} from '../fixtures.ts'
import {noteIds} from './endpoints.ts'
import {startReceiver} from './receiver.ts'

it('a full disk under the state store stops delivery after a bounded number of events, and nothing is lost', async () => {
  const receiver = await startReceiver((id, count) => (Number(id.slice(1)) % 9 === 4 && count === 1 ? 500 : 200))
  const disk = path.join(temporaryFolder(), 'disk')
  mkdirSync(disk)
  const child = path.join(import.meta.dirname, 'disk-full-child.ts')
  const script = `set -e; mount -t tmpfs -o size=1m tmpfs '${disk}'; exec '${process.execPath}' '${child}' '${disk}' '${receiver.url}'`
  const {stdout} = await promisify(execFile)('unshare', ['--map-root-user', '--mount', 'bash', '-c', script], {
    timeout: 25_000,
  })
  const seen = JSON.parse(stdout)
  expect(seen).toMatchObject({isAtHead: true, counts: {waiting: 0, dead: 0}, cursorWhileFull: ''})
  expect(seen.reason).toMatch(/no space is left|the disk failed/)
  expect(seen.whileFull).toBeLessThanOrEqual(100)
  expect(seen.said.filter((line: string) => line.includes('cannot be saved'))).toHaveLength(1)
  expect(new Set(receiver.taken)).toEqual(new Set(noteIds(500)))
  expect(receiver.taken).toHaveLength(500)
})
