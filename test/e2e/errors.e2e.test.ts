import {spawnSync} from 'node:child_process'
import {mkdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {jetstreamManager} from '@nats-io/jetstream'
import {connect} from '@nats-io/transport-node'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type NatsServer, startNats} from '../nats-server.ts'
import {bin, sandbox} from '../run-bin.ts'

const box = sandbox()
let open: NatsServer
let locked: NatsServer

beforeAll(async () => {
  open = await startNats({binary: 'current'})
  locked = await startNats({binary: 'current', config: 'authorization { user: ada, password: "right-secret" }'})
  const connection = await connect({servers: open.url})
  const manager = await jetstreamManager(connection)
  await manager.streams.add({name: 'OTHER', subjects: ['openclaw.events.main.>']})
  await manager.streams.add({name: 'strange', subjects: ['orders.>']})
  await connection.close()
  mkdirSync(path.join(box.folder, 'state'), {recursive: true})
  writeFileSync(path.join(box.folder, 'text.db'), 'this is no database, whatever its name says'.repeat(100))
  writeFileSync(
    path.join(box.folder, 'bad-config.json'),
    JSON.stringify({eventStore: {urll: 'nats://x', retention: {maxAge: 30}}}),
  )
  await box.run(['stream', 'init'])
})
afterAll(async () => {
  await open.stop()
  await locked.stop()
  box.remove()
})

interface Case {
  name: string
  args: () => string[]
  code: number
  error: string
  says: RegExp
}

const host = () => new URL(open.url).host
const lockedHost = () => new URL(locked.url).host

