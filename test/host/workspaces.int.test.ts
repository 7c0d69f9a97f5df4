import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import {agentWorkspaces} from '../../src/lib/openclaw/workspaces.ts'

let state: string
beforeEach(() => {
  state = mkdtempSync(path.join(tmpdir(), 'claw-events-host-'))
})
afterEach(() => rmSync(state, {recursive: true}))

const configured = (text: string) => writeFileSync(path.join(state, 'openclaw.json'), text)
const ask = (query: {workspace?: string; agent?: string} = {}) =>
  agentWorkspaces({...query, state, env: {}, home: '/home/ada'})

describe('agent workspaces', () => {
  it("is the state directory's own for main where nothing is configured", async () => {
    expect(await ask()).toEqual([{agentId: 'main', workspace: path.join(state, 'workspace')}])
  })

  it('are what OpenClaw is configured with, comments and home included', async () => {
    configured(`{ // ours
      agents: {defaults: {workspace: '~/notes'}, entries: {scout: {workspace: '/srv/scout'}, plain: {}}},
    }`)
    expect(await ask()).toEqual([
      {agentId: 'main', workspace: '/home/ada/notes'},
      {agentId: 'scout', workspace: '/srv/scout'},
    ])
    expect(await ask({agent: 'scout'})).toEqual([{agentId: 'scout', workspace: '/srv/scout'}])
    expect(await ask({agent: 'plain'})).toEqual([{agentId: 'plain', workspace: '/home/ada/notes'}])
  })

  it('is the one that is named, for the agent that is named', async () => {
    expect(await ask({workspace: '/srv/x', agent: 'scout'})).toEqual([{agentId: 'scout', workspace: '/srv/x'}])
    expect(await ask({workspace: '/srv/x'})).toEqual([{agentId: 'main', workspace: '/srv/x'}])
  })

  it('says what is wrong with a configuration that cannot be read', async () => {
    configured('{agents: ')
    await expect(ask()).rejects.toMatchObject({code: 'CONFIG_INVALID', exit: 2})
  })
})
