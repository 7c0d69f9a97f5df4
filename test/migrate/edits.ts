import fc from 'fast-check'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import {currentOf, type Scene} from './scene.ts'

/** What one file holds: sections of a note or facts of a list, and something before them. */
export interface Content {
  title: string
  parts: Array<{heading: string; text: string}>
}

/** Files written (or, undefined, removed) between two runs. */
export type Edit = Array<[path: string, content: Content | undefined]>

const paths = [
  'memory/2026-03-02.md',
  'memory/x/über uns.md',
  'MEMORY.md',
  'life/areas/p/summary.md',
  'life/areas/p/items.json',
]
// Few headings and texts, so that they meet, return and change places often.
const part = fc.record({heading: fc.constantFrom('', 'Notes', 'Tea'), text: fc.constantFrom('a', 'b', 'c')})
const content = fc.record({title: fc.constantFrom('One', 'Two'), parts: fc.array(part, {maxLength: 5})})

export const edit: fc.Arbitrary<Edit> = fc.array(
  fc.tuple(fc.constantFrom(...paths), fc.option(content, {nil: undefined, freq: 4})),
  {
    maxLength: 4,
  },
)

export function textOf(path: string, {title, parts}: Content): string {
  if (path.endsWith('.json'))
    return JSON.stringify({title, items: parts.map(({heading: id, text: fact}) => ({id, fact}))}, null, 1)
  return `# ${title}\n\n${parts.map((one) => sectionText(one)).join('')}`
}

function sectionText({heading, text}: {heading: string; text: string}): string {
  return `## ${heading}\n\n${text}\n`
}

/** A workspace and what must be true of it. */
export function editable(place: Scene) {
  const files = new Map<string, Content>()
  return {
    apply(change: Edit): void {
      for (const [path, after] of change) {
        if (after === undefined) {
          if (files.delete(path)) place.remove(path)
        } else {
          files.set(path, after)
          place.write(path, textOf(path, after))
        }
      }
    },
    /** Each file and part in one line, sorted. */
    lines(): string[] {
      return [...files]
        .flatMap(([path, now]) => [
          `${path}: ${textOf(path, now)}`,
          ...now.parts.map((one) => `${path} ${one.heading}: ${path.endsWith('.json') ? one.text : sectionText(one)}`),
        ])
        .sort()
    },
  }
}

/** What the log says of the workspace, in the same lines. */
export function linesIn(events: readonly ClawEvent[]): string[] {
  return currentOf(events)
    .map(({type, data}) => `${data['path']}${type === 'memory.section' ? ` ${data['heading']}` : ''}: ${data['text']}`)
    .sort()
}
