import path from 'node:path'
import {describe, expect, it} from 'vitest'
import {eventsIn, migrate, scenes} from './scene.ts'

const {memoryStore} = scenes()
const workspace = path.join(import.meta.dirname, '..', '..', 'examples', 'workspace')

describe('the sample workspace', () => {
  it('gives the events that README and demo count on', async () => {
    const store = memoryStore()
    expect(await migrate(store, workspace)).toEqual({
      files: 16,
      events: 57,
      appended: 57,
      duplicates: 0,
      superseded: 0,
      failed: [],
    })
    const {groups} = await store.count({}, 'type')
    expect(Object.fromEntries(groups.map(({key, count}) => [key, count]))).toEqual({
      'memory.daily_note': 8,
      'memory.entity': 7,
      'memory.long_term': 1,
      'memory.section': 41,
    })
    expect(await migrate(store, workspace)).toMatchObject({events: 57, appended: 0, duplicates: 57})
  })

  it('shows what a memory can hold: front matter, facts, code that looks like a heading, equal headings', async () => {
    const store = memoryStore()
    await migrate(store, workspace)
    const events = await eventsIn(store)
    const notes = events.filter(({type}) => type === 'memory.daily_note')
    expect(notes.every(({timestamp}) => /^2026-03-\d\dT00:00:00\.000Z$/.test(timestamp))).toBe(true)
    expect(notes.filter(({data}) => data['frontMatter'] !== undefined).length).toBe(2)
    expect(events.filter(({data}) => data['fact'] !== undefined).length).toBe(7)
    expect(events.some(({data}) => String(data['heading']).startsWith('this line is a comment'))).toBe(false)
    expect(events.filter(({metadata}) => metadata?.['ordinal'] === 1).map(({data}) => data['heading'])).toEqual([
      'Greenhouse',
    ])
  })
})
