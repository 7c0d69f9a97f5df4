import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {describe, it} from 'vitest'
import {compatibilityPage} from '../../scripts/compatibility.ts'
import {type HookRow, hookTable, legacyHooks, streamTable, unusedHooks} from '../../src/lib/capture/hooks.ts'
import {catalogue} from '../../src/lib/event/catalogue.ts'

interface Surface {
  pluginHooks: string[]
  internalHooks: string[]
  needConversationAccess: string[]
  calledFromFullRegistration: string[]
  synchronous: string[]
  agentEventStreams: string[]
}

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const surface = (version: string) => JSON.parse(read(`test/fixtures/openclaw/hooks-${version}.json`)) as Surface
const today = surface('2026.9.6')
const pinned = surface('7b5e64e')

const sorted = (names: Iterable<string>) => [...new Set(names)].sort()
const namesOf = (rows: readonly HookRow[], kind: HookRow['kind']) =>
  rows.filter((row) => row.kind === kind).map(({hook}) => hook)

describe('the table of hooks', () => {
  it('has every hook of OpenClaw 2026.9.6, registered or left alone for a reason, and no other', () => {
    const unused = unusedHooks.map(({hook}) => hook)
    const isInternal = (hook: string) => hook.includes(':')
    assert.deepEqual(
      sorted([...namesOf(hookTable, 'plugin-hook'), ...unused.filter((hook) => !isInternal(hook))]),
      sorted(today.pluginHooks),
    )
    assert.deepEqual(
      sorted([...namesOf(hookTable, 'internal-hook'), ...unused.filter(isInternal)]),
      sorted(today.internalHooks),
    )
    const registered = new Set(hookTable.map(({hook}) => hook))
    assert.deepEqual(
      unused.filter((hook) => registered.has(hook)),
      [],
    )
    assert.equal(registered.size, hookTable.length)
  })

  it("understands every hook of the event-server plugin's host, and registers none that is gone", () => {
    const all = [...hookTable, ...legacyHooks]
    for (const kind of ['plugin-hook', 'internal-hook'] as const) {
      const wanted = kind === 'plugin-hook' ? pinned.pluginHooks : pinned.internalHooks
      assert.deepEqual(
        wanted.filter((hook) => !namesOf(all, kind).includes(hook)),
        [],
      )
    }
    const gone = [...pinned.pluginHooks, ...pinned.internalHooks].filter(
      (hook) => !today.pluginHooks.includes(hook) && !today.internalHooks.includes(hook),
    )
    assert.deepEqual(sorted(legacyHooks.map(({hook}) => hook)), sorted(gone))
  })

  it('says which hooks need a permission, are synchronous, and come from which registration', () => {
    const typed = hookTable.filter(({kind}) => kind === 'plugin-hook')
    const is = (names: string[], hook: string) => names.includes(hook)
    for (const {hook, needsConversationAccess, manner, registration} of typed) {
      assert.equal(needsConversationAccess, is(today.needConversationAccess, hook), hook)
      assert.equal(manner === 'sync', is(today.synchronous, hook), hook)
      if (is(today.calledFromFullRegistration, hook)) assert.equal(registration, 'full', hook)
    }
  })

  it('has every stream of agent events', () => {
    assert.deepEqual(sorted(streamTable.map(({stream}) => stream)), today.agentEventStreams)
  })

  it('makes only types that the catalogue has', () => {
    const types = [...hookTable, ...legacyHooks, ...streamTable].flatMap((row) => row.types)
    assert.deepEqual(
      types.filter((type) => !catalogue.has(type)),
      [],
    )
  })

  it('is what docs/compatibility.md says (else: node scripts/docs.ts)', () => {
    assert.equal(read('docs/compatibility.md'), compatibilityPage())
  })
})
