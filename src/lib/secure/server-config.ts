import type {Account, User} from './plan.ts'

/** The accounts in nats-server's configuration language. `hashOf` gives the bcrypt hash of a user's password. */
export function accountsText(
  accounts: readonly Account[],
  {hashOf, maxBytes}: {hashOf: (user: string) => string; maxBytes?: number},
): string {
  const lines = accounts.flatMap((account) => [...accountLines(account, hashOf, maxBytes), ''])
  return [
    '# Written by `claw-events stream secure`, which writes it anew when it is run again: change nothing here.',
    '# Passwords are bcrypt hashes. Each log and each login has an account of its own; what a login may do is imported.',
    'accounts {',
    ...indented(lines.slice(0, -1)),
    '}',
    '',
  ].join('\n')
}

function accountLines(
  {name, log, user, exports, imports}: Account,
  hashOf: (user: string) => string,
  maxBytes?: number,
) {
  const limits = maxBytes === undefined ? 'enabled' : `{max_mem: 0, max_file: ${maxBytes}}`
  return [
    `${quoted(name)}: {`,
    ...indented([
      ...(log ? [`jetstream: ${limits}`] : []),
      ...block('users', user ? userLines(user, hashOf) : []),
      ...block(
        'exports',
        exports.map(({right, accounts}) => {
          const answers = right.answers === 'many' ? ', response_type: stream' : ''
          return `{service: ${quoted(right.subject)}${answers}, accounts: [${accounts.map(quoted).join(', ')}]}`
        }),
      ),
      ...block(
        'imports',
        imports.map(({right: {subject, as}, account}) => {
          const to = as === subject ? '' : `, to: ${quoted(as)}`
          return `{service: {account: ${quoted(account)}, subject: ${quoted(subject)}}${to}}`
        }),
      ),
    ]),
    '}',
  ]
}

function userLines({login, publish, inbox}: User, hashOf: (user: string) => string): string[] {
  return [
    `{user: ${quoted(login.user)}, password: ${quoted(hashOf(login.user))}, permissions: {`,
    ...indented([
      'publish: {allow: [',
      ...indented(publish.map(quoted)),
      ']}',
      `subscribe: {allow: [${quoted(`${inbox}.>`)}]}`,
    ]),
    '}}',
  ]
}

function block(name: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${name}: [`, ...indented(lines), ']']
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? line : `  ${line}`))
}

export interface ServerOptions {
  /** `host:port`. */
  listen: string
  /** Where JetStream keeps its files. */
  storeDir: string
  /** Paths of PEM files. */
  tls?: {cert: string; key: string}
  /** The file with the accounts, beside this one. */
  include: string
}

/** The rest of the configuration, for the operator to change: where it listens, where it keeps its files, TLS. */
export function serverText({listen, storeDir, tls, include}: ServerOptions): string {
  return [
    '# Written by `claw-events stream secure` once: change what you like.',
    `listen: ${quoted(listen)}`,
    `jetstream {store_dir: ${quoted(storeDir)}}`,
    ...(tls ? [`tls {cert_file: ${quoted(tls.cert)}, key_file: ${quoted(tls.key)}}`] : []),
    `include ${quoted(include)}`,
    '',
  ].join('\n')
}

/** A text of that language, in which a `$` outside of quotes would name a variable. */
function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')}"`
}