const cases: Case[] = [
  {
    name: 'an unreachable server',
    args: () => ['query', '--store', 'nats://127.0.0.1:1'],
    code: 1,
    error: 'STORE_UNREACHABLE',
    says: /nats:\/\/127\.0\.0\.1:1/,
  },
  {
    name: 'a wrong password',
    args: () => ['query', '--store', `nats://ada:hunter2@${lockedHost()}`],
    code: 1,
    error: 'STORE_AUTH',
    says: /ada/,
  },
  {
    name: 'no password where one is needed',
    args: () => ['query', '--store', `nats://${lockedHost()}`],
    code: 1,
    error: 'STORE_AUTH',
    says: /refused|authoriz/i,
  },
  {
    name: 'a missing stream',
    args: () => ['query', '--store', `nats://${lockedHost().replace(/^/, 'ada:right-secret@')}`],
    code: 1,
    error: 'STORE_MISSING',
    says: /stream init/,
  },
  {
    name: 'a stream with other subjects',
    args: () => ['stream', 'init', '--store', `nats://${host()}?stream=strange`],
    code: 1,
    error: 'STORE_CONFLICT',
    says: /orders/,
  },
  {
    name: 'a stream whose subjects overlap',
    args: () => ['stream', 'init', '--store', `nats://${host()}`],
    code: 1,
    error: 'STORE_CONFLICT',
    says: /OTHER/,
  },
  {
    name: 'a file that is no database',
    args: () => ['query', '--store', 'sqlite:text.db'],
    code: 1,
    error: 'STORE_CORRUPT',
    says: /text\.db/,
  },
  {
    name: 'a log that is not there',
    args: () => ['query', '--store', 'sqlite:absent.db'],
    code: 1,
    error: 'STORE_MISSING',
    says: /stream init --store sqlite:.*absent\.db/,
  },
  {
    name: 'a store URL of no known kind',
    args: () => ['query', '--store', 'mysql://root:hunter2@db'],
    code: 2,
    error: 'STORE_URL',
    says: /mysql/,
  },
  {
    name: 'a count with a limit',
    args: () => ['query', '--count', '--limit', '5'],
    code: 2,
    error: 'USAGE',
    says: /Error: --count cannot also be provided when using --limit/,
  },
  {
    name: 'groups with a limit',
    args: () => ['query', '--by', 'type', '-n', '5'],
    code: 2,
    error: 'USAGE',
    says: /--by=type cannot also be provided when using --limit/,
  },
  {
    name: 'a port that is none',
    args: () => ['query', '--store', 'nats://ada:hunter2@localhost:99999'],
    code: 2,
    error: 'STORE_URL',
    says: /65535, not 99999/,
  },
  {name: 'an unknown flag', args: () => ['query', '--typ', 'tool.*'], code: 2, error: 'USAGE', says: /--typ/},
  {name: 'an unknown command', args: () => ['querry'], code: 2, error: 'USAGE', says: /did you mean .*query/},
  {name: 'an unknown command of a topic', args: () => ['stream', 'inti'], code: 2, error: 'USAGE', says: /stream init/},
  {
    name: 'a time that is none',
    args: () => ['query', '--since', '2026-02-30'],
    code: 2,
    error: 'FILTER_INVALID',
    says: /2026-02-30/,
  },
  {
    name: 'CEL that does not parse',
    args: () => ['query', '--where', 'data.x >'],
    code: 2,
    error: 'FILTER_INVALID',
    says: /data\.x >/,
  },
  {
    name: 'CEL that is no condition',
    args: () => ['query', '--where', '1+1'],
    code: 2,
    error: 'FILTER_INVALID',
    says: /1\+1.*never true or false/,
  },
  {
    name: 'a time in seconds',
    args: () => ['query', '--since', '1795208938'],
    code: 2,
    error: 'FILTER_INVALID',
    says: /1795208938000/,
  },
  {
    name: 'an event type that is none',
    args: () => ['emit', '--type', 'Tool Called'],
    code: 2,
    error: 'EVENT_INVALID',
    says: /Tool Called/,
  },
  {
    name: 'data that is no object',
    args: () => ['emit', '--type', 'a.b', '--data', '[1]'],
    code: 2,
    error: 'INPUT_INVALID',
    says: /array/,
  },
  {
    name: 'a file that is not there',
    args: () => ['import', 'nothing.ndjson'],
    code: 2,
    error: 'INPUT_UNREADABLE',
    says: /nothing\.ndjson/,
  },
  {
    name: 'a workspace that is not there',
    args: () => ['migrate', '--workspace', 'nowhere'],
    code: 2,
    error: 'INPUT_UNREADABLE',
    says: /nowhere/,
  },
  {
    name: 'a wrong configuration',
    args: () => ['config', 'check', '--config', 'bad-config.json'],
    code: 2,
    error: 'CONFIG_INVALID',
    says: /did you mean[\s\S]*url[\s\S]*maxAge|maxAge[\s\S]*url/,
  },
  {
    name: 'a replay into itself',
    args: () => ['replay', '--to', `sqlite:${box.folder}/state/claw-events/events.db`],
    code: 2,
    error: 'USAGE',
    says: /very log/,
  },
  {
    name: 'a position that is none',
    args: () => ['tail', '--after', 'garbage', '--for', '1s'],
    code: 2,
    error: 'INPUT_INVALID',
    says: /garbage/,
  },
  {
    name: 'a position beyond the end',
    args: () => ['tail', '--after', '0000000000099999', '--for', '1s'],
    code: 2,
    error: 'INPUT_INVALID',
    says: /never gave the position "0000000000099999": it is empty/,
  },
  {
    name: 'a number that is none',
    args: () => ['query', '--limit', '-1'],
    code: 2,
    error: 'USAGE',
    says: /--limit: Expected an integer/,
  },
  {name: 'a speed that is none', args: () => ['replay', '--speed', 'fast'], code: 2, error: 'USAGE', says: /fast/},
]

