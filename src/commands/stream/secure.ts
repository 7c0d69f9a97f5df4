import path from 'node:path'
import {Flags} from '@oclif/core'
import {BaseCommand} from '../../cli/base-command.ts'
import {jsonFlag} from '../../cli/flags.ts'
import {parseBytes} from '../../lib/config/bytes.ts'
import type {NatsLocation} from '../../lib/config/store-settings.ts'
import {ClawError, Exit} from '../../lib/errors.ts'
import {readersOf} from '../../lib/secure/readers.ts'
import type {SecuredServer} from '../../lib/wiring/secure-server.ts'

const may = {
  admin: 'make, change, erase and remove every log',
  gateway: 'append to and read every log',
  agent: 'append to and read its own log',
  reader: 'read',
} as const

export default class StreamSecure extends BaseCommand {
  static override summary = 'Write a nats-server configuration that keeps agents apart'
  static override description =
    'Each agent gets a log in an account of its own, and no way to reach another one; a gateway login appends to all, an admin login makes and erases. Passwords are made here and stored as bcrypt hashes; each login is in a file of its own that only you can read. Run again to add agents: passwords stay.'
  static override examples = [
    {
      description: 'Two agents that cannot see each other',
      command: '<%= config.bin %> stream secure --agent assistant-one --agent assistant-two --out nats',
    },
    {
      description: 'One may read the other, and an auditor both',
      command:
        '<%= config.bin %> stream secure --agent one --agent two --read one:two --shared-reader auditor --out nats',
    },
    {
      description: 'Reached from other machines, so with TLS',
      command:
        '<%= config.bin %> stream secure --agent one --out nats --store tls://nats.example:4222 --listen 0.0.0.0:4222 --tls-cert server.pem --tls-key server.key',
    },
  ]
  static override flags = {
    agent: Flags.string({
      helpValue: 'ID',
      multiple: true,
      multipleNonGreedy: true,
      description: 'an agent with a log of its own (repeatable); default: those of eventStore.agents',
    }),
    read: Flags.string({
      helpValue: 'AGENT:OTHER',
      multiple: true,
      multipleNonGreedy: true,
      description: "the agent may also read the other one's log (repeatable)",
    }),
    'shared-reader': Flags.string({
      helpValue: 'NAME',
      multiple: true,
      multipleNonGreedy: true,
      description: 'somebody who may read every log (repeatable)',
    }),
    out: Flags.string({required: true, helpValue: 'DIR', description: 'where to write to; holds secrets'}),
    listen: Flags.string({default: '127.0.0.1:4222', helpValue: 'HOST:PORT', description: 'where the server listens'}),
    'store-dir': Flags.string({helpValue: 'DIR', description: "JetStream's files; default: data in --out"}),
    'max-bytes': Flags.string({helpValue: 'SIZE', description: 'what each log may take on the disk (10GB)'}),
    'tls-cert': Flags.string({dependsOn: ['tls-key'], helpValue: 'FILE', description: "the server's certificate, PEM"}),
    'tls-key': Flags.string({dependsOn: ['tls-cert'], helpValue: 'FILE', description: 'its key, PEM'}),
    'tls-ca': Flags.string({helpValue: 'FILE', description: 'the authority that clients are to trust, PEM'}),
    ...jsonFlag,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(StreamSecure)
    const location = await this.serverLocation(flags)
    const agents = flags.agent ?? Object.keys(location.agents)
    if (agents.length === 0 || agents.some((agent) => agent.trim() === '')) {
      throw new ClawError('USAGE', 'there is no agent to be kept apart', {
        exit: Exit.usage,
        suggestions: ['name each with --agent ID'],
      })
    }
    const {'tls-cert': cert, 'tls-key': key, 'max-bytes': size} = flags
    const {secureServer} = await import('../../lib/wiring/secure-server.ts')
    const done = await secureServer({
      location,
      agents,
      readers: readersOf({read: flags.read, shared: flags['shared-reader']}),
      folder: path.resolve(flags.out),
      listen: flags.listen,
      storeDir: flags['store-dir'],
      tls: cert !== undefined && key !== undefined ? {cert, key} : undefined,
      ca: flags['tls-ca'],
      maxBytes: size === undefined ? undefined : parseBytes(size),
    })
    if (flags.json) return this.term.line(JSON.stringify(done))
    await this.report(done, flags.listen, cert !== undefined)
  }

  /** The server to write for; without one, the usual one on this machine. */
  private async serverLocation(flags: {store?: string; config?: string; state?: string}): Promise<NatsLocation> {
    const location = await this.storeSettings(flags)
    if (location.kind === 'nats') return location
    const usual = await this.storeSettings({...flags, store: 'nats://localhost:4222'})
    if (usual.kind === 'nats' && flags.store === undefined) return usual
    throw new ClawError('USAGE', 'an embedded log has no server to secure', {
      exit: Exit.usage,
      suggestions: ['name the server: --store nats://HOST:4222'],
    })
  }

  private async report({written, kept, stale, logins}: SecuredServer, listen: string, isTls: boolean): Promise<void> {
    const {table} = await import('../../lib/output/table.ts')
    const rows = logins.map(({user, kind, logs, file}) => [
      user,
      kind === 'reader' ? `${may.reader} ${logs.join(', ')}` : may[kind],
      path.relative('', file),
    ])
    await this.term.line(table(['login', 'may', 'store URL in'], rows))
    for (const file of written) await this.term.line(`wrote ${path.relative('', file)}`)
    for (const file of kept) this.term.note(`kept ${path.relative('', file)}: it is yours to change`)
    for (const file of stale) this.term.note(`${path.relative('', file)} is of a login that is no more`)
    const isLocal = /^(127\.|localhost|\[?::1)/.test(listen)
    if (!isTls && !isLocal) this.term.note(`note: without TLS everybody between ${listen} and its users can read along`)
  }
}
