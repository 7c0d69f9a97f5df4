// Pages that come from the code's own tables. `node scripts/docs.ts` writes them; a test fails when one is stale.
import {writeFileSync} from 'node:fs'
import path from 'node:path'
import {replaced} from '../src/lib/config/replaced.ts'
import {jsonSchema} from '../src/lib/config/schema.ts'
import {catalogue} from '../src/lib/event/catalogue.ts'
import {compatibilityPage} from './compatibility.ts'

const folder = path.join(import.meta.dirname, '..', 'docs')

/** docs/events.md: every stored type by category. */
export function eventsPage(): string {
  const categories = [...new Set([...catalogue.values()].map(({category}) => category))]
  const sections = categories.map((category) => {
    const rows = [...catalogue].filter(([, entry]) => entry.category === category)
    const lines = rows.map(
      ([type, {hook, fields, summary}]) =>
        `| \`${type}\` | ${summary} | ${hook && `\`${hook}\``} | ${fields.map((field) => `\`${field}\``).join(' ')} |`,
    )
    return `## ${category}\n\n| type | | source | fields of \`data\` |\n|---|---|---|---|\n${lines.join('\n')}\n`
  })
  return `# Event types

Made from \`src/lib/event/catalogue.ts\` by \`node scripts/docs.ts\`. A fact is stored once, under one of these types or a
custom one of your own (dotted, lower case). Readers also understand the names that other tools use; the original is kept
in \`eventName\`. A host may add fields to \`data\`; none is dropped.

${sections.join('\n')}`
}

interface Schema {
  type?: string
  description?: string
  default?: unknown
  enum?: unknown[]
  properties?: Record<string, Schema>
  items?: Schema
  additionalProperties?: Schema | boolean
}

/** docs/configuration.md: every key of the schema. */
export function configurationPage(): string {
  const sections = Object.entries(schemaProperties()).map(([name, schema]) => {
    const rows = rowsOf(name, schema).map(([key, about, standard]) => `| \`${key}\` | ${about} | ${standard} |`)
    return `## ${name}\n\n| key | | default |\n|---|---|---|\n${rows.join('\n')}\n`
  })
  return `# Configuration

Made from \`src/lib/config/schema.ts\` by \`node scripts/docs.ts\`. Found in, key by key, the first that has it:

1. the environment: \`CLAW_EVENTS_<PATH>\` (\`eventStore.retention.maxAge\` is \`CLAW_EVENTS_EVENT_STORE_RETENTION_MAX_AGE\`),
   then the event-server plugin's \`EVENT_PLUGIN_*\`; each sets its own key and nothing else;
2. the file that \`--config\` names;
3. \`plugins.entries["claw-events"].config\` in OpenClaw's \`openclaw.json\`, or that of \`"event-server-plugin"\` as it is;
4. \`gateway.eventStore\` in \`config.yml\` of the state directory.

\`claw-events config check\` names every fault at once, and each key that is set and does nothing here; \`claw-events config
show\` tells where each value comes from. The store alone is also given by \`--store\` and \`CLAW_EVENTS_STORE\`. Commands
use \`eventStore\`, the guard and its actions in \`hookBridge\`, \`context\` and \`redaction.replacement\`; everything else is
for the plugin and for \`claw-events serve\`.

A login in \`--store\` can be seen for a moment by everybody on the machine who lists its processes, until the command has
hidden it; never one in \`CLAW_EVENTS_STORE\`, in \`eventStore.url\`, or in the file that \`eventStore.credsFile\` names.

${sections.join('\n')}`
}

function schemaProperties(): Record<string, Schema> {
  return (jsonSchema() as Schema).properties ?? {}
}

/** One row a key that holds a value; objects are walked, lists and maps by their items as \`[]\` and \`.*\`. */
function rowsOf(key: string, schema: Schema): Array<[key: string, about: string, standard: string]> {
  const {properties, items, additionalProperties, description = '', default: standard} = schema
  const about = replaced[key] === undefined ? aboutOf(schema) : `Not used: ${replaced[key]}`
  const own: [string, string, string] = [key, escaped(about), standardOf(standard)]
  const inner = properties
    ? Object.entries(properties).flatMap(([name, value]) => rowsOf(`${key}.${name}`, value))
    : items?.properties
      ? rowsOf(`${key}[]`, items)
      : typeof additionalProperties === 'object' && additionalProperties.properties
        ? rowsOf(`${key}.*`, additionalProperties)
        : []
  if (inner.length === 0) return [own]
  return description ? [own, ...inner] : inner
}

function aboutOf({description = '', enum: values}: Schema): string {
  const choices = values ? values.map((value) => `\`${value}\``).join(', ') : ''
  return [description, choices].filter((text) => text !== '').join(': ')
}

function standardOf(standard: unknown): string {
  const isEmpty = standard === undefined || (typeof standard === 'object' && JSON.stringify(standard).length <= 2)
  return isEmpty ? '' : `\`${escaped(JSON.stringify(standard))}\``
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|')
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(path.join(folder, 'events.md'), eventsPage())
  writeFileSync(path.join(folder, 'configuration.md'), configurationPage())
  writeFileSync(path.join(folder, 'compatibility.md'), compatibilityPage())
}
