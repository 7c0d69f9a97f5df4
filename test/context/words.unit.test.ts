import {describe, expect, it} from 'vitest'
import {createLexicon} from '../../src/lib/context/lexicon.ts'
import {stemOf} from '../../src/lib/context/stem.ts'
import {createAnalyzer} from '../../src/lib/context/words.ts'

describe('the stem of a word', () => {
  // Pairs of the algorithm's published vocabulary (snowballstem.org, english/voc.txt and output.txt).
  it.each([
    ['consignment', 'consign'],
    ['consistency', 'consist'],
    ['consolatory', 'consolatori'],
    ['conspiracy', 'conspiraci'],
    ['knightly', 'knight'],
    ['knitting', 'knit'],
    ['facilities', 'facil'],
    ['familiarities', 'familiar'],
    ['fertilizing', 'fertil'],
    ['falsify', 'falsifi'],
    ['flies', 'fli'],
    ['flying', 'fli'],
    ['fluently', 'fluentli'],
    ['formation', 'format'],
    ['fortunately', 'fortun'],
    ['fractious', 'fractious'],
    ['franchisement', 'franchis'],
    ['funny', 'funni'],
    ['generously', 'generous'],
    ['hopping', 'hop'],
    ['hoping', 'hope'],
    ['happiness', 'happi'],
    ['relational', 'relat'],
    ['dying', 'die'],
    ['skies', 'sky'],
    ['news', 'news'],
    ['evening', 'evening'],
    ['communities', 'communiti'],
    ['sensational', 'sensat'],
    ['troubled', 'troubl'],
    ['agreed', 'agre'],
    ['boy', 'boy'],
    ['by', 'by'],
  ])('%s is %s', (word, stem) => {
    expect(stemOf(word)).toBe(stem)
  })

  it('is the word itself for words of other scripts and with digits', () => {
    expect(['größe', '日', 'v2', 'ёлка'].map(stemOf)).toEqual(['größe', '日', 'v2', 'ёлка'])
  })
})

describe('the terms of a text', () => {
  const {terms, term} = createAnalyzer()

  it('are the same for all forms of a word', () => {
    const forms = [
      ['go', 'went', 'gone', 'goes', 'going'],
      ['child', 'children'],
      ['hike', 'hikes', 'hiked', 'hiking'],
      ['buy', 'bought', 'buying'],
    ]
    for (const [first, ...others] of forms) expect(others.map(term)).toEqual(others.map(() => term(first!)))
  })

  it('are without the words that say nothing', () => {
    expect(terms("Where did the cat go? I don't know, it isn't here.")).toEqual(['cat', 'go', 'know'])
  })

  it('keep each character of scripts without spaces', () => {
    expect(terms('茶は忘れない')).toEqual(['茶', 'は', '忘', 'れ', 'な', 'い'])
  })

  it('cut what is no word, such as a key', () => {
    expect(terms('a1'.repeat(500))[0]).toHaveLength(40)
  })
})

describe('the lexicon', () => {
  const {term} = createAnalyzer()
  const {related} = createLexicon(createAnalyzer())

  it('leads from a kind to its members, and not from a member to the others', () => {
    expect(related(term('pets'))).toContain(term('dogs'))
    expect(related(term('dogs'))).not.toContain(term('cats'))
  })

  it('leads nowhere from a word that it does not know', () => {
    expect(related('xyzzy')).toEqual([])
  })

  it('never relates a word to itself', () => {
    for (const head of ['pet', 'test', 'team', 'food']) expect(related(term(head))).not.toContain(term(head))
  })
})
