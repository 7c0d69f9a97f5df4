import {readFileSync} from 'node:fs'
import path from 'node:path'
import {describe, expect, it} from 'vitest'
import {configurationPage, eventsPage} from '../scripts/docs.ts'
import {replaced} from '../src/lib/config/replaced.ts'

const root = path.join(import.meta.dirname, '..')
const text = (name: string) => readFileSync(path.join(root, name), 'utf8')

describe('docs', () => {
  it('events.md is what the catalogue says (else: node scripts/docs.ts)', () => {
    expect(text('docs/events.md')).toBe(eventsPage())
  })

  it('configuration.md is what the schema says (else: node scripts/docs.ts)', () => {
    expect(text('docs/configuration.md')).toBe(configurationPage())
  })

  it('configuration.md says of each key that does nothing that it is not used', () => {
    const page = text('docs/configuration.md')
    for (const key of Object.keys(replaced)) expect(page).toContain(`| \`${key}\` | Not used: `)
  })

  it('every runtime dependency has its sentence in dependencies.md', () => {
    const {dependencies} = JSON.parse(text('package.json')) as {dependencies: Record<string, string>}
    const page = text('docs/dependencies.md')
    for (const name of Object.keys(dependencies)) expect(page).toContain(name)
  })

  it('every error code is explained in output.md', () => {
    const page = text('docs/output.md')
    const codes = [...text('src/lib/errors.ts').matchAll(/^ {2}\| '([A-Z_]+)'/gm)].map(([, code]) => code!)
    expect(codes.length).toBeGreaterThan(10)
    for (const code of codes) expect(page, code).toContain(code)
  })
})
