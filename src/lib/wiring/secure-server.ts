import {existsSync} from 'node:fs'
import {chmod, mkdir, readdir, readFile, rename, writeFile} from 'node:fs/promises'
import path from 'node:path'
import {agentLocation, type NatsLocation, type StoreLocation} from '../config/store-settings.ts'
import {ClawError, Exit, messageOf} from '../errors.ts'
import {hashPassword, newPassword} from '../secure/passwords.ts'
import type {Login, Reader, SecuredLog} from '../secure/plan.ts'
import {planAccounts} from '../secure/plan.ts'
import {accountsText, type ServerOptions, serverText} from '../secure/server-config.ts'

export interface SecureOptions extends Pick<ServerOptions, 'tls'> {
  /** Where the server will be, and what the configuration says of agents' streams. */
  location: NatsLocation
  agents: readonly string[]
  readers: readonly Reader[]
  /** The folder to write to; made 0700. */
  folder: string
  listen: string
  /** Default: `data` in the folder. */
  storeDir?: string
  /** The certificate authority that clients are to trust; a path. */
  ca?: string
  /** Of each log. */
  maxBytes?: number
}

export interface SecuredServer {
  /** Paths of what was written. */
  written: string[]
  /** Paths of what was there and was left as it is. */
  kept: string[]
  /** Login files of users who are no more. */
  stale: string[]
  logins: Array<{user: string; kind: Login['kind']; logs: string[]; file: string}>
}

const accountsFile = 'accounts.conf'
const serverFile = 'nats-server.conf'
const settingsFile = 'event-store.yml'
const urlSuffix = '.url'

/**
 * Writes a server's configuration, a file with the store URL of every login, and what goes into OpenClaw's
 * configuration; all readable by us only. Passwords of logins that are there already are kept.
 */
export async function secureServer(options: SecureOptions): Promise<SecuredServer> {
  const {folder, readers, maxBytes} = options
  const nats = await loadNats()
  const logs = logsOf(options, nats)
  const accounts = planAccounts({logs, readers, tokenOf: nats.nameToken, inboxOf: nats.inboxOf})
  const logins = accounts.flatMap(({user}) => user?.login ?? [])
  await makeFolder(folder)
  const passwords = new Map<string, string>()
  const hashes = new Map<string, string>()
  for (const {user} of logins) {
    const password = (await knownPassword(path.join(folder, user + urlSuffix), nats)) ?? newPassword()
    passwords.set(user, password)
    hashes.set(user, await hashPassword(password))
  }
  const done: SecuredServer = {written: [], kept: [], stale: [], logins: []}
  const write = async (name: string, text: string) => {
    done.written.push(path.join(folder, name))
    await writeSecret(path.join(folder, name), text)
  }
  // The logins first: cut off in between, no password is lost that the server already knows.
  for (const login of logins) {
    const url = urlOf(login, passwords.get(login.user)!, options, nats)
    const file = path.join(folder, login.user + urlSuffix)
    await writeSecret(file, `${url}\n`)
    done.logins.push({
      user: login.user,
      kind: login.kind,
      logs: login.logs.map(({agent, stream}) => agent ?? stream),
      file,
    })
  }
  await write(settingsFile, await settingsText(logins, passwords, options, nats))
  await write(accountsFile, accountsText(accounts, {hashOf: (user) => hashes.get(user)!, maxBytes}))
  if (existsSync(path.join(folder, serverFile))) done.kept.push(path.join(folder, serverFile))
  else await write(serverFile, serverText(serverOptions(options)))
  const users = new Set(logins.map(({user}) => user + urlSuffix))
  const files = (await readdir(folder)).filter((name) => name.endsWith(urlSuffix) && !users.has(name))
  done.stale.push(...files.map((name) => path.join(folder, name)))
  return done
}

type Nats = Awaited<ReturnType<typeof loadNats>>

async function loadNats() {
  const [{parseTarget, inboxOf, nameToken, queryOf}, {importedApi, rightsOn}, {overlap}] = await Promise.all([
    import('../store/nats/target.ts'),
    import('../store/nats/permissions.ts'),
    import('../store/nats/pushdown.ts'),
  ])
  return {parseTarget, inboxOf, nameToken, queryOf, importedApi, rightsOn, overlap}
}

/** The logs of the agents, and the one of everything else. */
function logsOf({location, agents}: SecureOptions, {parseTarget, rightsOn, overlap}: Nats): SecuredLog[] {
  const logs = [undefined, ...new Set(agents)].map((agent): SecuredLog => {
    const {stream, prefix} = parseTarget(agent === undefined ? location : own(agentLocation(location, agent)))
    return {agent, stream, prefix, rights: rightsOn({stream, prefix})}
  })
  for (const [index, one] of logs.entries()) {
    for (const other of logs.slice(0, index)) {
      if (one.stream === other.stream) throw clash(one, other, `the stream ${one.stream}`)
      if (overlap(`${one.prefix}.>`, `${other.prefix}.>`)) {
        throw clash(one, other, `subjects: ${other.prefix}.> and ${one.prefix}.>`)
      }
    }
  }
  return logs
}

