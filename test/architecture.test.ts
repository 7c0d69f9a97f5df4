import {readdirSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {describe, expect, it} from 'vitest'

/** Floors of the house, top to bottom (ARCHITECTURE.md). Rooms of one floor do not know each other. */
const floors: string[][] = [
  ['index', 'commands'],
  ['cli', 'plugin'],
  ['lib/wiring'],
  ['lib/migrate', 'lib/replay', 'lib/import', 'lib/export', 'lib/context', 'lib/doctor', 'lib/capture', 'lib/secure'],
  ['lib/delivery'],
  ['lib/store', 'lib/actions', 'lib/openclaw', 'lib/output'],
  ['lib/net'],
  ['lib/config'],
  ['lib/guard', 'lib/agent-events'],
  ['lib/filter', 'lib/redact'],
  ['lib/match', 'lib/event', 'lib/input'],
  ['lib/errors'],
]

const source = path.join(import.meta.dirname, '..', 'src')
const files = readdirSync(source, {recursive: true, encoding: 'utf8'}).filter((name) => name.endsWith('.ts'))
const imports = new Map(files.map((file) => [file, importsOf(file)]))

describe('architecture', () => {
  it('gives every file a room', () => {
    expect(files.filter((file) => floorOf(file) === -1)).toEqual([])
  })

  it('imports only from lower floors or the own room', () => {
    const upward = edges().filter(([from, to]) => floorOf(to) <= floorOf(from) && roomOf(from) !== roomOf(to))
    expect(upward.map((edge) => edge.join(' -> '))).toEqual([])
  })

  it('has no circles, not even by types', () => {
    expect(circles()).toEqual([])
  })

  it('names store adapters in wiring only', () => {
    const adapter = /^lib\/store\/(sqlite|nats|memory)\//
    const offenders = edges().filter(
      ([from, to]) =>
        adapter.exec(to) && !from.startsWith('lib/wiring/') && adapter.exec(from)?.[1] !== adapter.exec(to)?.[1],
    )
    // The public face offers the in-memory store to other people's tests.
    expect(offenders.map((edge) => edge.join(' -> ')).filter((edge) => !edge.startsWith('index.ts'))).toEqual([])
  })

  it('keeps each driver in its adapter', () => {
    const allowed: Array<[RegExp, RegExp]> = [
      [/from '@nats-io\/|import\('@nats-io\//, /^lib\/store\/nats\//],
      [/['"]node:sqlite['"]/, /^lib\/(store\/sqlite|openclaw)\//],
      [/['"]@oclif\/core['"]/, /^(cli|commands)\//],
      [/\b(INSERT INTO|SELECT .+ FROM|CREATE TABLE)\b/, /^lib\/(store\/sqlite|openclaw)\//],
    ]
    for (const [what, where] of allowed) {
      const offenders = files.filter((file) => what.test(textOf(file)) && !where.test(file))
      expect(offenders, String(what)).toEqual([])
    }
  })
})

function roomOf(file: string): string {
  const parts = file.replace(/\.ts$/, '').split(path.sep)
  return parts[0] === 'lib' ? parts.slice(0, 2).join('/') : parts[0]!
}

function floorOf(file: string): number {
  return floors.findIndex((rooms) => rooms.includes(roomOf(file)))
}

function textOf(file: string): string {
  return readFileSync(path.join(source, file), 'utf8')
}

function importsOf(file: string): string[] {
  const found = textOf(file).matchAll(/(?:from\s+|import\(|import\s+)'(\.[^']+)'/g)
  return [...found]
    .map(([, target]) => path.join(path.dirname(file), target!))
    .filter((target) => target.endsWith('.ts'))
}

function edges(): Array<[string, string]> {
  return [...imports].flatMap(([from, targets]) => targets.map((to): [string, string] => [from, to]))
}

function circles(): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const visit = (file: string, trail: string[]) => {
    if (trail.includes(file)) found.push([...trail.slice(trail.indexOf(file)), file].join(' -> '))
    if (done.has(file) || trail.includes(file)) return
    for (const next of imports.get(file) ?? []) visit(next, [...trail, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
  return found
}
