import {spawn} from 'node:child_process'
import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {DatabaseSync} from 'node:sqlite'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import {bin, linesOf, type Sandbox, sandbox} from '../run-bin.ts'

let box: Sandbox
beforeEach(() => {
  box = sandbox()
})
afterEach(() => box.remove())

const place = (name: string) => path.join(box.folder, name)

function line(n: number, fields: object = {}): string {
  const timestamp = new Date(Date.UTC(2026, 10, 20) + n * 10).toISOString()
  return JSON.stringify({
    type: 'note.added',
    eventId: `n${n}`,
    eventName: 'note',
    timestamp,
    data: {n, text: 'x'.repeat(200)},
    ...fields,
  })
}

async function fill(count: number): Promise<void> {
  const {code} = await box.run(['import', '-'], {input: Array.from({length: count}, (_, n) => line(n)).join('\n')})
  expect(code).toBe(0)
}

const pause = () => new Promise<false>((resolve) => setTimeout(() => resolve(false), 5))
const idsIn = (stdout: string) => linesOf(stdout).map((text) => JSON.parse(text).eventId)

describe('export and import', () => {
  it('make a backup that another log takes in whole, and again adds nothing', async () => {
    await fill(700)
    const done = await box.run(['export', 'a.ndjson.zst', '--json'])
    expect(done.code).toBe(0)
    expect(JSON.parse(done.stdout)).toMatchObject({file: 'a.ndjson.zst', count: 700, lines: 700, compression: 'zstd'})
    const other = ['--store', `sqlite:${place('other.db')}`]
    const once = await box.run(['import', 'a.ndjson.zst', '--json', ...other])
    expect(JSON.parse(once.stdout)).toEqual({
      read: 700,
      appended: 700,
      duplicates: 0,
      conflicts: [],
      conflictingLines: 0,
      failed: [],
      failedLines: 0,
      interrupted: false,
    })
    expect((await box.run(['import', 'a.ndjson.zst', ...other])).stdout).toContain('0 events added, 700 already there')
    const [one, two] = await Promise.all([box.run(['export']), box.run(['export', '-', ...other])])
    const events = (stdout: string) => linesOf(stdout).map((text) => ({...JSON.parse(text), storedAt: ''}))
    expect(events(two.stdout)).toEqual(events(one.stdout))
  })

  it('refuse a file that is not what its manifest says, before anything is stored', async () => {
    await fill(20)
    await box.run(['export', 'a.ndjson'])
    writeFileSync(place('a.ndjson'), readFileSync(place('a.ndjson'), 'utf8').replace('"n":7', '"n":8'))
    const {code, stdout, stderr} = await box.run([
      'import',
      'a.ndjson',
      '--store',
      `sqlite:${place('other.db')}`,
      '--json',
    ])
    expect(code).toBe(1)
    expect(JSON.parse(stdout).error).toMatchObject({code: 'INPUT_INVALID', message: expect.stringContaining('sha256')})
    expect(stderr).toContain('a.ndjson.manifest.json')
    expect(existsSync(place('other.db'))).toBe(false)
  })

  it('tell of an id whose content differs, with exit 1', async () => {
    await fill(5)
    writeFileSync(place('b.ndjson'), `${line(3)}\n${line(4, {data: {n: 'other'}})}\n`)
    const {code, stdout, stderr} = await box.run(['import', 'b.ndjson'])
    expect(code).toBe(1)
    expect(stderr).toContain('line 2: the log holds event n4 with other content')
    expect(stdout).toContain('2 already there (1 with other content)')
  })

  it('go on after an earlier export', async () => {
    await fill(10)
    await box.run(['export', 'one.ndjson.gz', '--type', 'note.*'])
    await box.run(['import', '-'], {input: `${line(10)}\n${line(11, {type: 'other.thing'})}\n${line(12)}`})
    const {code, stdout} = await box.run(['export', 'two.ndjson.gz', '--since-export', 'one.ndjson.gz', '--json'])
    expect([code, JSON.parse(stdout).count, JSON.parse(stdout).filter]).toEqual([0, 2, {types: ['note.*']}])
    expect((await box.run(['export', '--since-export', 'two.ndjson.gz.manifest.json'])).stdout).toBe('')
    expect((await box.run(['export', 'two.ndjson.gz', '--since-export', 'two.ndjson.gz'])).code).toBe(2)
  })

  it('say what is wrong with how they are asked', async () => {
    await fill(1)
    for (const args of [
      ['export', '--json'],
      ['export', 'x', '--format', 'xml'],
      ['export', 'x', '--since-export', 'none'],
    ])
      expect((await box.run(args)).code, args.join(' ')).toBe(2)
    expect(readdirSync(box.folder)).toEqual(['state'])
  })

  it('save what can be read of a damaged log, and name what was lost, with exit 1', async () => {
    await fill(30)
    const db = new DatabaseSync(place('state/claw-events/events.db'))
    db.exec(`UPDATE events SET body = 'torn' WHERE seq = 12`)
    db.close()
    const {code, stdout, stderr} = await box.run(['export', 'a.ndjson'])
    expect(code).toBe(1)
    expect(stdout).toContain('29 events written to a.ndjson')
    expect(stderr).toMatch(/lost: 1 event, 0000000000000012: .*no JSON/)
    expect(JSON.parse(readFileSync(place('a.ndjson.manifest.json'), 'utf8'))).toMatchObject({count: 29, lostEvents: 1})
  })
})