/** An agent's part of a location on a server is on a server. */
function own(location: StoreLocation): NatsLocation {
  if (location.kind === 'nats') return location
  throw new ClawError('USAGE', 'an embedded log has no server to secure', {exit: Exit.usage})
}

function clash(one: SecuredLog, other: SecuredLog, what: string): ClawError {
  const nameOf = ({agent}: SecuredLog) => (agent === undefined ? 'the log of everything else' : `agent ${agent}`)
  return new ClawError('CONFIG_INVALID', `${nameOf(other)} and ${nameOf(one)} share ${what}`, {
    exit: Exit.usage,
    suggestions: [
      'give each a stream and a prefix that lies in no other: eventStore.streamName, eventStore.subjectPrefix and those of eventStore.agents',
    ],
  })
}

/** The password in a login file that a run before has written. */
async function knownPassword(file: string, {parseTarget}: Nats): Promise<string | undefined> {
  if (!existsSync(file)) return undefined
  try {
    return parseTarget({url: (await readFile(file, 'utf8')).trim()}).password
  } catch (thrown) {
    throw new ClawError('INPUT_UNREADABLE', `${file} holds no login: ${messageOf(thrown)}`, {
      exit: Exit.usage,
      suggestions: ['remove the file to have a new password made'],
    })
  }
}

function urlOf({user, kind, logs}: Login, password: string, options: SecureOptions, nats: Nats): string {
  const [own] = logs
  const query = {...(kind === 'agent' && own && namesOf(own, nats)), api: nats.importedApi}
  return `${schemeOf(options)}://${encodeURIComponent(user)}:${password}@${hostsOf(options)}${nats.queryOf(query)}`
}

/** What a URL has to say of a log: nothing that follows from the agent. */
function namesOf({agent, stream, prefix}: SecuredLog, {parseTarget}: Nats): Record<string, string | undefined> {
  const usual = parseTarget({url: 'nats://localhost', agent})
  return {
    stream: stream === usual.stream ? undefined : stream,
    prefix: prefix === usual.prefix ? undefined : prefix,
    agent,
  }
}

function schemeOf({tls, ca, location}: SecureOptions): string {
  return tls || ca || location.url.startsWith('tls:') ? 'tls' : 'nats'
}

/** The servers of the location, without login and query. */
function hostsOf({location}: SecureOptions): string {
  return location.url.replace(/^[a-z]+:\/\/(?:[^/?#]*@)?/i, '').replace(/[/?#].*$/s, '')
}

/** The section of OpenClaw's `config.yml` with which the gateway reaches every log by its one login. */
async function settingsText(
  logins: readonly Login[],
  passwords: ReadonlyMap<string, string>,
  options: SecureOptions,
  nats: Nats,
): Promise<string> {
  const gateway = logins.find(({kind}) => kind === 'gateway')!
  const [shared, ...own] = gateway.logs
  const namesIn = ({stream, prefix}: SecuredLog) => ({streamName: stream, subjectPrefix: prefix})
  const eventStore = {
    enabled: true,
    url: urlOf(gateway, passwords.get(gateway.user)!, options, nats),
    ...namesIn(shared!),
    ...(options.ca !== undefined && {tls: {ca: path.resolve(options.ca)}}),
    agents: Object.fromEntries(own.map((log) => [log.agent, namesIn(log)])),
  }
  const {stringify} = (await import('yaml')).default
  return `# For config.yml in OpenClaw's state directory. Holds a password.\n${stringify({gateway: {eventStore}})}`
}

function serverOptions({folder, listen, storeDir, tls}: SecureOptions): ServerOptions {
  const absolute = tls && {cert: path.resolve(tls.cert), key: path.resolve(tls.key)}
  return {listen, storeDir: path.resolve(storeDir ?? path.join(folder, 'data')), tls: absolute, include: accountsFile}
}

async function makeFolder(folder: string): Promise<void> {
  try {
    // A folder that was there may be shared on purpose: its files are not.
    if ((await mkdir(folder, {recursive: true, mode: 0o700})) !== undefined) await chmod(folder, 0o700)
  } catch (thrown) {
    throw new ClawError('FAILED', `cannot make the folder ${folder}: ${messageOf(thrown)}`)
  }
}

/** Written beside and renamed, so that it is never half there, and never readable by others. */
async function writeSecret(file: string, text: string): Promise<void> {
  const beside = `${file}.new`
  await writeFile(beside, text, {mode: 0o600})
  await chmod(beside, 0o600)
  await rename(beside, file)
}
