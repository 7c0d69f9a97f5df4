import path from 'node:path'
import {ClawError, Exit} from '../errors.ts'
import {readDocument} from './document.ts'
import type {Fault} from './faults.ts'
import {expandReferences, hasReferences, hostVariables, resolveIncludes} from './host-references.ts'
import {type Fields, isFields} from './key-path.ts'
import {anySection, gatewaySection, hostSection, type PluginSection} from './plugin-section.ts'
import {
  type Environment,
  expandHome,
  homeDirectory,
  hostConfigPath,
  type StateOptions,
  stateDirectory,
} from './state-dir.ts'
import {unusable} from './unusable.ts'

export interface SourceOptions extends StateOptions {
  /** `--config`: goes before the host's files, key by key. */
  config?: string
  /** Nothing but `config`: no host's files, no environment. */
  only?: boolean
  /** The host's whole configuration as it handed it over, instead of what its file holds. */
  host?: unknown
}

/** What one file holds for us. */
export interface Source {
  /** How faults and origins name it. */
  name: string
  values: Fields
}

export interface Sources {
  stateDir: string
  /** The first that has a key wins. */
  files: Source[]
  faults: Fault[]
  notes: string[]
  /** How long the host lets a before_tool_call hook take, where its configuration says so. */
  hookBudgetMs?: number
}

/** Finds and reads the configuration files. Throws CONFIG_INVALID only for a `--config` that is not there. */
export async function readSources(options: SourceOptions): Promise<Sources> {
  const found: Sources = {stateDir: stateDirectory(options), files: [], faults: [], notes: []}
  if (options.config !== undefined) await addNamedFile(found, options.config, options)
  if (options.only) return found
  if (options.host === undefined) await addHostFile(found, options)
  else add(found, {name: "the host's configuration"}, hostSection(options.host))
  const gatewayFile = path.join(found.stateDir, 'config.yml')
  await addDocument(found, {file: gatewayFile, name: 'config.yml', part: 'eventStore', pick: gatewaySection})
  return found
}

async function addNamedFile(found: Sources, config: string, {env, home}: StateOptions): Promise<void> {
  const file = path.resolve(expandHome(config, homeDirectory({env, home})))
  if (await addDocument(found, {file, name: config, pick: anySection, env})) return
  throw new ClawError('CONFIG_INVALID', `there is no configuration file ${config}`, {
    exit: Exit.usage,
    suggestions: ['check the path after --config, or leave it out to use what OpenClaw uses'],
  })
}

async function addHostFile(found: Sources, options: SourceOptions): Promise<void> {
  const file = hostConfigPath(options)
  const isThere = await addDocument(found, {file, name: path.basename(file), pick: hostSection, env: options.env})
  if (!isThere && options.env['OPENCLAW_CONFIG_PATH'] && !options.state) {
    found.notes.push(`OPENCLAW_CONFIG_PATH names ${file}, which is not there`)
  }
}

interface Wanted {
  file: string
  name: string
  /** All that the file can hold for us; faults of the whole file are then faults of that. */
  part?: string
  pick: (document: unknown) => PluginSection
  /** Given for files in which the host replaces `${NAME}` and `$include`. */
  env?: Environment
}

/** Whether the file is there. */
async function addDocument(found: Sources, wanted: Wanted): Promise<boolean> {
  const {value, fault} = await readDocument(wanted.file, wanted.name)
  if (fault !== undefined) found.faults.push({...fault, path: wanted.part ?? ''})
  else if (value === undefined) return false
  else if (!isFields(value)) found.faults.push({path: wanted.part ?? '', source: wanted.name, ...notAnObject(value)})
  else add(found, wanted, await resolved(found, wanted, value))
  return true
}

async function resolved(found: Sources, {file, name, pick, env}: Wanted, document: unknown): Promise<PluginSection> {
  const problem = unusable(document)
  if (problem !== undefined || env === undefined) return pick(document)
  const isSplit = JSON.stringify(document).includes('"$include"')
  const whole = isSplit ? await resolveIncludes(document, {file, faults: found.faults}) : document
  const section = pick(whole)
  if (!hasReferences(section.values)) return section
  const missing = new Set<string>()
  const variables = await hostVariables(isFields(whole) ? whole : {}, {env, stateDir: found.stateDir})
  const values = expandReferences(section.values, variables, missing) as Fields
  for (const variable of missing) found.notes.push(`${name} refers to \${${variable}}, which is not set`)
  return {...section, values}
}

function add(
  found: Sources,
  {name, part = ''}: Pick<Wanted, 'name' | 'part'>,
  {values, hookBudgetMs, notes, misplaced = []}: PluginSection,
): void {
  const problem = isFields(values) ? unusable(values) : notAnObject(values)
  found.notes.push(...notes)
  for (const {key, belongs} of misplaced) {
    const expected = 'a key that is known'
    found.faults.push({path: key, source: name, expected, found: JSON.stringify(key), suggestion: belongs})
  }
  found.hookBudgetMs ??= hookBudgetMs
  if (problem === undefined) found.files.push({name, values})
  else found.faults.push({path: part, source: name, ...problem})
}

function notAnObject(value: unknown): Pick<Fault, 'expected' | 'found'> {
  const found = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`
  return {expected: 'an object', found}
}
