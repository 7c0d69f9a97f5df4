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
  /** Who logs in to it, if anybody. */
  user?: User
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
 * The accounts of a server on which nobody can reach more than was said. Each log is in an account of its own that
 * nobody logs in to, and every login is in an account of its own that imports exactly the requests that it may make.
 * Rights on subjects alone would not do: in one account with a stream, whoever may ask anything can name any subject for
 * the answer, and so have the server write into the stream, or empty it.
 */
export function planAccounts({logs, readers, tokenOf, inboxOf}: PlanOptions): Account[] {
  const agents = logs.filter(({agent}) => agent !== undefined)
  const logins: Login[] = [
    {user: 'admin', kind: 'admin', logs},
    {user: 'gateway', kind: 'gateway', logs},
    ...agents.map((log): Login => ({user: `agent-${tokenOf(log.agent!)}`, kind: 'agent', logs: [log]})),
    ...readers.map(({name, agents: names}): Login => {
      const mine = names === 'all' ? logs : names.map((agent) => logOf(logs, agent))
      return {user: `reader-${tokenOf(name)}`, kind: 'reader', logs: mine}
    }),
  ]
  const nameOf = ({agent}: SecuredLog) => (agent === undefined ? 'LOG' : `LOG-${tokenOf(agent)}`)
  return [
    ...logs.map((log) => logAccount(nameOf(log), log, logins)),
    ...logins.map((login) => userAccount(login, nameOf, inboxOf)),
  ]
}

function logAccount(name: string, log: SecuredLog, logins: readonly Login[]): Account {
  const {read, append, manage} = log.rights
  const exports = [...read, ...append, ...manage].map((right) => ({
    right,
    accounts: logins.filter((login) => rightsOf(login, log).includes(right)).map(accountOf),
  }))
  return {name, log, exports, imports: []}
}

function userAccount(login: Login, nameOf: (log: SecuredLog) => string, inboxOf: PlanOptions['inboxOf']): Account {
  const imports = login.logs.flatMap((log) => rightsOf(login, log).map((right) => ({right, account: nameOf(log)})))
  const publish = imports.map(({right}) => right.as)
  return {name: accountOf(login), user: {login, publish, inbox: inboxOf(login.user)}, exports: [], imports}
}

/** What a login may do with a log. */
function rightsOf({kind, logs}: Login, log: SecuredLog): readonly Right[] {
  if (!logs.includes(log)) return []
  const {read, append, manage} = log.rights
  if (kind === 'reader') return read
  return kind === 'admin' ? [...read, ...append, ...manage] : [...read, ...append]
}

function accountOf({user}: Login): string {
  return `USER-${user}`
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
