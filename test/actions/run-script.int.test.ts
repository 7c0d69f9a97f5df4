import {existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync} from 'node:fs'
import path from 'node:path'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import type {ActionConfig} from '../../src/lib/guard/schema.ts'
import {isRunning, makeScriptFolder, type ScriptFolder} from './script-folder.ts'

const payload = {ruleId: 'r1', event: {type: 'tool.called', data: {toolName: 'exec', params: {command: 'ls'}}}}

let folder: ScriptFolder
beforeEach(() => {
  folder = makeScriptFolder()
})
afterEach(() => folder.remove())

describe('a script', () => {
  it('reads the rule and the event on its input, and what it prints is the output', async () => {
    const action = script('cat')
    const outcome = await folder.runner()(action, payload)
    expect(outcome).toMatchObject({ok: true})
    expect(JSON.parse(outcome.ok ? outcome.output : '')).toEqual(payload)
  })

  it('gets its arguments as they are, without a shell, and runs in its own folder', async () => {
    const action = {...script('printf "%s|" "$@"; pwd'), args: ['two words', '$(id)', '; ls']}
    const outcome = await folder.runner()(action, payload)
    expect(outcome).toEqual({ok: true, output: `two words|$(id)|; ls|${path.join(folder.dir, 'allowed')}\n`})
  })

  it('need not read its input, however long', async () => {
    const action = {...script('echo \'{"block":true}\''), maxPayloadBytes: 2_000_000}
    const big = {ruleId: 'r1', event: {text: 'x'.repeat(1_000_000)}}
    expect(await folder.runner()(action, big)).toEqual({ok: true, output: '{"block":true}\n'})
  })

  it('is not started for a payload beyond its limit, or one that is no JSON', async () => {
    const action = {...script(`touch ${folder.dir}/started`), maxPayloadBytes: 1024}
    const big = {ruleId: 'r1', event: {text: 'x'.repeat(2000)}}
    expect(await folder.runner()(action, big)).toMatchObject({
      ok: false,
      kind: 'payload',
      message: 'Script payload exceeds maxPayloadBytes (2035 > 1024)',
    })
    const cyclic: Record<string, unknown> = {}
    cyclic['self'] = cyclic
    for (const event of [cyclic, {n: 1n}])
      expect(await folder.runner()(action, {ruleId: 'r1', event})).toMatchObject({ok: false, kind: 'payload'})
    expect(existsSync(`${folder.dir}/started`)).toBe(false)
  })

  it('fails by its exit code or signal; what it wrote as errors is for the operator only', async () => {
    const exits = await folder.runner()(script('echo \'{"block":false}\'; echo token=abc >&2; exit 3'), payload)
    expect(exits).toEqual({
      ok: false,
      kind: 'exit',
      message: 'Script exited with code 3 (stderr: 10 bytes)',
      diagnostics: 'token=abc\n',
    })
    const killed = await folder.runner()(script('kill -9 $$'), payload)
    expect(killed).toEqual({ok: false, kind: 'exit', message: 'Script exited with code null (stderr: )'})
  })

  it('fails when it cannot be executed or is not there', async () => {
    const plain = folder.script('allowed/plain.sh', 'echo', 0o644)
    expect(await folder.runner()(at(plain), payload)).toMatchObject({
      ok: false,
      kind: 'not-startable',
      message: `spawn ${plain} EACCES`,
    })
    expect(await folder.runner()(at(`${folder.dir}/allowed/none.sh`), payload)).toMatchObject({
      ok: false,
      kind: 'not-startable',
      message: expect.stringContaining('ENOENT'),
    })
  })

  it('sees only the variables it is allowed to, and never one that decides for a human', async () => {
    const environment = {
      PATH: process.env['PATH'],
      HOME: '/h',
      CANARY_TOKEN: 'leak',
      OPENCLAW_APPROVAL_CHANNEL: 'slack',
      OPENCLAW_APPROVAL_TEST_DECISION: 'approve',
      LD_PRELOAD: '',
      NODE_OPTIONS: '--x',
    }
    const run = folder.runner({environment})
    const names = await namesSeen(run, script('env'))
    expect(names.filter((name) => !/^(?:_|PWD|SHLVL|OLDPWD|CLAW_EVENTS_ACTION)$/.test(name)).sort()).toEqual([
      'HOME',
      'OPENCLAW_APPROVAL_CHANNEL',
      'PATH',
    ])
    const own = await namesSeen(run, {...script('env'), env: ['PATH', 'CANARY_*', 'OPENCLAW_APPROVAL_TEST_DECISION']})
    expect(own).toContain('CANARY_TOKEN')
    expect(own).not.toContain('HOME')
    expect(own).not.toContain('OPENCLAW_APPROVAL_TEST_DECISION')
  })
})

