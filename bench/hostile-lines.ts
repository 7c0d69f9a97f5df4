import {readdirSync} from 'node:fs'
import path from 'node:path'
import {compilePolicy} from '../src/lib/guard/compile.ts'
import {judge} from '../src/lib/guard/judge.ts'
import type {GuardRule} from '../src/lib/guard/schema.ts'
import {createShellCompiler} from '../src/lib/guard/shell/compile-shell.ts'
import {GuardState} from '../src/lib/guard/state.ts'
import {loadPolicy} from '../src/lib/wiring/load-policy.ts'
import {type BenchRow, median} from './harness.ts'

/** Pieces of command lines: repeated, each makes another part of the shell's reading work. */
const pieces = [
  'ls;',
  'A=b ',
  '$(a) ',
  '`a` ',
  'a|b|c;',
  'a||b;',
  'a&',
  '(a);',
  'a<b ',
  '>(a) ',
  '{a,b}',
  'a{1..9} ',
  '[a-z]* ',
  '"$x" ',
  '$(($x+1)) ',
  'x=$x$x;',
  'a=1;$a;',
  'f(){ f;};f;',
  'if a;then b;fi;',
  'for i in a b;do c;done;',
  'find -exec a \\; ',
  'echo a>b;',
  'echo a|sh;',
  'perl -e a;',
  'alias a=b;',
  'sudo ',
  'eval ',
  'cat <<a\nb\na\n',
  'xxxxxxxx',
]
const kilobytes = [4, 12, 24, 40, 47, 1000]

/** The longest that a line made to be slow takes, with the rules of all our policies and an engine that is warm. */
export async function slowestMadeLine(): Promise<BenchRow> {
  const compileShell = createShellCompiler()
  const policy = compilePolicy({toolGuard: {enabled: true, rules: await exampleRules()}}, {compileShell})
  const state = new GuardState()
  let count = 0
  const decide = (rest: string) => {
    // No line twice: what was read last is remembered.
    const command = `cd /srv/${count++};${rest}`
    const started = performance.now()
    judge(policy, state, {toolName: 'exec', params: {command}}, {now: 1})
    return performance.now() - started
  }
  for (let index = 0; index < 3000; index++) decide(`npm run build --if-present | tee log${index} && git status`)
  const times: number[] = []
  for (const piece of pieces)
    for (const size of kilobytes) {
      const line = piece.repeat((size * 1024) / piece.length)
      times.push(await median(7, () => decide(line)))
    }
  return {
    claim: `guard, slowest of ${times.length} command lines up to 1 MB made to be slow`,
    ours: Math.max(...times),
    peer: 10,
    peerName: 'limit',
    unit: 'ms',
    aim: {atMost: 1},
  }
}

/** Those that need no action: a script is not what is measured. */
async function exampleRules(): Promise<GuardRule[]> {
  const folder = path.join(import.meta.dirname, '..', 'examples', 'policies')
  const names = readdirSync(folder).filter((name) => /^[\w-]+\.json$/.test(name))
  const rules: GuardRule[] = []
  for (const name of names) {
    const {policy} = await loadPolicy({config: path.join(folder, name), env: {}})
    for (const rule of policy.toolGuard.rules)
      if (rule.action === undefined) rules.push({...rule, id: `${name} ${rule.id}`})
  }
  return rules
}
