import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {bin, linesOf, sandbox} from '../run-bin.ts'

const box = sandbox()
const count = async () => Number((await box.run(['query', '--count'])).stdout)

beforeAll(async () => {
  const workspace = path.join(box.folder, 'workspace')
  mkdirSync(path.join(box.folder, 'empty'))
  mkdirSync(workspace)
  writeFileSync(path.join(workspace, 'MEMORY.md'), '## Coffee\n\nblack\n\n## Tea\n\ngreen\n')
  expect((await box.run(['migrate', '--workspace', 'workspace'])).code).toBe(0)
})
afterAll(() => box.remove())

/** Runs it on a terminal of its own and presses keys once it has asked. */
async function answered(keys: string): Promise<{said: string; code: number | null}> {
  const words = [process.execPath, bin, 'migrate', '--workspace', 'empty'].map((word) => `'${word}'`).join(' ')
  const terminal = spawn('script', ['-qec', words, '/dev/null'], {
    env: {...box.env, TERM: 'xterm-256color', COLUMNS: '500'},
    cwd: box.folder,
  })
  let said = ''
  for await (const chunk of terminal.stdout.setEncoding('utf8')) {
    const before = said
    said += String(chunk).replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, '')
    if (said.includes('(y/N)') && !before.includes('(y/N)')) terminal.stdin.write(keys)
  }
  return {said: said.replaceAll(/\r?\n/g, ''), code: terminal.exitCode ?? (await once(terminal, 'exit'))[0]}
}

describe('migrate of a folder that is not the workspace', () => {
  it('is refused where nobody can be asked, with the numbers and the flag', async () => {
    const {code, stdout, stderr} = await box.run(['migrate', '--workspace', 'empty', '--json'])
    expect(code).toBe(2)
    expect(JSON.parse(stdout).error).toMatchObject({code: 'USAGE'})
    expect(stderr).toContain('all 3 files and sections that the log holds of agent main are not in')
    expect(stderr).toContain('--allow-removals')
    expect(await count()).toBe(3)
  })

  it('is shown by a dry run', async () => {
    const {code, stdout, stderr} = await box.run(['migrate', '--workspace', 'empty', '--dry-run', '--ndjson'])
    expect(code).toBe(0)
    expect(linesOf(stdout).map((line) => JSON.parse(line).type)).toEqual(Array(3).fill('memory.removed'))
    expect(stderr).toContain('all 3 files and sections')
    expect(stderr).toContain('--allow-removals')
  })

  it.each([
    ['no, for whoever just presses return', '\r', 1, 'nothing was changed'],
    ['no', 'n\r', 1, 'nothing was changed'],
    ['nothing, with Ctrl-C', '\u0003', 130, ''],
  ])('is asked about on a terminal; the answer may be %s', async (_, keys, exit, says) => {
    const {said, code} = await answered(keys)
    expect(said).toMatch(/all 3 files and sections.*Record them as removed\?/)
    expect(said).toContain(says)
    expect(said).not.toContain('our fault')
    expect(code).toBe(exit)
    expect(await count()).toBe(3)
  })

  it('is recorded with --allow-removals, and asked about no more', async () => {
    const {code, stdout} = await box.run(['migrate', '--workspace', 'empty', '--allow-removals'])
    expect([code, stdout]).toEqual([0, expect.stringContaining('3 added')])
    expect((await box.run(['migrate', '--workspace', 'empty'])).code).toBe(0)
    expect(await count()).toBe(6)
  })
})