/** Runs the bin where no file may grow beyond some kilobytes: what a full disk does to it, without one. */
function runCramped(args: string[], kilobytes: number): Promise<{code: number | null; stderr: string}> {
  const command = `ulimit -f ${kilobytes}; trap '' XFSZ; exec "$@"`
  const child = spawn('bash', ['-c', command, 'bash', process.execPath, bin, ...args], {env: box.env, cwd: box.folder})
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((resolve) => child.on('close', (code) => resolve({code, stderr})))
}

describe('an export that fails', () => {
  it('leaves nothing when no room is left, and the earlier file as it was', async () => {
    await fill(3000)
    writeFileSync(place('a.ndjson'), 'earlier\n')
    const {code, stderr} = await runCramped(['export', 'a.ndjson'], 300)
    expect(code).toBe(1)
    expect(stderr).toContain('OUTPUT_UNWRITABLE')
    expect(readFileSync(place('a.ndjson'), 'utf8')).toBe('earlier\n')
    expect(readdirSync(box.folder).sort()).toEqual(['a.ndjson', 'state'])
  })

  it('leaves nothing when it is interrupted', async () => {
    await fill(6000)
    const running = box.start(['export', 'a.ndjson.gz'])
    const ended = running.finished.then(() => true)
    // Its file has another name until it is whole.
    while (!readdirSync(box.folder).some((name) => name.endsWith('.partial'))) {
      if (await Promise.race([ended, pause()])) break
    }
    running.child.kill('SIGINT')
    const {code} = await running.finished
    const left = readdirSync(box.folder).sort()
    // It may have been done before it heard of it.
    if (code === 0) expect(left).toEqual(['a.ndjson.gz', 'a.ndjson.gz.manifest.json', 'state'])
    else expect([code, left]).toEqual([130, ['state']])
  })
})

describe('an import that is interrupted', () => {
  it('prints what it has done, and ends with 130', async () => {
    const running = box.start(['import', '-', '--json'])
    running.child.stdin?.write(`${Array.from({length: 1000}, (_, n) => line(n)).join('\n')}\n`)
    const database = () => existsSync(place('state/claw-events/events.db'))
    while (!database() || (await count()) < 1000) await pause()
    running.child.kill('SIGINT')
    const {code, stdout} = await running.finished
    expect(code).toBe(130)
    expect(JSON.parse(stdout)).toMatchObject({appended: 1000, failedLines: 0, interrupted: true})
  })

  async function count(): Promise<number> {
    const db = new DatabaseSync(place('state/claw-events/events.db'), {readOnly: true})
    try {
      return Number(db.prepare('SELECT events FROM log').get()?.['events'])
    } catch {
      return 0
    } finally {
      db.close()
    }
  }
})

