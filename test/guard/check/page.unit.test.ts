import assert from 'node:assert/strict'
import {readdirSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {describe, it} from 'vitest'
import {readCases} from '../../../src/lib/guard/read-cases.ts'

const root = path.join(import.meta.dirname, '..', '..', '..')
const page = readFileSync(path.join(root, 'docs', 'toolguard.md'), 'utf8')

describe('docs/toolguard.md', () => {
  it('explains every code that toolguard check gives', () => {
    const folder = path.join(root, 'src', 'lib', 'guard', 'check')
    const source = readdirSync(folder)
      .map((file) => readFileSync(path.join(folder, file), 'utf8'))
      .join('\n')
    const codes = [...source.matchAll(/code: (?:\w+ \? )?'([a-z-]+)'(?: : '([a-z-]+)')?/g)].flatMap(
      ([, one, other]) => [one!, ...(other ? [other] : [])],
    )
    assert.ok(codes.length > 12)
    for (const code of codes) assert.ok(page.includes(`\`${code}\``), code)
  })

  it('shows cases that can be read', () => {
    const [, json] = /```json\n([\s\S]*?)```/.exec(page)!
    assert.deepEqual(readCases(JSON.parse(json!)).faults, [])
  })
})
