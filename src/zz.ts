import {readFileSync} from 'node:fs'
import {compilePolicy} from './lib/guard/compile.ts'
import {judge} from './lib/guard/judge.ts'
import {GuardState} from './lib/guard/state.ts'
import {compileShell} from './lib/guard/shell/compile-shell.ts'
const rules: any[] = []
const actions: any = {}
for (const name of ['shell-guard', 'self-protection', 'network-egress', 'sudo-slack-approval-allow', 'web-browse-human-approval', 'cost-guardrails']) {
  const p = JSON.parse(readFileSync(`examples/policies/${name}.json`, 'utf8'))
  const hb = p.hookBridge ?? p
  Object.assign(actions, hb.actions)
  for (const r of hb.toolGuard.rules) rules.push({...r, id: name + '/' + r.id})
}
console.log(rules.length, 'rules')
const policy = compilePolicy({toolGuard: {enabled: true, rules}, actions} as any, {compileShell})
const mb = 2 ** 20
const inputs: Record<string, string> = {
  a: 'a'.repeat(mb), spaces: ' '.repeat(mb), words: 'ls '.repeat(mb / 3), semis: 'ls;'.repeat(mb / 3), pipes: 'a|'.repeat(mb / 2), subs: '$('.repeat(mb / 2), subsClosed: '$(a) '.repeat(mb / 5), ticks: '`a`'.repeat(mb / 3), quotes: '"a" '.repeat(mb / 4), heredoc: 'cat <<E\n' + 'x\n'.repeat(mb / 2) + 'E\n', vars: '$a '.repeat(mb / 3), braces: '{a,b}'.repeat(mb / 5), env: 'A=b '.repeat(mb / 4), bashc: 'bash -c "ls"; '.repeat(mb / 14), sudo: 'echo sudo rm -rf; '.repeat(mb / 18), backslash: '\\'.repeat(mb), newlines: '\n'.repeat(mb), rm: 'rm -rf /;'.repeat(mb / 9), xargs: 'xargs '.repeat(mb / 6), urls: 'http://a.b/ '.repeat(mb / 12), evals: 'eval '.repeat(mb / 5), nul: '\0'.repeat(mb), uni: 'é'.repeat(mb / 2), parens: '('.repeat(mb), assignVar: 'a=1;'.repeat(mb / 4) + '$a', func: 'f(){ f; };'.repeat(mb / 10), caseIn: 'case a in a) ls;; esac;'.repeat(mb / 23), forIn: 'for i in 1 2 3; do echo $i; done;'.repeat(mb / 33), b64: 'echo cm0gLXJm | base64 -d | sh;'.repeat(mb / 31), cmt: '#'.repeat(mb), glob: '*'.repeat(mb), brace2: '{'.repeat(mb), tilde: '~ '.repeat(mb / 2), redir: '>a '.repeat(mb / 3),
}
for (const tool of ['exec', 'web_fetch', 'write']) for (const [name, text] of Object.entries(inputs)) {
  const params = tool === 'exec' ? {command: text} : tool === 'web_fetch' ? {url: text} : {path: text, content: text}
  const times = []
  let v: any
  for (let i = 0; i < 5; i++) { const t = performance.now(); v = judge(policy, new GuardState(), {toolName: tool, agentId: 'a', sessionKey: 's', params}, {now: 0}); times.push(performance.now() - t) }
  times.sort((a, b) => a - b)
  if (times[2]! > 4) console.log(tool, name, times.map((t) => t.toFixed(1)).join(' '), v.verdict, v.ruleId ?? '', (v.assumed ?? v.reason ?? '').slice(0, 60))
}
