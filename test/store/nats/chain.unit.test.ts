import {createHash} from 'node:crypto'
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {type ChainMark, digestOf, markText, parseMark} from '../../../src/lib/store/nats/chain.ts'
import {createChainWalk} from '../../../src/lib/store/nats/chain-walk.ts'
import {createWriterChain} from '../../../src/lib/store/nats/writer-chain.ts'

interface Message {
  mark: ChainMark
  body: string
}

/** What becomes of a message, and how many others the writer sends before it hears of that. */
const arbFate = fc.record({
  fate: fc.constantFrom('stored', 'stored', 'stored', 'stored', 'stored', 'stored', 'turned away', 'interrupted'),
  delay: fc.nat(5),
})
/** Writers take turns; a turn may be longer than a group of the chain. */
const arbTurns = fc.array(fc.record({writer: fc.nat(2), fates: fc.array(arbFate, {minLength: 1, maxLength: 60})}), {
  minLength: 1,
  maxLength: 12,
})
const settings = {seed: 20_261_121, numRuns: 400}

type Turns = ReadonlyArray<{writer: number; fates: ReadonlyArray<{fate: string; delay: number}>}>

/** The stream that comes of it, in order: acknowledgements come in order, too, some messages later. */
function streamOf(turns: Turns): Message[] {
  let names = 0
  const writers = [0, 1, 2].map(() => ({
    chain: createWriterChain(() => `writer-${names++}`),
    waiting: [] as Array<{fate: string; mark: ChainMark}>,
  }))
  const stream: Message[] = []
  let events = 0
  for (const {writer, fates} of turns) {
    const {chain, waiting} = writers[writer]!
    const hear = (left: number) => {
      while (waiting.length > left) {
        const {fate, mark} = waiting.shift()!
        if (fate === 'stored') chain.stored(mark)
        if (fate === 'interrupted') chain.restart()
      }
    }
    for (const {fate, delay} of fates) {
      const body = `{"event":${events++}}`
      const mark = chain.mark(Buffer.from(body), waiting.length === 0)
      waiting.push({fate, mark})
      if (fate !== 'turned away') stream.push({mark, body})
      hear(delay)
    }
    hear(0)
  }
  return stream
}

function faultsOf(stream: readonly Message[], {isWhole = true} = {}) {
  const walk = createChainWalk()
  if (!isWhole) walk.loosen()
  return stream.flatMap(({mark}, index) => walk.take(index + 1, mark) ?? [])
}

/** Everything up to here is vouched for by what the same writer sent later. */
function isVouchedFor(stream: readonly Message[], {mark}: Message): boolean {
  return stream.some(({mark: {writer, covered}}) => writer === mark.writer && covered >= mark.number)
}

describe('the chains of several writers', () => {
  it('hold, whatever the server turned away and wherever a connection was interrupted', () => {
    fc.assert(
      fc.property(arbTurns, (turns) => {
        expect(faultsOf(streamOf(turns))).toEqual([])
      }),
      settings,
    )
  })

  it('hold when the oldest messages are gone', () => {
    fc.assert(
      fc.property(arbTurns, fc.nat(400), (turns, gone) => {
        expect(faultsOf(streamOf(turns).slice(gone), {isWhole: false})).toEqual([])
      }),
      settings,
    )
  })

  it('break when a message is missing that a later one vouches for', () => {
    fc.assert(
      fc.property(arbTurns, fc.nat(), (turns, at) => {
        const stream = streamOf(turns)
        const index = at % Math.max(1, stream.length)
        const [gone] = stream.splice(index, 1)
        fc.pre(gone !== undefined && isVouchedFor(stream, gone))
        expect(faultsOf(stream).map(({kind}) => kind)).toContain('missing')
      }),
      settings,
    )
  })

  it('break when one was put in place of another, though its own digest is right', () => {
    fc.assert(
      fc.property(arbTurns, fc.nat(), (turns, at) => {
        const stream = streamOf(turns)
        const old = stream[at % Math.max(1, stream.length)]
        fc.pre(old !== undefined && isVouchedFor(stream, old))
        const body = 'what nobody said'
        Object.assign(old!, {body, mark: {...old!.mark, digest: digestOf(Buffer.from(body))}})
        expect(faultsOf(stream).length).toBeGreaterThan(0)
      }),
      settings,
    )
  })

  it('break when two messages of a writer changed places', () => {
    fc.assert(
      fc.property(arbTurns, fc.nat(), fc.nat(), (turns, one, other) => {
        const stream = streamOf(turns)
        const [a, b] = [one % Math.max(1, stream.length), other % Math.max(1, stream.length)].sort((x, y) => x - y)
        const [first, second] = [stream[a!], stream[b!]]
        fc.pre(first !== undefined && second !== undefined && first.mark.writer === second.mark.writer && a !== b)
        fc.pre(isVouchedFor(stream, second!))
        Object.assign(stream, {[a!]: second, [b!]: first})
        expect(faultsOf(stream).length).toBeGreaterThan(0)
      }),
      settings,
    )
  })

  it('go on over erased messages, of which the digest is left', () => {
    fc.assert(
      fc.property(arbTurns, fc.array(fc.nat(300), {maxLength: 50}), (turns, erased) => {
        const walk = createChainWalk()
        const faults = streamOf(turns).flatMap(({mark}, index) => {
          if (!erased.includes(index)) return walk.take(index + 1, mark) ?? []
          walk.takeErased(mark.writer, {seq: index + 1, number: mark.number, digest: mark.digest})
          return []
        })
        expect(faults).toEqual([])
      }),
      settings,
    )
  })

  it('go on after a gap that is explained', () => {
    fc.assert(
      fc.property(arbTurns, fc.nat(300), fc.nat(100), (turns, at, length) => {
        const walk = createChainWalk()
        const faults = streamOf(turns).flatMap(({mark}, index) => {
          if (index === at) walk.loosen()
          return index >= at && index < at + length ? [] : (walk.take(index + 1, mark) ?? [])
        })
        expect(faults).toEqual([])
      }),
      settings,
    )
  })
})

describe('a mark', () => {
  it('is read as it was written, and nothing else is one', () => {
    const chain = createWriterChain()
    const mark = chain.mark(Buffer.from('body'), true)
    expect(mark.digest).toBe(createHash('sha256').update('body').digest('base64url'))
    expect(parseMark(markText(mark))).toEqual(mark)
    const text = markText(mark)
    for (const other of [
      '',
      'a',
      `${text} `,
      ` ${text}`,
      text.slice(1).trimStart().slice(20),
      `${text}a`,
      markText({...mark, digest: 'x'}),
    ]) {
      expect(parseMark(other)).toBeUndefined()
    }
  })
})
