import {spawn} from 'node:child_process'
import {chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {createServer} from 'node:net'
import {homedir, tmpdir} from 'node:os'
import path from 'node:path'
import {obtainOpenClaw} from '../../../scripts/openclaw.mjs'
import {type MockModel, startMockModel} from './mock-model.ts'

export const root = path.join(import.meta.dirname, '..', '..', '..')

/** The pinned runtime. */
const node = path.join(root, 'node_modules', 'node', 'bin', 'node')

export const token = 'e2e-token'

/** A plugin of the host's configuration: `plugins.entries.<id>`, and where it is loaded from unless it is installed. */
export interface PluginEntry {
  id: string
  /** Makes the folder, somewhere in the host's own. */
  folder?: (hostFolder: string) => string
  hooks?: Record<string, unknown>
  config?: Record<string, unknown>
}

export interface HostOptions {
  plugins?: PluginEntry[]
  tools?: Record<string, unknown>
  /** Added to `agents.defaults`. */
  agentDefaults?: Record<string, unknown>
}

/** One OpenClaw installation of its own: state, workspace, home, model, configuration. Nothing of it outlives `remove`. */
export interface Host {
  folder: string
  state: string
  workspace: string
  port: number
  model: MockModel
  env: Record<string, string>
  /** What the probe writes to (probe-records.ts). */
  probeFile: string
  /** Changes the configuration file, as an operator's editor does. */
  configure(change: (config: HostConfig) => void): void
  /** Runs `openclaw …` to its end. */
  run(args: readonly string[], timeoutMs?: number): Promise<{code: number | null; stdout: string; stderr: string}>
  remove(): Promise<void>
}

export interface HostConfig {
  tools: Record<string, unknown>
  plugins: {
    allow: string[]
    slots: Record<string, string>
    load: {paths: string[]}
    entries: Record<string, {enabled: boolean; hooks?: Record<string, unknown>; config?: Record<string, unknown>}>
  }
}

/** How `openclaw` is started in a host: program, arguments, environment. */
export function openclawCommand(args: readonly string[]): [command: string, args: string[]] {
  return [node, [obtainOpenClaw(), ...args]]
}

export async function makeHost(options: HostOptions = {}): Promise<Host> {
  const folder = mkdtempSync(path.join(tmpdir(), 'claw-openclaw-'))
  const [state, workspace, home] = ['state', 'workspace', 'home'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ]
  for (const one of [state, workspace, home]) mkdirSync(one)
  writeFileSync(path.join(workspace, 'notes.txt'), 'note line one\n')
  const probe = path.join(folder, 'probe')
  cpSync(path.join(import.meta.dirname, '..', 'probe'), probe, {recursive: true})
  // The host refuses plugins that others could change.
  chmodSync(probe, 0o755)
  const probeFile = path.join(folder, 'probe.ndjson')
  writeFileSync(probeFile, '')
  const model = await startMockModel()
  const port = await freePort()
  const configFile = path.join(state, 'openclaw.json')
  const env: Record<string, string> = {
    ...passedThrough(),
    PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}`,
    HOME: home,
    OPENCLAW_STATE_DIR: state,
    OPENCLAW_CONFIG_PATH: configFile,
    OPENCLAW_DISABLE_BONJOUR: '1',
    OPENCLAW_SKIP_CHANNELS: '1',
    NO_COLOR: '1',
  }
  const probeEntry = {
    id: 'claw-probe',
    folder: () => probe,
    hooks: {allowConversationAccess: true},
    config: {out: probeFile},
  }
  const config = configOf({folder, workspace, port, modelUrl: model.url}, options, [
    probeEntry,
    ...(options.plugins ?? []),
  ])
  writeFileSync(configFile, JSON.stringify(config, null, 2))

  return {
    folder,
    state,
    workspace,
    port,
    model,
    env,
    probeFile,
    configure(change) {
      const now: HostConfig = JSON.parse(readFileSync(configFile, 'utf8'))
      change(now)
      writeFileSync(configFile, JSON.stringify(now, null, 2))
    },
    run: (args, timeoutMs = 120_000) => runToEnd(args, {cwd: folder, env, timeoutMs}),
    async remove() {
      await model.close()
      rmSync(folder, {recursive: true, force: true, maxRetries: 5})
    },
  }
}

/** The least that a gateway needs to run agents on the mock model, with nothing of the outside world. */
function configOf(
  place: {folder: string; workspace: string; port: number; modelUrl: string},
  {tools = {}, agentDefaults}: HostOptions,
  plugins: readonly PluginEntry[],
): HostConfig & Record<string, unknown> {
  const {folder, workspace, port, modelUrl} = place
  const cost = {input: 0, output: 0, cacheRead: 0, cacheWrite: 0}
  const mock = {id: 'mock-1', name: 'Mock 1', reasoning: false, input: ['text'], cost, contextWindow: 128_000}
  return {
    gateway: {
      mode: 'local',
      bind: 'loopback',
      port,
      auth: {mode: 'token', token},
      controlUi: {enabled: false},
    },
    agents: {
      defaults: {
        workspace,
        skipBootstrap: true,
        heartbeat: {every: '0m'},
        model: {primary: 'mock/mock-1'},
        ...agentDefaults,
      },
    },
    // Unset, most tools hide behind tool_search.
    tools: {toolSearch: false, ...tools},
    // Unset, it lies in a folder that all hosts of the machine share.
    logging: {file: path.join(folder, 'gateway.jsonl')},
    models: {
      mode: 'replace',
      providers: {
        mock: {baseUrl: modelUrl, apiKey: 'mock', api: 'openai-completions', models: [{...mock, maxTokens: 4096}]},
      },
    },
    plugins: {
      allow: plugins.map(({id}) => id),
      slots: {memory: 'none'},
      load: {paths: plugins.flatMap(({folder: make}) => make?.(folder) ?? [])},
      entries: Object.fromEntries(
        plugins.map(({id, hooks, config}) => [
          id,
          {enabled: true, ...(hooks ? {hooks} : {}), ...(config ? {config} : {})},
        ]),
      ),
    },
  }
}

/** What installing from npm needs of the machine's own settings. */
function passedThrough(): Record<string, string> {
  const wanted = /^(npm_config_.*|https?_proxy|no_proxy|node_extra_ca_certs|ssl_cert_file)$/i
  const given = Object.entries(process.env).flatMap(
    ([name, value]): Array<[string, string]> => (wanted.test(name) && value !== undefined ? [[name, value]] : []),
  )
  return {
    npm_config_userconfig: path.join(homedir(), '.npmrc'),
    npm_config_cache: path.join(homedir(), '.npm'),
    ...Object.fromEntries(given),
  }
}

function runToEnd(
  args: readonly string[],
  {cwd, env, timeoutMs}: {cwd: string; env: Record<string, string>; timeoutMs: number},
): Promise<{code: number | null; stdout: string; stderr: string}> {
  return new Promise((resolve, reject) => {
    const child = spawn(...openclawCommand(args), {cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs})
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({code, stdout, stderr}))
  })
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}
