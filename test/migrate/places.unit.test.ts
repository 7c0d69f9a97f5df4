import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {type KnownPart, placesOf} from '../../src/lib/migrate/places.ts'

interface Part {
  heading: string
  sha256: string
}

function part(content: string, heading = 'Notes'): Part {
  return {heading, sha256: content}
}

function known(ordinal: number, content: string | undefined, heading = 'Notes'): KnownPart {
  return {heading, ordinal, eventId: `${heading}-${ordinal}-${content}`, sha256: content}
}

/** What a placement comes to, in words: `B@0 for A` is a new content B on place 0 that superseded A. */
function outcome(parts: Part[], before: KnownPart[]): string[] {
  const {placed, vanished} = placesOf(parts, before)
  const words = placed.map(({part: {sha256}, ordinal, knownAs, supersedes}) => {
    if (knownAs !== undefined) return `${sha256}@${ordinal}`
    return `new ${sha256}@${ordinal}${supersedes === undefined ? '' : ` for ${supersedes}`}`
  })
  return [...words, ...vanished.map(({sha256, ordinal}) => `gone ${sha256}@${ordinal}`)]
}

describe('places of sections', () => {
  it('are numbered among equal headings at first', () => {
    expect(outcome([part('A'), part('A'), part('B', 'Other')], [])).toEqual(['new A@0', 'new A@1', 'new B@0'])
  })

  it('stay where the content stays', () => {
    expect(outcome([part('A'), part('B')], [known(0, 'A'), known(1, 'B')])).toEqual(['A@0', 'B@1'])
  })

  it('pass from what was there to what is there now', () => {
    expect(outcome([part('A'), part('C')], [known(0, 'A'), known(1, 'B')])).toEqual(['A@0', 'new C@1 for Notes-1-B'])
  })

  it('of the others stay when the first of several equal headings is taken out', () => {
    expect(outcome([part('B'), part('C')], [known(0, 'A'), known(1, 'B'), known(2, 'C')])).toEqual([
      'B@1',
      'C@2',
      'gone A@0',
    ])
  })

  it('of the others stay when one of several equal headings comes in before them', () => {
    expect(outcome([part('X'), part('A'), part('B')], [known(0, 'A'), known(1, 'B')])).toEqual([
      'new X@2',
      'A@0',
      'B@1',
    ])
  })

  it('are used again by what returns, which supersedes the event that said it was gone', () => {
    expect(outcome([part('A')], [known(0, undefined)])).toEqual(['new A@0 for Notes-0-undefined'])
  })

  it('that are empty already do not vanish again', () => {
    expect(outcome([], [known(0, undefined), known(1, 'B', 'Other')])).toEqual(['gone B@1'])
  })

  it('of a new file are those of a file whose log tells of other headings only', () => {
    const other = [known(0, 'X', 'Other')]
    const parts = ['A', 'B', 'A', 'A', 'C'].map((content) => part(content))
    expect(outcome(parts, []).concat('gone X@0')).toEqual(outcome(parts, other))
  })

  const contents = fc.constantFrom('A', 'B', 'C', 'D')
  const before = fc
    .array(fc.option(contents, {nil: undefined}), {maxLength: 6})
    .map((list) => list.map((content, ordinal) => known(ordinal, content)))
  const after = fc.array(
    contents.map((content) => part(content)),
    {maxLength: 6},
  )

  it('lose and invent nothing, and change as few as can be', () => {
    fc.assert(
      fc.property(before, after, (log, file) => {
        const {placed, vanished} = placesOf(file, log)
        expect(placed.map((place) => place.part)).toEqual(file)
        expect(new Set(placed.map(({ordinal}) => ordinal)).size).toBe(file.length)
        const alive = log.filter(({sha256}) => sha256 !== undefined)
        const kept = placed.filter(({knownAs}) => knownAs !== undefined).length
        expect(kept).toBe(
          commonCount(
            alive.map(({sha256}) => sha256 ?? ''),
            file.map(({sha256}) => sha256),
          ),
        )
        expect(vanished.length).toBe(Math.max(0, alive.length - file.length))
      }),
      {numRuns: 2000},
    )
  })

  it('come out the same when a first part of the outcome is in the log already', () => {
    fc.assert(
      fc.property(before, after, fc.nat(12), (log, file, written) => {
        const half = applied(log, file, (index) => index < written)
        expect(historiesOf(applied(half, file, () => true))).toEqual(historiesOf(applied(log, file, () => true)))
      }),
      {numRuns: 5000},
    )
  })

  it('come out with the same content when just any part of the outcome is in the log already', () => {
    fc.assert(
      fc.property(before, after, fc.array(fc.boolean(), {minLength: 12, maxLength: 12}), (log, file, isWritten) => {
        const half = applied(log, file, (index) => isWritten[index] ?? false)
        expect(contentsOf(applied(half, file, () => true))).toEqual(contentsOf(applied(log, file, () => true)))
      }),
      {numRuns: 5000},
    )
  })
})

/** The log's state after those of the changes that `isWritten` names, in the order they are written. */
function applied(log: KnownPart[], file: Part[], isWritten: (index: number) => boolean): KnownPart[] {
  const {placed, vanished} = placesOf(file, log)
  const news = placed.filter(({knownAs}) => knownAs === undefined)
  const changes = [
    ...news.map(({part: {sha256}, ordinal, supersedes}) => ({ordinal, sha256, supersedes})),
    ...vanished.map(({ordinal, eventId}) => ({ordinal, sha256: undefined, supersedes: eventId})),
  ]
  const state = new Map(log.map((place) => [place.ordinal, place]))
  for (const {ordinal, sha256, supersedes} of changes.filter((_, index) => isWritten(index))) {
    // As in the real thing the id tells what is superseded, so that equal ids mean equal histories.
    state.set(ordinal, {heading: 'Notes', ordinal, sha256, eventId: `(${supersedes ?? ''}>${ordinal}${sha256})`})
  }
  return [...state.values()]
}

function historiesOf(log: KnownPart[]): string[] {
  return log.map(({ordinal, eventId}) => `${ordinal} ${eventId}`).sort()
}

function contentsOf(log: KnownPart[]): Array<string | undefined> {
  return log.map(({sha256}) => sha256).sort()
}

/** How many elements two lists have in common, counted with repetition. */
function commonCount(a: readonly string[], b: readonly string[]): number {
  const left = [...a]
  return b.filter((element) => {
    const at = left.indexOf(element)
    if (at !== -1) left.splice(at, 1)
    return at !== -1
  }).length
}
