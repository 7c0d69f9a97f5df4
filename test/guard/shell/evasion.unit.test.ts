import {readFileSync} from 'node:fs'
import path from 'node:path'
import {describe, expect, it} from 'vitest'
import {createShellCompiler} from '../../../src/lib/guard/shell/compile-shell.ts'

const compile = createShellCompiler()
const rules = {
  'rm-rf': compile({program: 'rm', args: ['-r', '-f']}),
  sudo: compile({program: ['sudo', 'doas', 'su', 'pkexec']}),
  'curl-sh': compile({
    program: ['curl', 'wget'],
    pipedInto: ['sh', 'bash', 'zsh', 'dash', 'ksh', 'fish', 'python3', 'perl', 'ruby', 'node', 'php'],
  }),
}

/** `evasive.ndjson`: lines that run what the rule names. `harmless.ndjson`: lines that only hold the same words. */
const evasive = readLines<{rule: keyof typeof rules; line: string}>('evasive.ndjson')
const harmless = readLines<{line: string}>('harmless.ndjson')

describe('shell evasion', () => {
  it.each(['rm-rf', 'sudo', 'curl-sh'] as const)('catches %s in every written form', (rule) => {
    const lines = evasive.filter((entry) => entry.rule === rule)
    const missed = lines.filter(({line}) => !isCaught(rule, line))
    expect(missed).toEqual([])
  })

  it('tells most of them for what they are, and does not just give them up', () => {
    const named = evasive.filter(({rule, line}) => rules[rule](line).matched)
    expect(named.length / evasive.length).toBeGreaterThan(0.9)
  })

  it('catches at most one in a hundred lines that only hold the same words', () => {
    const caught = harmless.filter(({line}) =>
      Object.keys(rules).some((rule) => isCaught(rule as keyof typeof rules, line)),
    )
    expect(caught.length, JSON.stringify(caught)).toBeLessThanOrEqual(harmless.length / 100)
  })

  it('has enough lines of both kinds', () => {
    expect(evasive.length).toBeGreaterThanOrEqual(300)
    expect(harmless.length).toBeGreaterThanOrEqual(300)
  })
})

function isCaught(rule: keyof typeof rules, line: string): boolean {
  const {matched, understood} = rules[rule](line)
  return matched || !understood
}

function readLines<Entry>(name: string): Entry[] {
  const file = path.join(import.meta.dirname, '../../fixtures/shell', name)
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}
