// Pages that come from the code's own tables. `node scripts/docs.ts` writes them; a test fails when one is stale.
import {writeFileSync} from 'node:fs'
import path from 'node:path'
import {catalogue} from '../src/lib/event/catalogue.ts'

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

if (process.argv[1] === import.meta.filename) writeFileSync(path.join(folder, 'events.md'), eventsPage())
