import {readFileSync} from 'node:fs'
import path from 'node:path'
import {expect, it} from 'vitest'
import {rerun, withoutChance} from '../../scripts/readme.mjs'

const readme = readFileSync(path.join(import.meta.dirname, '..', '..', 'README.md'), 'utf8')

it('every command that the README shows gives what the README shows', () => {
  expect(withoutChance(rerun(readme))).toBe(withoutChance(readme))
})
