import {describe, expect, it} from 'vitest'
import {createSeenTexts} from '../../src/lib/context/duplicates.ts'
import {excerptOf, excerptText} from '../../src/lib/context/excerpt.ts'
import {createRefs} from '../../src/lib/context/ref.ts'
import {topNumbers} from '../../src/lib/context/top.ts'
import {contextOf, day, hour, idsIn, replied, said} from './events.ts'

/** Talk that has nothing to do with anything asked here. */
const chatter = ['the weather', 'a walk', 'the news', 'some soup', 'an old song'].flatMap((about, i) =>
  [0, 1, 2, 3].map((n) =>
    said(`We spoke of ${about} ${n}`, {id: `chat${i}${n}`, ago: (60 + i * 4 + n) * day, sessionId: `c${i}`}),
  ),
)

async function best(events: Parameters<typeof contextOf>[0], prompt: string): Promise<string[]> {
  return idsIn(await contextOf([...chatter, ...events], {prompt, budget: 4000}))
}

describe('what is found for a prompt', () => {
  it('is found in all forms of its words', async () => {
    expect((await best([said('She bought two bicycles', {id: 'a'})], 'who buys a bicycle'))[0]).toBe('a')
  })

  it('is found by what belongs to what is asked for', async () => {
    expect((await best([said('My puppy ate the carpet', {id: 'a'})], 'which pets are there'))[0]).toBe('a')
  })

  it('is the answer that follows a question with the words of the prompt', async () => {
    const events = [
      said('Where do you keep the passport?', {id: 'q', ago: 3 * day, sessionId: 'p'}),
      replied('In the blue drawer.', {id: 'a', ago: 3 * day - hour, sessionId: 'p'}),
    ]
    expect((await best(events, 'where is the passport')).slice(0, 2).toSorted()).toEqual(['a', 'q'])
  })

  it('is of the speaker whom the prompt names', async () => {
    const events = ['Anna', 'Bo'].map((senderName) =>
      said('I would love to visit Lisbon one day', {id: senderName, data: {senderName}, sessionId: senderName}),
    )
    const [anna, bo] = [said('hm, Lisbon', {id: 'x'}), events]
    expect((await best([...bo, anna], 'Where does Bo want to travel? Lisbon?'))[0]).toBe('Bo')
  })

  it('is not lost because somebody calls himself like a word of the prompt', async () => {
    const events = [
      said('The boiler valve leaks', {id: 'a', sessionId: 'v'}),
      ...[1, 2, 3].map((n) =>
        said(`Nice weather ${n}`, {id: `n${n}`, data: {senderName: 'Boiler'}, sessionId: `n${n}`}),
      ),
    ]
    expect((await best(events, 'Why does the boiler leak?'))[0]).toBe('a')
    expect((await best(events, 'boiler?'))[0]).toBe('a')
  })

  it('is of the time that the prompt names', async () => {
    const events = [
      said('The dinner was burnt', {id: 'may', timestamp: '2026-05-10T10:00:00.000Z', sessionId: 'm'}),
      said('The dinner was burnt again', {id: 'july', timestamp: '2026-07-10T10:00:00.000Z', sessionId: 'j'}),
    ]
    expect((await best(events, 'how was the dinner last May?'))[0]).toBe('may')
    expect((await best(events, 'how was the dinner in July?'))[0]).toBe('july')
  })

  it('is found over a name that the best hit brings', async () => {
    const events = [
      said('My dentist is called Quentin', {id: 'who', sessionId: 'd1', ago: 40 * day}),
      said('I saw Quentin at the harbour, he sails now', {id: 'hop', sessionId: 'd2', ago: 20 * day}),
    ]
    expect(await best(events, 'what does the dentist do in his free time')).toContain('hop')
  })

  it('leaves out what has hardly anything to do with it, and says so', async () => {
    const events = [
      said('The heat pump needs a new filter, filter size 4', {id: 'a', sessionId: 'f'}),
      ...Array.from({length: 30}, (_, i) =>
        said(`Size does not matter, number ${i}`, {id: `w${i}`, sessionId: `w${i}`}),
      ),
    ]
    const context = await contextOf(events, {prompt: 'which filter size does the heat pump need', budget: 120})
    expect(idsIn(context)[0]).toBe('a')
    expect(context.dropped.map(({reason}) => reason)).toContain('no room')
  })
})

describe('its parts', () => {
  it('the highest scores come with all that tie with the last of them', () => {
    expect(topNumbers({of: Float64Array.of(1, 5, 0, 3, 3, 4), numbers: [0, 1, 3, 4, 5]}, 3)).toEqual([1, 5, 3, 4])
    expect(topNumbers({of: Float64Array.of(0, 2, 1), numbers: [1, 2]}, 9)).toEqual([1, 2])
    expect(topNumbers({of: new Float64Array(5), numbers: []}, 3)).toEqual([])
  })

  it('texts are the same when four fifths of their terms are', () => {
    const seen = createSeenTexts()
    seen.add('first', ['a', 'b', 'c', 'd', 'e'])
    expect(seen.find(['e', 'd', 'c', 'b', 'a'])).toBe('first')
    expect(seen.find(['a', 'b', 'c', 'd', 'e', 'f'])).toBe('first')
    expect(seen.find(['a', 'b', 'c', 'x', 'y'])).toBeUndefined()
    expect(seen.find([])).toBeUndefined()
  })

  it('an excerpt is whole sentences around what counts', () => {
    const text = `${'Nothing here. '.repeat(40)}Gold is here. ${'Nothing there. '.repeat(40)}`
    const excerpt = excerptOf(text, (sentence) => (sentence.includes('Gold') ? 1 : 0))
    expect(excerptText(text, excerpt)).toMatch(/^….*Gold is here\..*…$/)
    expect(excerpt.to - excerpt.from).toBeLessThanOrEqual(360)
    expect(
      excerptText(
        'short.',
        excerptOf('short.', () => 0),
      ),
    ).toBe('short.')
  })

  it('a short name of an event is the end of its id, longer where another event has the same end', () => {
    const refs = createRefs()
    const [one, two] = ['01a1fbb7-4edf-75fb-a91b-0983ec21d282', '01a1fbb7-4edf-75fb-a91b-1183ec21d282']
    expect(refs.of(one)).toBe('21d282')
    refs.keep(one)
    expect(refs.of(two)).not.toBe('21d282')
    expect(refs.of('D1:3')).toBe('D1:3')
    expect(refs.of('x] owner [y')).toMatch(/^[0-9a-f]{6}$/)
  })
})
