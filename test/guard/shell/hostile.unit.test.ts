import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {lineLimit} from '../../../src/lib/guard/shell/analyse.ts'
import {commandsOf} from '../../../src/lib/guard/shell/compile-shell.ts'

/** Made to cost the most, and cut to what is still read. The limit is far above what they take, for slow machines. */
const timeLimitMs = 3000

const repeated: Record<string, string> = {
  'open substitutions': '$('.repeat(50_000),
  'closed substitutions': `${'$('.repeat(33_000)}x${')'.repeat(33_000)}`,
  'substitutions side by side': '$(x)'.repeat(25_000),
  'quoted open substitutions': '"$('.repeat(33_000),
  'backticks with escapes': '`\\`'.repeat(33_000),
  'here-documents': 'cat <<A '.repeat(12_500),
  'read here-documents': 'cat <<A\n$(x)\nA\n'.repeat(6000),
  braces: '{a,b}'.repeat(20_000),
  'nested braces': `x${'{a,{b,{c,{d,e}}}}'.repeat(5000)}`,
  wrappers: 'sudo '.repeat(20_000),
  evals: `${'eval '.repeat(20_000)}x`,
  xargs: 'xargs '.repeat(16_000),
  'many words in one': `${Array.from({length: 5}, (_, index) => `[ -f x ] && a=${index}; `).join('')}${'$a<(b)'.repeat(15_000)}`,
  'guesses inside guesses': 'foo run '.repeat(12_000),
  'patterns of file names': `cat ${'*/?[a-z]*.'.repeat(10_000)}`,
  'many words': `rm ${'a '.repeat(50_000)}`,
  'a doubling variable': 'a=$a$a;'.repeat(14_000),
  'a chain of variables': Array.from({length: 6000}, (_, index) => `a${index}=$a${index - 1}x`).join(';'),
  'functions that call two others': `${Array.from({length: 60}, (_, index) => `f${index}(){ f${index + 1}; f${index + 1}; }`).join(';')};f0`,
  'patterns of stars': `a=${'x'.repeat(120)};${`echo \${a//*x*x*x*y/z};`.repeat(4500)}`,
  'nested loops that set something': `${'for i in a b; do x=$x$i; '.repeat(200)}x;${'done;'.repeat(200)}`,
  branches: 'if a; then b; fi; '.repeat(5500),
  'find with many commands': `find ${'-exec a '.repeat(12_000)}`,
  'parallel with many inputs': `parallel {} ::: ${'a '.repeat(45_000)}`,
  awk: `awk '${'print a '.repeat(12_000)}'`,
  code: `node -e '${'require("a"+'.repeat(8000)}'`,
  'a long word': `echo ${'a'.repeat(100_000)}`,
}

describe('hostile command lines', () => {
  it.each(Object.entries(repeated))('is done in time with %s', (_name, line) => {
    const start = performance.now()
    for (const length of [3000, 12_000, lineLimit]) commandsOf(line.slice(0, length))
    expect(performance.now() - start).toBeLessThan(timeLimitMs)
  })

  it('does not understand what no shell could be given', () => {
    expect(commandsOf('a'.repeat(lineLimit + 1)).understood).toBe(false)
  })

  it('does not read what is dense with operators, but a program that a command writes down', () => {
    const code =
      'for (const name of list) {\n  if (name.length > 1 && isWanted(name)) found.push(name.toLowerCase())\n}\n'.repeat(
        400,
      )
    expect(commandsOf(`cat > a.js <<'EOF'\n${code}EOF\nnode a.js`).understood).toBe(true)
    expect(commandsOf('a|'.repeat(8001)).reasons).toEqual(['it has more than 8000 operators'])
  })

  it('gives up on more patterns and bodies of one function than anybody writes, which rules would have to look at', () => {
    expect(commandsOf(`ls ${'src/*.ts '.repeat(200)}`).understood).toBe(true)
    expect(commandsOf(`ls ${'src/*.ts '.repeat(2000)}`).understood).toBe(false)
    expect(commandsOf('f() { ls; }; '.repeat(20)).understood).toBe(true)
    expect(commandsOf('f() { ls; }; '.repeat(500)).understood).toBe(false)
  })

  it('does not understand a line that brings the characters we use ourselves', () => {
    expect(commandsOf('ls \uFDD0').understood).toBe(false)
  })

  it('never throws, whatever the line', () => {
    const pieces = fc.constantFrom(
      ...[
        '$',
        '(',
        ')',
        '{',
        '}',
        '`',
        '"',
        "'",
        '\\',
        ' ',
        '\n',
        ';',
        '&',
        '|',
        '<',
        '>',
        '<<',
        '=',
        '*',
        '[',
        ']',
        '!',
        '#',
        '~',
      ],
      ...[
        'a',
        'rm',
        '-rf',
        'sh',
        '-c',
        'eval',
        'sudo',
        'xargs',
        '$a',
        '${a',
        ':-',
        '//',
        '@',
        'if',
        'then',
        'fi',
        'for',
        'in',
        'do',
        'done',
      ],
      ...[
        'case',
        'esac',
        'function',
        'f()',
        'EOF',
        'echo',
        'printf',
        '%s',
        'base64',
        '-d',
        'read',
        'set',
        '--',
        'trap',
        'awk',
        'sed',
        'find',
        '-exec',
        '\0',
        '\u{1F600}',
      ],
    )
    fc.assert(
      fc.property(fc.array(pieces, {maxLength: 40}), (parts) => {
        commandsOf(parts.join(''))
        commandsOf(parts.join(' '))
      }),
      {numRuns: 2000, seed: 7},
    )
  })
})