describe('replay', () => {
  it('prints the same bytes each time, at any speed', async () => {
    await fill(200)
    const runs = await Promise.all(
      [['--speed', 'max'], ['--speed', '100x'], []].map((args) => box.run(['replay', '--ndjson', ...args])),
    )
    expect(new Set(runs.map(({stdout}) => stdout)).size).toBe(1)
    expect(idsIn(runs[0]!.stdout)).toHaveLength(200)
  })

  it('goes on from where Ctrl-C stopped it, without loss or repeat', async () => {
    await fill(400)
    const all: string[] = []
    for (const last of [false, false, true]) {
      const before = all.length
      const running = box.start(['replay', '--ndjson', '--speed', last ? 'max' : '10x', '--resume', 'place.json'])
      if (!last) {
        await running.until(/"n":\d*[1-9]\d*5,/)
        running.child.kill('SIGINT')
      }
      const {code, stdout} = await running.finished
      expect(code).toBe(last ? 0 : 130)
      all.push(...idsIn(stdout))
      expect(all.length).toBeGreaterThan(before)
      expect(JSON.parse(readFileSync(place('place.json'), 'utf8')).sent).toBe(all.length)
    }
    expect(all).toEqual(Array.from({length: 400}, (_, n) => `n${n}`))
    expect((await box.run(['replay', '--ndjson', '--resume', 'place.json'])).stdout).toBe('')
    expect((await box.run(['replay', '--ndjson', '--resume', 'place.json', '--agent', 'main'])).code).toBe(2)
  })

  it('goes on after kill -9, and into another log it then repeats nothing', async () => {
    await fill(300)
    const args = ['replay', '--to', `sqlite:${place('b.db')}`, '--resume', 'place.json']
    const running = box.start([...args, '--speed', '2x'])
    while (!existsSync(place('place.json')) || JSON.parse(readFileSync(place('place.json'), 'utf8')).sent < 20)
      await pause()
    running.child.kill('SIGKILL')
    await running.finished
    const {sent} = JSON.parse(readFileSync(place('place.json'), 'utf8'))
    const {read, appended, duplicates} = JSON.parse((await box.run([...args, '--json'])).stdout)
    expect(read).toBe(300 - sent)
    expect(appended + duplicates).toBe(read)
    const copy = await box.run([
      'query',
      '--limit',
      '0',
      '--order',
      'asc',
      '--ndjson',
      '--store',
      `sqlite:${place('b.db')}`,
    ])
    expect(idsIn(copy.stdout)).toEqual(Array.from({length: 300}, (_, n) => `n${n}`))
  })

  it('stands still while it is stopped by Ctrl-Z', async () => {
    const events = [0, 100, 200].map((n) => line(n))
    await box.run(['import', '-'], {input: events.join('\n')})
    const running = box.start(['replay', '--ndjson', '--speed', '2x'])
    await running.until('"n":0')
    const {pid} = running.child
    process.kill(pid!, 'SIGTSTP')
    while (!readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') T ')) await pause()
    const stopped = performance.now()
    while (performance.now() - stopped < 1500) await pause()
    process.kill(pid!, 'SIGCONT')
    const start = performance.now()
    const {code, stdout} = await running.finished
    // Both are due a second after the first at most: without the pause they would come at once.
    expect(performance.now() - start).toBeGreaterThan(400)
    expect([code, idsIn(stdout)]).toEqual([0, ['n0', 'n100', 'n200']])
  })

  it('shows a run, and says what it would send', async () => {
    const file = path.join(import.meta.dirname, '..', 'fixtures', 'runs', 'tool-blocked.ndjson')
    await box.run(['import', file])
    const run = ['replay', '--run', '17dd78b1-e7c7-4eb4-ae7b-6239c6142a52']
    expect((await box.run(run)).stdout).toContain('guard: blocked (rule no-blockme) claw-probe policy')
    expect(JSON.parse((await box.run([...run, '--json'])).stdout).runs[0]).toMatchObject({status: 'completed'})
    expect(idsIn((await box.run([...run, '--ndjson'])).stdout)).toHaveLength(10)
    expect(JSON.parse((await box.run([...run, '--dry-run', '--json', '--speed', '1x'])).stdout)).toEqual({
      events: 10,
      first: expect.any(String),
      last: expect.any(String),
      durationMs: expect.any(Number),
    })
    const none = await box.run(['replay', '--run', 'nobody', '--json'])
    expect([none.code, none.stdout, none.stderr]).toEqual([0, '{"runs":[]}\n', 'no event of run nobody\n'])
  })
})
