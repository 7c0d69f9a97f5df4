import {execFileSync} from 'node:child_process'
import {createHash} from 'node:crypto'
import {writeFileSync} from 'node:fs'
import path from 'node:path'
import {createAccount, createOperator, createUser, type KeyPair} from '@nats-io/nkeys'

/** Puts `ca.pem`, `server.pem` and `server.key` for 127.0.0.1 into a folder. */
export function makeCertificates(folder: string): void {
  const openssl = (...args: string[]) => execFileSync('openssl', args, {cwd: folder, stdio: 'pipe'})
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=test authority')
  openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost')
  writeFileSync(path.join(folder, 'names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost')
  const authority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names']
  openssl('x509', '-req', '-in', 'server.csr', ...authority, '-out', 'server.pem', '-days', '2')
}

/** A server configuration with an operator and one account, and the credentials file of a user of it. */
export function makeOperator(): {config: string; creds: string} {
  const operator = createOperator()
  const account = createAccount()
  const user = createUser()
  const limits = {subs: -1, conn: -1, leaf: -1, imports: -1, exports: -1, data: -1, payload: -1, wildcards: true}
  const jetstream = {mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1}
  const operatorJwt = jwt(operator, operator, {type: 'operator', version: 2})
  const accountJwt = jwt(operator, account, {type: 'account', version: 2, limits: {...limits, ...jetstream}})
  const userJwt = jwt(account, user, {type: 'user', version: 2, pub: {}, sub: {}, subs: -1, data: -1, payload: -1})
  const system = createAccount()
  const accounts = [
    `${account.getPublicKey()}: ${accountJwt}`,
    `${system.getPublicKey()}: ${jwt(operator, system, {type: 'account', version: 2, limits})}`,
  ]
  const config = [
    `operator: ${operatorJwt}`,
    `system_account: ${system.getPublicKey()}`,
    'resolver: MEMORY',
    `resolver_preload: {${accounts.join(', ')}}`,
  ].join('\n')
  const seed = new TextDecoder().decode(user.getSeed())
  const block = (name: string, text: string) => `-----BEGIN ${name}-----\n${text}\n------END ${name}------\n`
  return {config, creds: `${block('NATS USER JWT', userJwt)}\n${block('USER NKEY SEED', seed)}`}
}

/** A claim as nats-server reads it: `jti` is a digest of the claim without it. */
function jwt(issuer: KeyPair, subject: KeyPair, nats: Record<string, unknown>): string {
  const claim = {iss: issuer.getPublicKey(), sub: subject.getPublicKey(), name: 'test', iat: 1_790_000_000, nats}
  const jti = createHash('sha256').update(JSON.stringify(claim)).digest('hex').toUpperCase()
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${encode({typ: 'JWT', alg: 'ed25519-nkey'})}.${encode({...claim, jti})}`
  return `${text}.${Buffer.from(issuer.sign(new TextEncoder().encode(text))).toString('base64url')}`
}
