import {ClawError, Exit} from '../errors.ts'
import type {LogRights, Right} from '../store/rights.ts'

/** A log that gets an account of its own on the server. */
export interface SecuredLog {
  /** Whose own log it is; absent: the one of everything else. */
  agent?: string
  stream: string
  prefix: string
  rights: LogRights
}

export interface Reader {
  name: string
  /** Agents whose logs it may read; `all`: every log. */
  agents: readonly string[] | 'all'
}

/** Who will log in, and to what. */
export interface Login {
  user: string
  kind: 'admin' | 'gateway' | 'agent' | 'reader'
  logs: readonly SecuredLog[]
}

export interface User {
  login: Login
  publish: readonly string[]
  /** What replies to it begin with; it may hear nothing else. */
  inbox: string
}

/** An account: a name space of its own, of which others see only what is exported to them. */
export interface Account {
  name: string
  /** The log that is kept in it, if any. */
  log?: SecuredLog
  users: readonly User[]
  exports: ReadonlyArray<{right: Right; accounts: readonly string[]}>
  imports: ReadonlyArray<{right: Right; account: string}>
}

export interface PlanOptions {
  logs: readonly SecuredLog[]
  readers: readonly Reader[]
  /** A text as a part of a name. */
  tokenOf: (text: string) => string
  inboxOf: (user: string) => string
}

/**
 * The accounts of a server on which nobody can reach more than was said. Each log is in an account of its own, because
 * rights on subjects alone would not do: a user who may read one stream can have the server deliver what is in it to
 * any subject of the account, and so into another's stream. Whoever is to reach several logs imports exactly what is
 * needed for it.
 */
export function planAccounts({logs, readers, tokenOf, inboxOf}: PlanOptions): Account[] {
  const readerLogins = readers.map(({name, agents}): Login => {
    const mine = agents === 'all' ? logs : agents.map((agent) => logOf(logs, agent))
    return {user: `reader-${tokenOf(name)}`, kind: 'reader', logs: mine}
  })
  const outside: Login[] = [
    {user: 'admin', kind: 'admin', logs},
    {user: 'gateway', kind: 'gateway', logs},
    ...readerLogins,
  ]
  return [
    ...logs.map((log) => logAccount(log, outside, {tokenOf, inboxOf})),
    ...outside.map((login) => outsideAccount(login, {tokenOf, inboxOf})),
  ]
}

type Names = Pick<PlanOptions, 'tokenOf' | 'inboxOf'>

function logAccount(log: SecuredLog, outside: readonly Login[], names: Names): Account {
  const {agent, rights} = log
  const user = agent === undefined ? undefined : `agent-${names.tokenOf(agent)}`
  const own: User[] = user
    ? [
        {
          login: {user, kind: 'agent', logs: [log]},
          publish: [...rights.read, ...rights.append].map(({subject}) => subject),
          inbox: names.inboxOf(user),
        },
      ]
    : []
  const exports = [...rights.read, ...rights.append, ...rights.manage].map((right) => ({
    right,
    accounts: outside.filter((login) => rightsOf(login, log).includes(right)).map(accountOf),
  }))
  return {name: logAccountName(log, names), log, users: own, exports, imports: []}
}

function outsideAccount(login: Login, names: Names): Account {
  const imports = login.logs.flatMap((log) =>
    rightsOf(login, log).map((right) => ({right, account: logAccountName(log, names)})),
  )
  const publish = imports.map(({right}) => right.as)
  return {name: accountOf(login), users: [{login, publish, inbox: names.inboxOf(login.user)}], exports: [], imports}
}

/** What a login of another account may do with a log. */
function rightsOf({kind, logs}: Login, log: SecuredLog): readonly Right[] {
  if (!logs.includes(log)) return []
  const {read, append, manage} = log.rights
  if (kind === 'reader') return read
  return kind === 'admin' ? [...read, ...append, ...manage] : [...read, ...append]
}

function accountOf({user}: Login): string {
  return `USER-${user}`
}

function logAccountName({agent}: SecuredLog, {tokenOf}: Names): string {
  return agent === undefined ? 'LOG' : `LOG-${tokenOf(agent)}`
}

function logOf(logs: readonly SecuredLog[], agent: string): SecuredLog {
  const log = logs.find((one) => one.agent === agent)
  if (log) return log
  const known = logs.flatMap((one) => one.agent ?? [])
  throw new ClawError('USAGE', `agent ${agent} has no log of its own that could be read`, {
    exit: Exit.usage,
    suggestions: [`name it with --agent ${agent}, too`, `agents with a log: ${known.join(', ') || 'none'}`],
  })
}
