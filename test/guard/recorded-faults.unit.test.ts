import assert from 'node:assert/strict'
import {describe, it} from 'vitest'
import {checkRules} from '../../src/lib/config/checks-guard.ts'
import type {Fault} from '../../src/lib/config/faults.ts'
import {mergeLayers} from '../../src/lib/config/layers.ts'
import {parseConfig} from '../../src/lib/config/parse.ts'
import {choices} from './decisions.ts'
import {type RecordedCase, recordedCases} from './recorded.ts'

function faultsOf({toolGuardConfig, actions = {}}: RecordedCase): Fault[] {
  const values = {hookBridge: {toolGuard: toolGuardConfig, actions: withAddress(actions)}}
  const merged = mergeLayers([{values, originOf: () => ({kind: 'file', name: 'policy.json'})}])
  return [...parseConfig(merged).faults, ...checkRules(merged)]
}

/** The recorder put the address of its server in place of a name that is no URL. */
function withAddress(actions: object): object {
  return JSON.parse(JSON.stringify(actions).replaceAll(/\$\{WEBHOOK\}/g, 'http://127.0.0.1:1'))
}

describe('recorded guard policies', () => {
  for (const recorded of [...recordedCases('guard-static'), ...recordedCases('guard-actions')]) {
    const choice = choices[recorded.id]
    const isFault = choice?.want === 'fault' || recorded.peerValidation.valid !== true
    it(`${recorded.id}: ${isFault ? `is refused${choice ? `: ${choice.why}` : ''}` : 'is accepted'}`, () => {
      const faults = faultsOf(recorded)
      assert.equal(faults.length > 0, isFault, JSON.stringify(faults))
      for (const fault of faults)
        assert.ok(fault.path.startsWith('hookBridge.toolGuard.rules') && fault.expected !== '')
    })
  }
})
