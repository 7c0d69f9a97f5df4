import {writeFileSync} from 'node:fs'
import path from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {sandbox} from '../run-bin.ts'

const box = sandbox()
const json = async (...args: string[]) => JSON.parse((await box.run([...args, '--json'])).stdout)

beforeAll(async () => {
  expect((await box.run(['emit', '--type', 'note.added'])).code).toBe(0)
})
afterAll(() => box.remove())

describe('documents hold the fields that docs/output.md promises', () => {
  it('stream prune --json, whether or not it is a dry run', async () => {
    expect(await json('stream', 'prune', '--before', '1d')).toEqual({removed: 0, left: 1, dryRun: false})
    expect(await json('stream', 'prune', '--before', '1d', '--dry-run')).toEqual({removed: 0, left: 1, dryRun: true})
  })

  it('config show --json: what is set, and with --all what is not', async () => {
    const config = path.join(box.folder, 'c.json')
    writeFileSync(config, JSON.stringify({queue: {maxSize: 22}}))
    const set = {key: 'queue.maxSize', value: 22, origin: config}
    expect(await json('config', 'show', '--config', config)).toEqual({values: [set]})
    const {values} = await json('config', 'show', '--config', config, '--all')
    expect(values).toEqual(expect.arrayContaining([set, {key: 'queue.flushIntervalMs', value: 0, origin: 'default'}]))
  })
})