describe('where a script may lie', () => {
  it('is nowhere unless a directory is allowed', async () => {
    const action = script('echo')
    expect(await folder.runner({allowedActionDirs: []})(action, payload)).toMatchObject({
      ok: false,
      kind: 'not-allowed',
    })
    expect(await folder.runner({allowedActionDirs: ['/does/not/exist']})(action, payload)).toMatchObject({
      ok: false,
      kind: 'not-allowed',
    })
  })

  it('is told by the real path: no link and no dots lead out, but a link may lead in', async () => {
    const outside = folder.script('outside.sh', `touch ${folder.dir}/ran`)
    const inside = folder.script('allowed/inside.sh', 'echo in')
    folder.script('allowed-too/x.sh', `touch ${folder.dir}/ran`)
    symlinkSync(outside, `${folder.dir}/allowed/link.sh`)
    symlinkSync(folder.dir, `${folder.dir}/allowed/up`)
    symlinkSync(inside, `${folder.dir}/link-in.sh`)
    const run = folder.runner()
    for (const written of [
      outside,
      'allowed/link.sh',
      'allowed/../outside.sh',
      'allowed/up/outside.sh',
      'allowed-too/x.sh',
      'allowed',
    ]) {
      expect(await run(at(written), payload), written).toMatchObject({
        ok: false,
        kind: 'not-allowed',
        message: expect.stringMatching(/^Script path is not allowed: /),
      })
    }
    expect(existsSync(`${folder.dir}/ran`)).toBe(false)
    for (const written of [
      inside,
      'allowed/inside.sh',
      'allowed/../allowed/inside.sh',
      'link-in.sh',
      'allowed/up/allowed/inside.sh',
    ]) {
      expect(await run(at(written), payload), written).toEqual({ok: true, output: 'in\n'})
    }
  })

  it('holds while the directory is exchanged for a link to another one', async () => {
    mkdirSync(`${folder.dir}/allowed/sub`)
    folder.script('allowed/sub/x.sh', 'echo good')
    folder.script('evil/x.sh', 'echo evil')
    const run = folder.runner()
    let isSwapped = false
    const swap = setInterval(() => {
      if (isSwapped) {
        rmSync(`${folder.dir}/allowed/sub`)
        renameSync(`${folder.dir}/kept`, `${folder.dir}/allowed/sub`)
      } else {
        renameSync(`${folder.dir}/allowed/sub`, `${folder.dir}/kept`)
        symlinkSync(`${folder.dir}/evil`, `${folder.dir}/allowed/sub`)
      }
      isSwapped = !isSwapped
    }, 1)
    const seen = new Set<string>()
    for (let round = 0; round < 60; round++) {
      const outcome = await run(at('allowed/sub/x.sh'), payload)
      seen.add(outcome.ok ? outcome.output.trim() : outcome.kind)
    }
    clearInterval(swap)
    expect([...seen]).not.toContain('evil')
    expect([...seen]).toContain('not-allowed')
  })
})