describe('bad input gets one clear error', () => {
  it.each(cases)('$name: exit $code, $error', async ({args, code, error, says}) => {
    const words = args()
    const plain = await box.run(words)
    expect(plain.stderr).toMatch(says)
    expect(plain.stderr).toContain(`Code: ${error}`)
    expect(plain.stderr).not.toMatch(/\n\s+at /)
    expect(plain.code).toBe(code)
    expect(plain.stdout).toBe('')
    expect(plain.stderr).not.toMatch(/hunter2|right-secret/)
  })

  it('is said as a document under --json', async () => {
    const {code, stdout} = await box.run(['query', '--store', 'nats://ada:hunter2@127.0.0.1:1', '--json'])
    expect(code).toBe(1)
    expect(JSON.parse(stdout).error).toMatchObject({code: 'STORE_UNREACHABLE'})
    expect(stdout).not.toContain('hunter2')
  })

  it('takes one kind of machine output, not two', async () => {
    for (const command of [['query'], ['replay'], ['migrate', '--dry-run']]) {
      const {code, stdout, stderr} = await box.run([...command, '--json', '--ndjson'])
      expect([code, stderr]).toEqual([2, expect.stringContaining('--json cannot also be provided when using --ndjson')])
      expect(JSON.parse(stdout).error.code).toBe('USAGE')
    }
  })

  it('says that a database is locked by another process, after waiting', async () => {
    const {DatabaseSync} = await import('node:sqlite')
    const file = path.join(box.folder, 'busy.db')
    await box.run(['stream', 'init', '--store', `sqlite:${file}`])
    const holder = new DatabaseSync(file)
    holder.exec('BEGIN IMMEDIATE')
    const {code, stderr} = await box.run(['emit', '--type', 'a.b', '--store', `sqlite:${file}`])
    holder.exec('ROLLBACK')
    holder.close()
    expect(stderr).toContain('Code: STORE_LOCKED')
    expect(code).toBe(1)
  })

  /** Runs a shell script with a small file system of its own at `disk`, which is gone when it ends. */
  function withDisk(size: string, script: string) {
    const claw = `'${process.execPath}' '${bin}'`
    const disk = path.join(box.folder, 'disk')
    mkdirSync(disk, {recursive: true})
    const whole = `set -e; mount -t tmpfs -o size=${size} tmpfs '${disk}'; claw() { ${claw} "$@"; }; disk='${disk}'; ${script}`
    return spawnSync('unshare', ['--map-root-user', '--mount', 'bash', '-c', whole], {
      encoding: 'utf8',
      env: box.env,
      cwd: box.folder,
    })
  }

  it('reads a log on a read-only disk and says that it cannot be written', () => {
    const {stdout, stderr} = withDisk(
      '4m',
      `claw emit --type a.b --store "sqlite:$disk/log.db" >/dev/null; mount -o remount,ro "$disk"
       claw query --count --store "sqlite:$disk/log.db"; claw emit --type a.b --store "sqlite:$disk/log.db" || echo "exit $?"`,
    )
    expect(stdout).toBe('1\nexit 1\n')
    expect(stderr).toContain('Code: STORE_READ_ONLY')
  })

  it('says that the disk is full, keeps what was acknowledged and nothing half-written', () => {
    const lines = Array.from({length: 400}, (_, n) =>
      JSON.stringify({
        type: 'note.added',
        id: `n${n}`,
        timestamp: 1_700_000_000_000 + n,
        agent: 'main',
        session: 's',
        visibility: 'internal',
        payload: {text: 'x'.repeat(10_000)},
      }),
    )
    writeFileSync(path.join(box.folder, 'many.ndjson'), lines.join('\n'))
    const {stdout, stderr} = withDisk(
      '2m',
      `claw emit --type a.b --store "sqlite:$disk/log.db" >/dev/null
       claw import many.ndjson --store "sqlite:$disk/log.db" || echo "exit $?"
       claw stream verify --store "sqlite:$disk/log.db"`,
    )
    expect(stderr).toContain('Code: STORE_FULL')
    expect(stdout).toMatch(/^exit 1\nok: \d+ events?/)
  })
})
