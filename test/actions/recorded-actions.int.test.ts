import {mkdirSync, symlinkSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {afterEach, beforeEach, describe, it} from 'vitest'
import {createActionRunner, guardActions} from '../../src/lib/actions/runner.ts'
import {compilePolicy} from '../../src/lib/guard/compile.ts'
import {evaluate} from '../../src/lib/guard/evaluate.ts'
import type {ActionConfig} from '../../src/lib/guard/schema.ts'
import {GuardState} from '../../src/lib/guard/state.ts'
import {assertVerdict} from '../guard/assert-verdict.ts'
import {choices} from '../guard/decisions.ts'
import {callsOf, type Expected, expectedOf, type RecordedCase, recordedCases} from '../guard/recorded.ts'
import {type LocalServer, startServer} from '../net/local-server.ts'
import {makeScriptFolder, type ScriptFolder} from './script-folder.ts'

/** Where we say the same in other words. */
const ownWords: Readonly<Record<string, RegExp>> = {
  'script.payload.limit': /Script payload exceeds maxPayloadBytes \(\d+ > 1024\)$/,
  'webhook.refused': /connection refused$/,
}

let folder: ScriptFolder
let server: LocalServer
let answers: RecordedCase['webhooks']
beforeEach(async () => {
  folder = makeScriptFolder()
  server = await startServer((request, response) => {
    const answer = answers?.[request.url ?? '']
    if (answer) setTimeout(() => response.writeHead(answer.status).end(answer.body), answer.delayMs ?? 0)
  })
})
afterEach(async () => {
  folder.remove()
  await server.close()
})

describe('recorded guard cases, with real scripts and a real server', () => {
  for (const recorded of recordedCases('guard-actions')) {
    it(`${recorded.id}: ${recorded.description}`, async () => {
      const choice = recorded.disputed ? choices[recorded.id] : undefined
      const wanted = Array.isArray(choice?.want) ? choice.want : recorded.peerDecisions.map(expectedOf)
      writeScripts(recorded)
      answers = recorded.webhooks
      const {allowedActionDirs = [], actions = {}} = inPlace(recorded)
      const run = createActionRunner({
        allowedActionDirs,
        localScriptDefaults: {timeoutMs: 10_000, maxPayloadBytes: 65_536},
        stateDir: folder.dir,
        environment: {PATH: process.env['PATH']},
      })
      const policy = compilePolicy({toolGuard: recorded.toolGuardConfig, actions})
      const state = new GuardState()
      for (const [index, {call, at}] of callsOf(recorded).entries()) {
        const verdict = await evaluate(policy, call, {state, clock: () => at, runAction: guardActions(run, actions)})
        assertVerdict(verdict, expectedHere(recorded.id, wanted[index]!))
      }
    })
  }
})

function expectedHere(id: string, expected: Expected): Expected {
  const reason =
    typeof expected.reason === 'string' ? expected.reason.replace(/\$\{SCRIPTS\}/g, folder.dir) : expected.reason
  return {...expected, reason: ownWords[id] ?? reason}
}

function inPlace({allowedActionDirs, actions}: RecordedCase): {
  allowedActionDirs?: string[]
  actions?: Record<string, ActionConfig>
} {
  const text = JSON.stringify({allowedActionDirs, actions})
  return JSON.parse(text.replace(/\$\{SCRIPTS\}/g, folder.dir).replace(/\$\{WEBHOOK\}/g, server.url))
}

function writeScripts({scripts = {}}: RecordedCase): void {
  for (const [name, {mode, body, symlink}] of Object.entries(scripts)) {
    const file = path.join(folder.dir, name)
    mkdirSync(path.dirname(file), {recursive: true})
    if (symlink === undefined) writeFileSync(file, body ?? '', {mode})
    else symlinkSync(symlink, file)
  }
}
