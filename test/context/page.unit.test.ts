import {describe, expect, it} from 'vitest'
import {previewPage} from '../../src/lib/context/page.ts'
import {previewContext} from '../../src/lib/context/preview.ts'
import {createPaint} from '../../src/lib/output/paint.ts'
import {day, hour, indexOf, noon, said, tools} from './events.ts'

const paint = createPaint(false)
const log = [
  said('The boiler is broken', {id: 'a', ago: 9 * day}),
  said('The boiler is broken', {id: 'b', ago: 8 * day}),
  said('Tea at five', {id: 'c', ago: hour, sessionId: 's2'}),
]

async function page(options: {why?: boolean; diff?: boolean; budget?: number; width?: number; events?: typeof log}) {
  const {why = false, budget = 500, diff = false, width, events = log} = options
  const index = await indexOf(events)
  const preview = previewContext(index, {agentId: 'main', atMs: noon, budget, prompt: 'boiler', diff}, tools)
  return previewPage(preview, {paint, width, why}).join('\n')
}

describe('the page for people', () => {
  it('shows the budget as a bar and the text as it is', async () => {
    const text = await page({})
    expect(text).toMatch(/^Context for main at 2026-11-20T12:00:00.000Z\n█+░+ \d+ of 500 tokens \(cl100k_base\)\n/)
    expect(text).toContain('\nRelevant:\n[b other 2026-11-12 8d] The boiler is broken\n')
  })

  it('shows with --why what was chosen and left out, with scores and reasons', async () => {
    const text = await page({why: true})
    expect(text).toMatch(/Chosen \(2\).*\n +\d+\.\d\d +\d+ {2}relevant {2}\[b /)
    expect(text).toMatch(/Left out \(1\).*\n +\d+\.\d\d {2}says the same as b: \[a other/)
  })

  it('shows with --diff what came and went', async () => {
    expect(await page({diff: true})).toMatch(/1 line stays\n\+ \[c other 11:00 1h\] Tea at five/)
  })

  it('says why there is nothing', async () => {
    expect(await page({budget: 20})).toContain('nothing fits into 20 tokens')
    expect(await page({events: []})).toContain('nothing would be injected')
  })

  it('is as wide as the terminal where it lists', async () => {
    const lines = (await page({why: true, width: 40})).split('\n')
    expect(lines.slice(lines.findIndex((line) => line.startsWith('Chosen'))).every((line) => line.length <= 44)).toBe(
      true,
    )
  })
})
