import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import {loadPolicy} from '../../src/lib/wiring/load-policy.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'claw-policy-'))
})
afterEach(() => rmSync(folder, {recursive: true}))

describe('a policy nested as deep as no stack goes', () => {
  const decision = '"decision":{"block":true}'

  it.each([
    ['in a condition', `{"id":"r","when":${'{"not":'.repeat(50_000)}{}${'}'.repeat(50_000)},${decision}}`],
    ['in params', `{"id":"r","when":{},"decision":{"params":${'{"a":'.repeat(50_000)}{}${'}'.repeat(50_000)}}}`],
    ['in an unknown key', `{"id":"r","when":{},${decision},"x":${'['.repeat(50_000)}${']'.repeat(50_000)}}`],
  ])('is a fault of the configuration: %s', async (_where, rule) => {
    const config = path.join(folder, 'policy.json')
    writeFileSync(config, `{"enabled":true,"rules":[${rule}]}`)
    await expect(loadPolicy({config, env: {}})).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      exit: 2,
      message: expect.stringContaining('nested at most 100 deep'),
    })
  })
})
