// openclaw.plugin.json, which OpenClaw reads before it loads the plugin. `node scripts/plugin-manifest.ts` writes it, every
// build runs that, and a test fails when it is stale.
import {readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import type {KeyPath} from '../src/lib/config/key-path.ts'
import {jsonSchema} from '../src/lib/config/schema.ts'
import {isSecretPath} from '../src/lib/config/secret-keys.ts'

type Schema = Record<string, unknown>

interface UiHint {
  sensitive?: boolean
  tags?: string[]
}

const root = path.join(import.meta.dirname, '..')
const {version, description} = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))

/** The manifest; its configuration schema is the one of src/lib/config/schema.ts. */
export function pluginManifest(): Record<string, unknown> {
  const schema = jsonSchema()
  return {
    id: 'claw-events',
    name: 'claw-events',
    description,
    version,
    // Without it the host never loads the plugin, and does not say so.
    activation: {onStartup: true},
    // `openclaw backup` then takes a consistent copy of the event log while it is written.
    backupResources: [{disposition: 'include', scope: 'state', relativePath: 'claw-events'}],
    uiHints: Object.fromEntries(hintsOf(schema)),
    configSchema: withoutDefaults(schema),
  }
}

/**
 * The host fills a plugin's configuration with the schema's defaults, and then nobody can tell any more what was
 * written from what was not, so that every other source of a key would be hidden. People still read them.
 */
function withoutDefaults(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutDefaults)
  if (!isSchema(schema)) return schema
  const {default: standard, ...rest} = schema
  const kept = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [
      key,
      // The names of properties are names, and not keywords.
      key === 'properties' || key === 'definitions' ? mapValues(value, withoutDefaults) : withoutDefaults(value),
    ]),
  )
  const isEmpty = standard === undefined || (typeof standard === 'object' && JSON.stringify(standard).length <= 2)
  if (isEmpty) return kept
  const described = [kept['description'], `default ${JSON.stringify(standard)}`].filter(Boolean).join('; ')
  return {...kept, description: described}
}

/** Which keys hold secrets, or URLs in which a login may stand: the host masks them where it shows the configuration. */
function hintsOf(schema: unknown, keys: KeyPath = []): Array<[string, UiHint]> {
  if (!isSchema(schema)) return []
  const {properties, items, additionalProperties, anyOf, oneOf} = schema
  if (isSchema(properties)) return Object.entries(properties).flatMap(([key, one]) => hintsOf(one, [...keys, key]))
  if (Array.isArray(anyOf ?? oneOf)) {
    return [...new Map(((anyOf ?? oneOf) as unknown[]).flatMap((one) => hintsOf(one, keys)))]
  }
  if (isSchema(items)) return hintsOf(items, [...keys.slice(0, -1), `${keys.at(-1)}[]`])
  if (isSchema(additionalProperties)) return hintsOf(additionalProperties, [...keys, '*'])
  if (schema['type'] !== 'string') return []
  const place = keys.join('.')
  const names = keys.map((key) => String(key).replace('[]', ''))
  if (isSecretPath(names)) return [[place, {sensitive: true}]]
  return /url$/i.test(names.at(-1) ?? '') ? [[place, {tags: ['url-secret']}]] : []
}

function mapValues(value: unknown, change: (inner: unknown) => unknown): unknown {
  if (!isSchema(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, change(inner)]))
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(path.join(root, 'openclaw.plugin.json'), `${JSON.stringify(pluginManifest(), null, 2)}\n`)
}
