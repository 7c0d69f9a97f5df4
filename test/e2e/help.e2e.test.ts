import {mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {afterAll, describe, expect, it} from 'vitest'
import {bin, sandbox} from '../run-bin.ts'

const root = path.join(import.meta.dirname, '..', '..')
const manifest = JSON.parse(readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8')) as {
  commands: Record<
    string,
    {id: string; aliases: string[]; summary: string; examples: Array<{description: string; command: string}>}
  >
}
const commands = Object.values(manifest.commands)
const box = sandbox()
afterAll(() => box.remove())

describe('help', () => {
  it.each(commands.map(({id}) => [id.replaceAll(':', ' ')]))(
    '%s --help shows usage, examples and exits 0',
    async (id) => {
      const {code, stdout, stderr} = await box.run([...id.split(' '), '--help'])
      expect(stderr).toBe('')
      expect(code).toBe(0)
      expect(stdout).toContain('USAGE')
      expect(stdout).toContain('EXAMPLES')
      expect(stdout).not.toMatch(/\u001b/)
    },
  )

  it.each(['--help', '-h', 'help'])('claw-events %s lists every command', async (word) => {
    const {code, stdout} = await box.run([word])
    expect(code).toBe(0)
    for (const {id} of commands.filter(({id}) => !id.includes(':'))) expect(stdout).toContain(id)
    expect(stdout).toContain('stream')
  })

  it('shows the same help for a command whichever way it is asked', async () => {
    const [a, b] = await Promise.all([box.run(['help', 'query']), box.run(['query', '-h'])])
    expect(a.stdout).toBe(b.stdout)
  })

  it('quotes every glob in examples, so that zsh does not expand it', () => {
    for (const {examples} of commands) {
      for (const {command} of examples) expect(command.replaceAll(/'[^']*'|"[^"]*"/g, '')).not.toMatch(/[*?]/)
    }
  })

  it('prints the version', async () => {
    const {code, stdout} = await box.run(['--version'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^claw-events\/\d+\.\d+\.\d+/)
  })

  it('shows how to start what is no command of ours as a command line, too', () => {
    for (const {examples} of commands) {
      for (const {command} of examples) expect(command).toMatch(/^(<%= config\.bin %> |\$ )/)
    }
  })

  it('completes in a new bash what the examples set up', async () => {
    const {spawnSync} = await import('node:child_process')
    const tools = path.join(box.folder, 'tools')
    mkdirSync(tools)
    writeFileSync(path.join(tools, 'claw-events'), `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`, {
      mode: 0o755,
    })
    const env = {...box.env, PATH: `${tools}:${box.env.PATH}`}
    const [now, forGood] = commands
      .find(({id}) => id === 'completion')!
      .examples.map(({command}) => command.replaceAll('<%= config.bin %>', 'claw-events').replace(/^\$ /, ''))
    const shell = (script: string) => spawnSync('bash', ['-c', script], {encoding: 'utf8', env, cwd: box.folder})
    expect(shell(`${now}; complete -p claw-events`).stdout).toBe('complete -F _claw_events claw-events\n')
    expect(shell(`${forGood}; . ~/.bashrc; complete -p claw-events`).stdout).toContain('-F _claw_events')
  })

  it('prints completion scripts that their shells accept', async () => {
    const {stdout} = await box.run(['completion', 'bash'])
    const {spawnSync} = await import('node:child_process')
    expect(spawnSync('bash', ['-n'], {input: stdout, encoding: 'utf8'})).toMatchObject({status: 0, stderr: ''})
    const reply = spawnSync(
      'bash',
      ['-c', `${stdout}\nCOMP_WORDS=(claw-events stream pr); COMP_CWORD=2; _claw_events; echo "\${COMPREPLY[*]}"`],
      {encoding: 'utf8'},
    )
    expect(reply.stdout.trim()).toBe('prune')
  })
})
