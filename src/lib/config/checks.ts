import {isIP} from 'node:net'
import {faultAt} from './fault-at.ts'
import type {Fault} from './faults.ts'
import type {KeyPath} from './key-path.ts'
import type {Origins} from './layers.ts'
import type {Config} from './schema.ts'
import {secretFileFault, secretFileForm} from './secret-file.ts'
import {inStateDirectory} from './state-dir.ts'

export interface CheckContext {
  origins: Origins
  stateDir: string
  home?: string
}

/** What takes more than one key, or a look at a file, to see. */
export async function checkConfig(config: Config, context: CheckContext): Promise<Fault[]> {
  return [
    ...checkWebSocket(config, context),
    ...checkWebhookNames(config, context),
    ...(await checkFiles(config, context)),
  ]
}

function checkWebSocket({enabled, security: {ws}}: Config, context: CheckContext): Fault[] {
  const hasToken = ws.authToken !== undefined || ws.tokens.length > 0
  if (!enabled || !ws.enabled || hasToken) return []
  const faults: Fault[] = []
  if (!isLoopback(ws.bindAddress)) {
    const expected = 'a loopback address, or a token in security.ws.authToken beside it'
    faults.push(faultAt(context, ['security', 'ws', 'bindAddress'], {expected, found: JSON.stringify(ws.bindAddress)}))
  }
  if (ws.requireAuth) {
    const expected = 'a token in security.ws.authToken beside it'
    faults.push(faultAt(context, ['security', 'ws', 'requireAuth'], {expected, found: 'none'}))
  }
  return faults
}

/** The place of an endpoint in the log, and what waits for it, are kept under its name. */
function checkWebhookNames({webhooks}: Config, context: CheckContext): Fault[] {
  const seen = new Set<string>()
  return webhooks.flatMap(({name}, index) => {
    const isTaken = name !== undefined && seen.has(name)
    if (name !== undefined) seen.add(name)
    const expected = 'a name that no other endpoint has'
    return isTaken ? [faultAt(context, ['webhooks', index, 'name'], {expected, found: JSON.stringify(name)})] : []
  })
}

/** Whether an address or name, as written in a configuration, a `Host` or a URL, is this machine only. */
export function isLoopback(address: string): boolean {
  const bare = address.toLowerCase().replace(/^\[|\]$/g, '')
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'))
}

async function checkFiles(config: Config, context: CheckContext): Promise<Fault[]> {
  const faults: Fault[] = []
  for (const [path, file] of secretFiles(config)) {
    const found = await secretFileFault(inStateDirectory(context.stateDir, file, context.home))
    if (found !== undefined) faults.push(faultAt(context, path, {expected: secretFileForm, found}))
  }
  return faults
}

function secretFiles({eventStore, security: {hmac}}: Config): Array<[path: KeyPath, file: string]> {
  const wanted: Array<[KeyPath, string | undefined]> = []
  if (hmac.enabled && hmac.secret === undefined)
    wanted.push([['security', 'hmac', 'secretFilePath'], hmac.secretFilePath])
  if (eventStore.enabled) {
    wanted.push(
      [['eventStore', 'credsFile'], eventStore.credsFile],
      [['eventStore', 'nkeyFile'], eventStore.nkeyFile],
      [['eventStore', 'tls', 'key'], eventStore.tls?.key],
    )
    for (const [agent, {credsFile, nkeyFile}] of Object.entries(eventStore.agents)) {
      wanted.push(
        [['eventStore', 'agents', agent, 'credsFile'], credsFile],
        [['eventStore', 'agents', agent, 'nkeyFile'], nkeyFile],
      )
    }
  }
  return wanted.flatMap(([path, file]) => (file === undefined ? [] : [[path, file]]))
}
