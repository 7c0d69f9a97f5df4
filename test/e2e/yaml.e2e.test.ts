import {mkdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {afterAll, expect, it} from 'vitest'
import {linesOf, sandbox} from '../run-bin.ts'

const box = sandbox()
afterAll(() => box.remove())

it('the built command line reads YAML: config.yml and the front matter of notes', async () => {
  const state = path.join(box.folder, 'state')
  mkdirSync(path.join(state, 'workspace', 'memory'), {recursive: true})
  writeFileSync(path.join(state, 'config.yml'), `gateway:\n  eventStore:\n    url: sqlite:${box.folder}/from-yaml.db\n`)
  writeFileSync(path.join(state, 'workspace', 'memory', 'note.md'), '---\ntitle: T\ndate: 2025-02-03\n---\n# x\n')
  expect(await box.run(['migrate'])).toMatchObject({code: 0})
  const {stdout} = await box.run(['query', '--ndjson', '--store', `sqlite:${box.folder}/from-yaml.db`])
  const [event] = linesOf(stdout).map((line) => JSON.parse(line))
  expect(event.timestamp).toBe('2025-02-03T00:00:00.000Z')
  expect(event.metadata).not.toHaveProperty('frontMatterFault')
})
