import {closeSync, openSync, readFileSync, writeFileSync, writeSync} from 'node:fs'
import {join} from 'node:path'
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {everything} from '../../../src/lib/filter/filter.ts'
import type {LostEvents} from '../../../src/lib/store/port.ts'
import {openSqliteAdmin} from '../../../src/lib/store/sqlite/admin.ts'
import {positionOf} from '../../../src/lib/store/sqlite/position.ts'
import {eventsUpTo} from '../../contracts/event-store/events.ts'
import {logWith, openStore, tamper, tempFolder} from './temp-log.ts'

const size = 400
const pageBytes = 4096

function someLog(): Promise<string> {
  return logWith(
    eventsUpTo(size, (index) => ({runId: `run-${index % 3}`, data: {toolName: 'exec', text: 'x'.repeat(index * 3)}})),
  )
}

/** What is read past the damage, and what is told of it. */
async function salvaged(path: string, filter = everything): Promise<{ids: string[]; lost: LostEvents[]}> {
  const store = await openStore(path)
  const lost: LostEvents[] = []
  const ids: string[] = []
  for await (const {eventId} of store.read(filter, {onLost: (one) => lost.push(one)})) ids.push(eventId)
  return {ids, lost}
}

function overwritePage(path: string, page: number, bytes: Buffer): void {
  const file = openSync(path, 'r+')
  writeSync(file, bytes, 0, bytes.length, page * pageBytes)
  closeSync(file)
}

const idOf = (seq: number) => eventsUpTo(size)[seq - 1]!.eventId

describe('reading past damage', () => {
  it('gives all of a log that is whole, and tells of no loss', async () => {
    const {ids, lost} = await salvaged(await someLog())
    expect(ids).toHaveLength(size)
    expect(lost).toEqual([])
  })

  it('passes over an event that is no JSON any more, by its position', async () => {
    const path = await someLog()
    tamper(path, `UPDATE events SET body = '{"half' WHERE seq IN (7, 8, 300)`)
    const {ids, lost} = await salvaged(path)
    expect(ids).toEqual(
      eventsUpTo(size)
        .map(({eventId}) => eventId)
        .filter((_, index) => ![6, 7, 299].includes(index)),
    )
    expect(lost.map(({first, last, events}) => [first, last, events])).toEqual([
      [positionOf(7), positionOf(7), 1],
      [positionOf(8), positionOf(8), 1],
      [positionOf(300), positionOf(300), 1],
    ])
    expect(lost[0]?.reason).toContain('no JSON')
  })

  it('fails without being told to go on, and says what to do', async () => {
    const path = await someLog()
    tamper(path, `UPDATE events SET body = '{' WHERE seq = 9`)
    const store = await openStore(path)
    await expect(Array.fromAsync(store.read(everything))).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
      suggestions: expect.arrayContaining([expect.stringContaining('claw-events export')]),
    })
  })

  it('does not call lost what was pruned or erased', async () => {
    const path = await someLog()
    const admin = await openSqliteAdmin(path)
    await admin.prune({maxBytes: 300_000})
    await admin.erase({filter: {runs: ['run-1']}})
    tamper(path, `UPDATE events SET body = '{' WHERE seq = ${size}`)
    const {ids, lost} = await salvaged(path)
    expect(lost.map(({first, last}) => [first, last])).toEqual([[positionOf(size), positionOf(size)]])
    expect(ids.at(-1)).not.toBe(idOf(size))
    expect(ids.length).toBeGreaterThan(50)
  })

  it('whatever page is destroyed, gives each event once and in order, and accounts for all others', async () => {
    const whole = readFileSync(await someLog())
    const pages = whole.length / pageBytes
    await fc.assert(
      fc.asyncProperty(fc.integer({min: 1, max: pages - 1}), fc.constantFrom('zero', 'noise'), async (page, how) => {
        const path = join(tempFolder(), 'events.db')
        writeFileSync(path, whole)
        overwritePage(path, page, Buffer.alloc(pageBytes, how === 'zero' ? 0 : 'noise '))
        let result: Awaited<ReturnType<typeof salvaged>>
        try {
          result = await salvaged(path)
        } catch (error) {
          // Where SQLite cannot even open the file there is nothing to be read.
          expect(error).toMatchObject({code: 'STORE_CORRUPT'})
          return
        }
        const {ids, lost} = result
        const wanted = eventsUpTo(size).map(({eventId}) => eventId)
        const gone = new Set<string>()
        for (const {first, last} of lost)
          for (let seq = Number(first); seq <= Number(last); seq++) gone.add(wanted[seq - 1]!)
        expect(ids).toEqual(wanted.filter((id) => !gone.has(id)))
      }),
      {numRuns: 40, seed: 7},
    )
  })

  it('still filters', async () => {
    const path = await someLog()
    tamper(path, `UPDATE events SET body = '{' WHERE seq = 1`)
    const {ids} = await salvaged(path, {runs: ['run-2']})
    expect(ids).toEqual(
      eventsUpTo(size, (n) => ({runId: `run-${n % 3}`}))
        .filter(({runId}) => runId === 'run-2')
        .map(({eventId}) => eventId),
    )
  })
})
