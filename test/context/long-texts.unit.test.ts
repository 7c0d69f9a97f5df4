import {describe, expect, it} from 'vitest'
import {askedIn, withoutHostText} from '../../src/lib/context/clean.ts'
import {withoutMasked} from '../../src/lib/context/masks.ts'
import {readQuery} from '../../src/lib/context/query.ts'
import {read, said, tools} from './events.ts'

/** What a pattern may be caught by: one piece, over and over. */
const pieces = [
  '\n',
  ' ',
  '<',
  '< ',
  '<claw-events-context',
  '</claw-events-context',
  '<claw-events-context>',
  '\nRuntime: agent=',
  '<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>',
  '\n[Subagent Task]\n',
  '\nCurrent time: (',
  '<redacted',
  '[REDACTED',
  '....a',
  '!? ',
  'Aa ',
]
const heads = ['', '<', '[cron:a b] ', '[Subagent Context]', '[Fri 2026-11-20 21:08 UTC']

describe('long texts of somebody who means harm', () => {
  it.each(pieces)('made of %j hold nobody up', (piece) => {
    for (const head of heads) {
      const text = `${head}${piece.repeat(100_000 / piece.length)}x`
      const start = performance.now()
      withoutHostText(text)
      askedIn(text)
      withoutMasked(text.slice(0, 20_000))
      read(said(text, {id: 'a'}))
      readQuery(text, {...tools, speakers: [], atMs: 0})
      // They take some milliseconds each; what is not in proportion takes seconds.
      expect(performance.now() - start).toBeLessThan(2000)
    }
  })
})
