import {chmodSync, symlinkSync} from 'node:fs'
import path from 'node:path'
import {describe, expect, it} from 'vitest'
import {formatFaults} from '../../src/lib/config/faults.ts'
import {loadConfig} from '../../src/lib/config/load.ts'
import {readSecretFile, secretFileFault} from '../../src/lib/config/secret-file.ts'
import {hostFile, tempState} from './temp-state.ts'

function secretFile(mode: number, content = 'the secret\n'): string {
  const file = path.join(tempState({secret: content}), 'secret')
  chmodSync(file, mode)
  return file
}

describe('a secret file', () => {
  it.each([0o600, 0o400])('of mode %o is read, without blanks around the secret', async (mode) => {
    expect(await readSecretFile(secretFile(mode))).toBe('the secret')
  })

  it.each([
    [0o644, '0644'],
    [0o640, '0640'],
    [0o602, '0602'],
  ])('of mode %o is refused', async (mode, shown) => {
    const file = secretFile(mode)
    expect(await secretFileFault(file)).toBe(`${file}, which others can read (mode ${shown})`)
    await expect(readSecretFile(file)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      exit: 2,
      suggestions: [`chmod 600 ${file}`],
    })
  })

  it('is refused behind a link as well', async () => {
    const link = path.join(tempState(), 'link')
    symlinkSync(secretFile(0o644), link)
    expect(await secretFileFault(link)).toContain('others can read')
  })

  it('that is missing or empty is no secret', async () => {
    expect(await secretFileFault('/nowhere/secret')).toBe('/nowhere/secret, which is not there')
    await expect(readSecretFile(secretFile(0o600, ' \n'))).rejects.toMatchObject({code: 'CONFIG_INVALID'})
  })

  it('of the configuration is looked at in the state directory', async () => {
    const config = {
      security: {hmac: {enabled: true}},
      eventStore: {credsFile: 'my.creds', agents: {a: {nkeyFile: 'a.nk'}}},
    }
    const state = tempState({...hostFile(config), '.event-plugin-hmac.secret': 'x', 'my.creds': 'x', 'a.nk': 'x'})
    expect((await loadConfig({state, env: {}})).faults).toEqual([])
    for (const name of ['.event-plugin-hmac.secret', 'my.creds', 'a.nk']) chmodSync(path.join(state, name), 0o644)
    const {faults} = await loadConfig({state, env: {}})
    expect(formatFaults(faults).split('\n')).toEqual(
      [
        ['openclaw.json: security.hmac.secretFilePath', '.event-plugin-hmac.secret'],
        ['openclaw.json: eventStore.credsFile', 'my.creds'],
        ['openclaw.json: eventStore.agents.a.nkeyFile', 'a.nk'],
      ].map(
        ([place, name]) =>
          `${place}: expected a file that only its owner can read (chmod 600), found ${state}/${name}, which others can read (mode 0644)`,
      ),
    )
  })

  it('is not needed beside an inline secret', async () => {
    const state = tempState(hostFile({security: {hmac: {enabled: true, secret: 'inline'}}}))
    expect((await loadConfig({state, env: {}})).faults).toEqual([])
  })
})
