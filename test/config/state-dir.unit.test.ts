import path from 'node:path'
import {describe, expect, it} from 'vitest'
import {eventsDbPath, hostConfigPath, inStateDirectory, stateDirectory} from '../../src/lib/config/state-dir.ts'

const home = '/home/ada'

describe('the state directory', () => {
  const cases: Array<[title: string, options: {state?: string; env: Record<string, string>}, want: string]> = [
    ['is ~/.openclaw', {env: {}}, '/home/ada/.openclaw'],
    ['is that of a profile', {env: {OPENCLAW_PROFILE: 'work'}}, '/home/ada/.openclaw-work'],
    ['is ~/.openclaw for the profile "default"', {env: {OPENCLAW_PROFILE: 'Default'}}, '/home/ada/.openclaw'],
    [
      'is the folder of OPENCLAW_CONFIG_PATH rather than that of a profile',
      {env: {OPENCLAW_CONFIG_PATH: '/etc/claw/openclaw.json', OPENCLAW_PROFILE: 'work'}},
      '/etc/claw',
    ],
    [
      'is OPENCLAW_STATE_DIR rather than the folder of the configuration',
      {env: {OPENCLAW_STATE_DIR: '/var/claw', OPENCLAW_CONFIG_PATH: '/etc/claw/openclaw.json'}},
      '/var/claw',
    ],
    ['is --state before all', {state: '/srv/claw', env: {OPENCLAW_STATE_DIR: '/var/claw'}}, '/srv/claw'],
    ['may start with ~', {env: {OPENCLAW_STATE_DIR: '~/claw'}}, '/home/ada/claw'],
    ['starts in OPENCLAW_HOME where the host does', {env: {OPENCLAW_HOME: '/srv/home'}}, '/srv/home/.openclaw'],
    ['is not named by blank variables', {env: {OPENCLAW_STATE_DIR: ' ', OPENCLAW_PROFILE: ''}}, '/home/ada/.openclaw'],
  ]

  it.each(cases)('%s', (_title, options, want) => {
    expect(stateDirectory({...options, home})).toBe(want)
  })

  it('is absolute where it was given relative to the working directory', () => {
    expect(stateDirectory({state: 'state', env: {}, home})).toBe(path.resolve('state'))
  })

  it('holds the embedded log', () => {
    expect(eventsDbPath('/var/claw')).toBe('/var/claw/claw-events/events.db')
  })

  it('is where relative paths of the configuration start', () => {
    expect(inStateDirectory('/var/claw', 'hooks/a.sh', home)).toBe('/var/claw/hooks/a.sh')
    expect(inStateDirectory('/var/claw', '/opt/a.sh', home)).toBe('/opt/a.sh')
    expect(inStateDirectory('/var/claw', '~/a.sh', home)).toBe('/home/ada/a.sh')
  })
})

describe("the host's configuration file", () => {
  it('is openclaw.json in the state directory', () => {
    expect(hostConfigPath({env: {OPENCLAW_PROFILE: 'work'}, home})).toBe('/home/ada/.openclaw-work/openclaw.json')
  })

  it('is the file that OPENCLAW_CONFIG_PATH names, also beside another state directory', () => {
    const env = {OPENCLAW_CONFIG_PATH: '/etc/claw/my.json5', OPENCLAW_STATE_DIR: '/var/claw'}
    expect(hostConfigPath({env, home})).toBe('/etc/claw/my.json5')
  })

  it('is that of the installation that --state names', () => {
    const env = {OPENCLAW_CONFIG_PATH: '/etc/claw/my.json5'}
    expect(hostConfigPath({state: '/srv/claw', env, home})).toBe('/srv/claw/openclaw.json')
  })
})
