import {describe, expect, it} from 'vitest'
import {readFrontMatter} from '../../src/lib/migrate/front-matter.ts'

describe('front matter', () => {
  it('is a map of fields between two rules at the beginning', async () => {
    const text = '---\ntitle: Tea\ntags: [a, b]\n---\n## One\n'
    expect(await readFrontMatter(text)).toEqual({fields: {title: 'Tea', tags: ['a', 'b']}, end: text.indexOf('## One')})
  })

  it.each([
    ['Windows line ends', '---\r\na: 1\r\n---\r\nrest', 'rest'],
    ['three dots at its end', '---\na: 1\n...\nrest', 'rest'],
    ['spaces behind its rules', '--- \na: 1\n---\t\nrest', 'rest'],
    ['nothing behind it', '---\na: 1\n---', ''],
    ['a line end behind it', '---\na: 1\n---\n', ''],
  ])('may have %s', async (_, text, rest) => {
    const {fields, end} = await readFrontMatter(text)
    expect([fields, text.slice(end)]).toEqual([{a: 1}, rest])
  })

  it.each([
    ['no rule', 'a: 1\n---\n'],
    ['an empty first line', '\n---\na: 1\n---\n'],
    ['a rule that nobody closes', '---\na: 1\n'],
    ['only a sentence between two rules', '---\nIt rained.\n---\n'],
    ['a section between two rules', '---\n## Morning\nTea.\n---\n## Evening\n'],
    ['a list between two rules', '---\n- a\n- b\n---\n'],
    ['nothing between two rules', '---\n---\n'],
  ])('is not there with %s', async (_, text) => {
    expect(await readFrontMatter(text)).toEqual({end: 0})
  })

  it.each([
    ['an open quote', 'title: "foo', 'Missing closing'],
    ['a field twice', 'a: 1\na: 2', 'Map keys must be unique'],
    ['an anchor that holds itself', 'a: &x [*x]', 'circular'],
    ['aliases that multiply', bomb(), 'alias'],
  ])('that is broken by %s stays text and is told as a fault', async (_, yaml, fault) => {
    const read = await readFrontMatter(`---\n${yaml}\n---\n## One\n`)
    expect(read).toEqual({fault: expect.stringContaining(fault), end: 0})
    expect(read.fault).not.toContain('\n')
  })

  it('keeps dates as they are written and cannot reach a prototype', async () => {
    const {fields} = await readFrontMatter('---\ndate: 2026-03-02\n__proto__: {polluted: yes}\n---\n')
    expect(fields?.['date']).toBe('2026-03-02')
    expect(Object.hasOwn(fields ?? {}, '__proto__')).toBe(true)
    expect({}).not.toHaveProperty('polluted')
  })
})

/** Nine lists, each of nine times the one before: 9^9 strings. */
function bomb(): string {
  const lists = Array.from({length: 9}, (_, n) => `l${n}: &l${n} [${Array(9).fill(n === 0 ? 'lol' : `*l${n - 1}`)}]`)
  return lists.join('\n')
}
