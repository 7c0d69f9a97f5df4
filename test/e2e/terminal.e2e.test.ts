import {spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {readFileSync, writeFileSync} from 'node:fs'
import {type AddressInfo, createServer} from 'node:net'
import path from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {bin, linesOf, sandbox} from '../run-bin.ts'

const box = sandbox()
const hostile = '\u001b[2J\u001b]0;owned\u0007 \u202eevil \u009b31m\r\nnext'

beforeAll(async () => {
  for (const text of ['one', hostile, 'three']) {
    const {code} = await box.run(['emit', '--type', 'note.added', '--agent', 'main', '--data', JSON.stringify({text})])
    expect(code).toBe(0)
  }
})
afterAll(() => box.remove())

/** Runs a command line on a terminal of its own (util-linux `script`) and returns every byte it received. */
function onTerminal(args: readonly string[], env: Record<string, string> = {}): string {
  const words = [process.execPath, bin, ...args].map((word) => `'${word}'`).join(' ')
  const {stdout} = spawnSync('script', ['-qec', words, '/dev/null'], {
    encoding: 'utf8',
    env: {...box.env, TERM: 'xterm-256color', ...env},
    cwd: box.folder,
  })
  return stdout
}

/** Events that fill a pipe many times; again adds nothing. */
async function importMany(): Promise<void> {
  const many = Array.from({length: 3000}, (_, n) =>
    JSON.stringify({
      type: 'note.added',
      id: `n${n}`,
      timestamp: 1_700_000_000_000 + n,
      agent: 'main',
      session: 's',
      visibility: 'internal',
      payload: {text: 'x'.repeat(200)},
    }),
  )
  expect((await box.run(['import', '-'], {input: `${many.join('\n')}\n`})).code).toBe(0)
}

describe('terminal', () => {
  it('shows colours on a terminal and none in a pipe, under NO_COLOR or with --no-color', async () => {
    const colour = /\u001b\[\d+m/
    expect(onTerminal(['query'])).toMatch(colour)
    expect(onTerminal(['query'], {NO_COLOR: '1'})).not.toMatch(colour)
    expect(onTerminal(['query', '--no-color'])).not.toMatch(colour)
    expect((await box.run(['query'])).stdout).not.toMatch(colour)
  })

  it('lets no event text act on the terminal', async () => {
    for (const args of [['query'], ['tail', '--for', '1s'], ['query', '--by', 'type'], ['replay']]) {
      const bytes = onTerminal(args).replaceAll(/\u001b\[\d*m/g, '')
      expect(bytes).not.toMatch(/[\u0000-\u0009\u000b\u000c\u000e-\u001f\u0080-\u009f\u202e]/)
    }
    // In a pipe nothing is cut, so the whole text can be seen.
    expect((await box.run(['query'])).stdout).toContain('\\e[2J\\e]0;owned\\u0007 \\u202eevil \\u009b31m\\r\\nnext')
  })

  it('lets no line of a file act on the terminal when it is told to be wrong', async () => {
    const input = '\u001b[2J\u009b31mfoo\n'
    const policy = path.join(box.folder, 'policy.json')
    writeFileSync(policy, '{"enabled":true,"rules":[]}')
    for (const args of [
      ['import', '-'],
      ['toolguard', 'replay', '-', '--config', policy],
    ]) {
      const {code, stdout, stderr} = await box.run(args, {input})
      expect([code, stderr]).toEqual([1, expect.stringContaining('line 1: ')])
      expect(stdout + stderr).not.toMatch(/[\u001b\u009b]/)
    }
  })

  it('draws bars for counts on a terminal and tab-separated counts in a pipe', async () => {
    expect(onTerminal(['query', '--by', 'hour'], {NO_COLOR: '1'})).toMatch(/:00:00\.000Z {2}3 {2}█+/)
    expect((await box.run(['query', '--by', 'type'])).stdout).toBe('note.added\t3\n')
  })

  it('keeps stdout pure in machine modes', async () => {
    const json = await box.run(['query', '--json'])
    expect(JSON.parse(json.stdout).events).toHaveLength(3)
    const ndjson = await box.run(['query', '--ndjson'])
    expect(linesOf(ndjson.stdout).map((line) => JSON.parse(line).data.text)).toEqual(['three', hostile, 'one'])
    const failed = await box.run(['query', '--json', '--since', 'yesterdayish'])
    expect(failed.code).toBe(2)
    expect(JSON.parse(failed.stdout).error.code).toBe('FILTER_INVALID')
    expect(failed.stderr).toContain('yesterdayish')
  })

  it('ends quietly with 0 when the reader of its pipe is gone', async () => {
    await importMany()
    const line = `'${process.execPath}' '${bin}' query --limit 0 | head -1 >/dev/null; echo "\${PIPESTATUS[0]}"`
    const {stdout, stderr} = spawnSync('bash', ['-c', line], {encoding: 'utf8', env: box.env, cwd: box.folder})
    expect(stderr).toBe('')
    expect(stdout.trim()).toBe('0')
  })

  it.each([
    ['data', 'query'],
    ['a document', 'query --json'],
    ['help', '--help'],
  ])('says that %s could not be written to a full disk, and ends with 1', (_, args) => {
    const line = `'${process.execPath}' '${bin}' ${args} >/dev/full`
    const {stderr, status} = spawnSync('bash', ['-c', line], {encoding: 'utf8', env: box.env, cwd: box.folder})
    expect(stderr).toMatch(/^Error: the output could not be written: ENOSPC.*\nCode: FAILED\n$/)
    expect(status).toBe(1)
  })

  it('does its work although remarks cannot be written', () => {
    const line = `'${process.execPath}' '${bin}' query --by type 2>/dev/full`
    const {stdout, status} = spawnSync('bash', ['-c', line], {encoding: 'utf8', env: box.env, cwd: box.folder})
    expect([stdout, status]).toEqual([expect.stringMatching(/^note\.added\t\d+\n$/), 0])
  })

  it('shows no password of a store URL to those who list processes', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const {port} = server.address() as AddressInfo
    // A server that says nothing: the command waits for it while we look.
    const connected = once(server, 'connection')
    const {child, finished} = box.start(['query', '--store', `nats://ada:hunter2@127.0.0.1:${port}`])
    await connected
    const shown = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    expect(shown).toContain(`claw-events query --store nats://***@127.0.0.1:${port}`)
    expect(shown).not.toMatch(/hunter2|ada/)
    child.kill('SIGKILL')
    await finished
    server.close()
  })

  it('ends with 130 on Ctrl-C, with what it had printed', async () => {
    const tail = box.start(['tail', '--last', '2', '--ndjson'])
    await tail.until('listening')
    tail.child.kill('SIGINT')
    const {code, stdout} = await tail.finished
    expect(code).toBe(130)
    expect(linesOf(stdout)).toHaveLength(2)
  })

  it.each([
    ['query', '--limit', '0', '--json'],
    ['replay', '--json'],
  ])('ends at once on Ctrl-C while its reader takes nothing, and leaves no whole document: %s', async (...args) => {
    await importMany()
    const child = spawn(process.execPath, [bin, ...args], {env: box.env, cwd: box.folder})
    // Its pipe is full when the first bytes are there to be read and nobody reads on. (Without a listener that stays,
    // Node throws away what is left when the process ends.)
    await new Promise<void>((resolve) => child.stdout.on('readable', resolve))
    const start = performance.now()
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([130, null])
    expect(performance.now() - start).toBeLessThan(1000)
    const stdout = (await child.stdout.toArray()).join('')
    expect(stdout.slice(0, 40)).toMatch(/^\{"events":\[/)
    expect(stdout.slice(-40)).not.toContain(']}')
  })

  it('takes the same signal, passed on by a parent, for one', async () => {
    const tail = box.start(['tail', '--last', '2', '--ndjson'])
    await tail.until('listening')
    tail.child.kill('SIGINT')
    tail.child.kill('SIGTERM')
    const {code, stdout} = await tail.finished
    expect([code, linesOf(stdout).length]).toEqual([130, 2])
  })

  it('ends when its parent asks it to (SIGTERM), too', async () => {
    const child = spawn(process.execPath, [bin, 'tail'], {
      env: box.env,
      cwd: box.folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    await new Promise((resolve) => child.stderr.once('data', resolve))
    child.kill('SIGTERM')
    expect(await new Promise((resolve) => child.on('exit', (code) => resolve(code)))).toBe(130)
  })
})