describe('the time a script has', () => {
  it('ends one that prints for ever, without keeping what it prints', async () => {
    const before = process.memoryUsage().rss
    const outcome = await folder.runner()({...script('exec cat /dev/zero'), timeoutMs: 5000}, payload)
    expect(outcome).toMatchObject({ok: false, kind: 'output', message: 'Script printed more than 1048576 bytes'})
    expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000)
  })

  it('does not mind one that writes errors for ever, but for its time', async () => {
    const outcome = await folder.runner()({...script('exec cat /dev/zero >&2'), timeoutMs: 400}, payload)
    expect(outcome).toMatchObject({ok: false, kind: 'timeout', message: 'Script timed out after 400 ms'})
  })

  it('ends one that ignores SIGTERM, with its children', async () => {
    const action = {
      ...script(
        `trap '' TERM; ${notePid('a')}; sh -c "trap '' TERM; ${notePid('b')}; while :; do sleep 1; done" & while :; do sleep 1; done`,
      ),
      timeoutMs: 600,
    }
    const started = performance.now()
    const outcome = await folder.runner()(action, payload)
    expect(performance.now() - started).toBeLessThan(2500)
    expect(outcome).toMatchObject({ok: false, kind: 'timeout'})
    await expectGone('a', 'b')
  })

  it('asks before it kills', async () => {
    const action = {
      ...script(`trap 'echo asked > ${folder.dir}/asked; exit 1' TERM; while :; do sleep 0.02; done`),
      timeoutMs: 2000,
    }
    expect(await folder.runner()(action, payload)).toMatchObject({ok: false})
    expect(readFileSync(`${folder.dir}/asked`, 'utf8')).toBe('asked\n')
  })

  it('ends children that were left behind, even in another session', async () => {
    const action = {
      ...script(`setsid sh -c "${notePid('a')}; sleep 60" & sh -c "${notePid('b')}; sleep 60" & sleep 60`),
      timeoutMs: 500,
    }
    expect(await folder.runner()(action, payload)).toMatchObject({ok: false, kind: 'timeout'})
    await expectGone('a', 'b')
  })

  it('does not wait for children of one that has answered, and ends those of its group', async () => {
    const action = script(
      `sh -c "${notePid('a')}; sleep 60" & while [ ! -s ${folder.dir}/a ]; do sleep 0.01; done; echo '{"block":false}'`,
    )
    const started = performance.now()
    expect(await folder.runner()(action, payload)).toEqual({ok: true, output: '{"block":false}\n'})
    expect(performance.now() - started).toBeLessThan(5000)
    await expectGone('a')
  })

  it('lets what a script starts in a session of its own stay, unless nothing may be left', async () => {
    const action = script(
      `setsid sh -c "${notePid('a')}; exec sleep 60 >/dev/null 2>&1" & while [ ! -s ${folder.dir}/a ]; do sleep 0.01; done`,
    )
    await folder.runner()(action, payload)
    const pid = pidOf('a')
    expect(isRunning(pid)).toBe(true)
    process.kill(pid, 'SIGKILL')
    rmSync(`${folder.dir}/a`)
    await folder.runner()(action, payload, {leaveNothing: true})
    await expectGone('a')
  })

  it('is the least of what the action and the asker allow', async () => {
    const action = {...script('sleep 60'), timeoutMs: 300}
    expect(await folder.runner()(action, payload, {timeoutMs: 20_000})).toMatchObject({
      message: 'Script timed out after 300 ms',
    })
    expect(await folder.runner()({...action, timeoutMs: 20_000}, payload, {timeoutMs: 200})).toMatchObject({
      message: 'Script timed out after 200 ms',
    })
    const {timeoutMs: _none, ...unlimited} = action
    const run = folder.runner({localScriptDefaults: {timeoutMs: 250, maxPayloadBytes: 65_536}})
    expect(await run(unlimited, payload)).toMatchObject({message: 'Script timed out after 250 ms'})
  })

  it('ends when the asker stops', async () => {
    const action = script(`${notePid('a')}; exec sleep 60`)
    expect(await folder.runner()(action, payload, {signal: AbortSignal.timeout(300)})).toMatchObject({
      ok: false,
      kind: 'aborted',
    })
    await expectGone('a')
    expect(await folder.runner()(action, payload, {signal: AbortSignal.abort()})).toMatchObject({
      ok: false,
      kind: 'aborted',
    })
  })
})

function script(body: string): Extract<ActionConfig, {type: 'local_script'}> {
  return at(folder.script('allowed/act.sh', body))
}

function at(written: string): Extract<ActionConfig, {type: 'local_script'}> {
  return {type: 'local_script', path: written}
}

/** Shell words that write the number of the shell that runs them. */
function notePid(name: string): string {
  const note = folder.script('note.sh', `echo $PPID > ${folder.dir}/$1`)
  return `${note} ${name}`
}

function pidOf(name: string): number {
  return Number(readFileSync(`${folder.dir}/${name}`, 'utf8'))
}

async function expectGone(...names: string[]): Promise<void> {
  const pids = names.map(pidOf)
  expect(pids.every((pid) => pid > 1)).toBe(true)
  await expect.poll(() => pids.filter(isRunning), {timeout: 2000, interval: 20}).toEqual([])
}

async function namesSeen(run: ReturnType<ScriptFolder['runner']>, action: ActionConfig): Promise<string[]> {
  const outcome = await run(action, payload)
  return outcome.ok
    ? outcome.output
        .trim()
        .split('\n')
        .map((line) => line.replace(/=.*/, ''))
    : [outcome.message]
}
