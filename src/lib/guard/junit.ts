import type {CaseResult} from './cases.ts'

/** Results of several files as JUnit XML, which CI systems show test by test. */
export function junitXml(suites: ReadonlyArray<{name: string; results: readonly CaseResult[]}>): string {
  const all = suites.flatMap(({results}) => results)
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites ${counts(all)}>`]
  for (const {name, results} of suites) {
    lines.push(`  <testsuite name="${escaped(name)}" ${counts(results)}>`)
    for (const {note, ok, failures} of results) {
      const open = `    <testcase name="${escaped(note)}" classname="${escaped(name)}"`
      if (ok) lines.push(`${open}/>`)
      else {
        const text = failures
          .map(({call, want, got}) => `call ${call}: wanted ${JSON.stringify(want)}, got ${JSON.stringify(got)}`)
          .join('\n')
        lines.push(
          `${open}>`,
          `      <failure message="${escaped(text.split('\n', 1)[0]!)}">${escaped(text)}</failure>`,
          '    </testcase>',
        )
      }
    }
    lines.push('  </testsuite>')
  }
  return [...lines, '</testsuites>', ''].join('\n')
}

function counts(results: readonly CaseResult[]): string {
  return `tests="${results.length}" failures="${results.filter(({ok}) => !ok).length}"`
}

/** XML 1.0 has no escape for control characters: they are shown as a replacement character. */
function escaped(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    '\n': '&#10;',
    '\t': '&#9;',
    '\r': '&#13;',
  }
  return text
    .toWellFormed()
    .replace(/[&<>"\n\t\r]/g, (character) => entities[character]!)
    .replace(/[\u0000-\u001f\ufffe\uffff]/g, '\ufffd')
}
