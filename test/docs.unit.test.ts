import {readdirSync, readFileSync} from 'node:fs'
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

  it('every library that is used at run time has its sentence in dependencies.md', () => {
    const page = text('docs/dependencies.md')
    expect(importedPackages().size).toBeGreaterThan(10)
    for (const name of importedPackages()) expect(page).toContain(name)
  })

  it('the package needs nothing installed beside it: everything is bundled', () => {
    const {dependencies = {}, peerDependencies = {}} = JSON.parse(text('package.json'))
    expect({...dependencies, ...peerDependencies}).toEqual({})
  })

  it('every error code is explained in output.md', () => {
    const page = text('docs/output.md')
    const codes = [...text('src/lib/errors.ts').matchAll(/^ {2}\| '([A-Z_]+)'/gm)].map(([, code]) => code!)
    expect(codes.length).toBeGreaterThan(10)
    for (const code of codes) expect(page, code).toContain(code)
  })
})

/** The packages that the source imports, without those of Node. */
function importedPackages(): Set<string> {
  const source = path.join(root, 'src')
  const files = readdirSync(source, {recursive: true, encoding: 'utf8'}).filter((name) => name.endsWith('.ts'))
  const imports = files.flatMap((file) => [
    ...text(path.join('src', file)).matchAll(/(?:from |import\()'([@a-z][^':]*)'/g),
  ])
  return new Set(
    imports.map(([, name = '']) =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/'),
    ),
  )
}
