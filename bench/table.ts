import {readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {type BenchRow, rowText} from './harness.ts'

const file = path.join(import.meta.dirname, '..', 'docs', 'performance.md')

/** Puts the rows of a bench into the document, in the place of those of the run before; throws where it has no place. */
export function writeTable(name: string, rows: readonly BenchRow[]): void {
  const [begin, end] = [`<!-- bench: ${name} -->`, '<!-- end -->']
  const text = readFileSync(file, 'utf8')
  const from = text.indexOf(begin)
  const to = text.indexOf(end, from)
  if (from < 0 || to < 0) throw new Error(`docs/performance.md has no place for ${name}: ${begin} … ${end}`)
  const head = '| claim | ours | peer or limit | ratio | aim | |\n|---|---|---|---|---|---|'
  const table = [head, ...rows.map((row) => `| ${rowText(row)} |`)].join('\n')
  writeFileSync(file, `${text.slice(0, from)}${begin}\n${table}\n${text.slice(to)}`)
}
