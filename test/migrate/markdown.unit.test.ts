import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {outlineOf} from '../../src/lib/migrate/markdown.ts'

function headingsOf(text: string): string[] {
  return outlineOf(text).sections.map(({heading}) => heading)
}

describe('outline of a note', () => {
  it('tells title, sections and their lines', () => {
    const text = '# Monday\n\nRain.\n\n## Morning\n\nTea.\n## Evening\nMore tea.'
    expect(outlineOf(text)).toEqual({
      title: 'Monday',
      sections: [
        {heading: 'Morning', text: '## Morning\n\nTea.\n', line: 5},
        {heading: 'Evening', text: '## Evening\nMore tea.', line: 8},
      ],
    })
  })

  it('counts lines from the beginning of the file also where it starts later', () => {
    const text = '---\na: 1\n---\n## One\n'
    expect(outlineOf(text, text.indexOf('## One')).sections).toEqual([{heading: 'One', text: '## One\n', line: 4}])
  })

  it.each([
    ['## Plans', 'Plans'],
    ['##  Plans  ', 'Plans'],
    ['##\tPlans', 'Plans'],
    ['   ## Plans', 'Plans'],
    ['## Plans ##', 'Plans'],
    ['## Plans ## \r', 'Plans'],
    ['## C#', 'C#'],
    ['## C# #', 'C#'],
    ['##', ''],
    ['## ', ''],
    ['## ##', ''],
    ['##\r', ''],
    ['## 茶 🍵', '茶 🍵'],
  ])('takes %j for a section', (line, heading) => {
    expect(headingsOf(`text\n${line}\ntext\n`)).toEqual([heading])
  })

  it.each([
    '##Plans',
    '# Plans',
    '### Plans',
    '    ## Plans',
    '\t## Plans',
    '\\## Plans',
    '> ## Plans',
    'Plans\n-----',
    '#',
  ])('does not take %j for a section', (line) => {
    expect(headingsOf(`text\n\n${line}\n\ntext\n`)).toEqual([])
  })

  it('takes the first title and none from a code block', () => {
    expect(outlineOf('```\n# comment\n```\n# First\n# Second\n').title).toBe('First')
  })

  it.each([
    ['backticks', '```\n## no', '```'],
    ['backticks with a language', '```sh\n## no', '```'],
    ['tildes', '~~~\n## no', '~~~'],
    ['a longer fence around a shorter one', '````md\n```\n## no', '```\n````'],
    ['tildes around backticks', '~~~\n```\n## no', '~~~'],
    ['a longer closing fence', '```\n## no', '`````'],
    ['an indented fence', '   ```\n## no', '  ```  '],
    ['a fence with Windows line ends', '```\r\n## no\r', '```\r'],
    ['a fence in a list item', '- ```sh\n  ## no', '  ```'],
    ['a fence in a numbered item', '1. ```sh\n   ## no\n', '   ```'],
    ['a fence in an item of an item', '- 1) ~~~\n     ## no', '     ~~~'],
    ['a comment', '<!--\n## no', '-->'],
    ['a comment with text at both ends', '<!-- old\n## no', 'end --> text'],
  ])('does not look for sections in %s', (_, open, close) => {
    const text = `## Before\n${open}\n${close}\n## After\n`
    expect(headingsOf(text)).toEqual(['Before', 'After'])
  })

  it.each([
    ['a code span on one line', '```code``` text'],
    ['a comment on one line', '<!-- note -->'],
    ['fewer marks than a fence', '``'],
    ['a list', '- item'],
    ['a number', '2026 was a good year'],
  ])('goes on looking after %s', (_, line) => {
    expect(headingsOf(`${line}\n## After\n`)).toEqual(['After'])
  })

  it.each([
    ['a shorter fence', '````\n## no\n```\n## no\n````\n## yes\n'],
    ['the other mark', '```\n## no\n~~~\n## no\n```\n## yes\n'],
    ['a fence with text behind it', '```\n## no\n``` text\n## no\n```\n## yes\n'],
    ['an indented fence', '```\n## no\n    ```\n## no\n```\n## yes\n'],
  ])('is not led out of a code block by %s', (_, text) => {
    expect(headingsOf(text)).toEqual(['yes'])
  })

  it('ends the code block of a list item with the item', () => {
    expect(headingsOf('- ```\n  ## no\n## yes\n')).toEqual(['yes'])
  })

  it('reads a code block that nobody closed to the end of the file', () => {
    expect(outlineOf('## One\n```\n## no\n').sections).toEqual([
      {heading: 'One', text: '## One\n```\n## no\n', line: 1},
    ])
  })

  it('loses no character and makes up none, whatever the text', () => {
    const line = fc.constantFrom(
      '## A',
      '## B ##',
      '##',
      '# Title',
      '```',
      '```sh',
      '````',
      '~~~',
      '  ```',
      '- ```',
      '  x',
      '<!--',
      '-->',
      '<!-- a -->',
      '',
      ' ',
      'text',
      '\t## tab',
      '> ## quote',
      '\ufeff',
      '茶',
    )
    const note = fc
      .array(fc.tuple(fc.oneof(line, fc.string({unit: 'grapheme'})), fc.constantFrom('\n', '\r\n', '\r', '')))
      .map((lines) => lines.flat().join(''))
    fc.assert(
      fc.property(note, (text) => {
        const {sections} = outlineOf(text)
        const joined = sections.map((section) => section.text).join('')
        expect(text.endsWith(joined)).toBe(true)
        const before = text.slice(0, text.length - joined.length)
        expect(outlineOf(before).sections).toEqual([])
        for (const {text: section, line: number, heading} of sections) {
          expect(text.split('\n')[number - 1]).toMatch(/^ {0,3}##(?!#)/)
          expect(section.trimStart().startsWith('##')).toBe(true)
          expect(section.split('\n', 1)[0]).toContain(heading)
        }
      }),
      {numRuns: 2000},
    )
  })

  it('takes time in proportion to the text, also for a text made to be slow', () => {
    const slow = [
      `## ${' '.repeat(200_000)}#`,
      '- '.repeat(100_000),
      `## a${' #'.repeat(100_000)}`,
      '`'.repeat(200_000),
    ]
    for (const text of slow) expect(outlineOf(text).sections.length).toBeLessThanOrEqual(1)
  })
})
