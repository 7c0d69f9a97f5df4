import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {chmodSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import type {RunOutcome} from '../../src/lib/actions/outcome.ts'
import {createActionRunner} from '../../src/lib/actions/runner.ts'
import {nonceIn, type SlackStub, startSlack, stubToken} from './slack-stub.ts'

const scripts = path.join(import.meta.dirname, '../../examples/policies/scripts')
const humanId = 'U0HUMAN1'

let slack: SlackStub
let state: string
beforeEach(async () => {
  slack = await startSlack()
  state = mkdtempSync(path.join(os.tmpdir(), 'claw-approval-'))
  writeProfiles({channel: 'slack', target: 'channel:C0TEST1', allowedUserIds: [humanId], apiUrl: slack.url})
  writeFileSync(path.join(state, 'openclaw.json'), JSON.stringify({channels: {slack: {botToken: stubToken}}}))
})
afterEach(async () => {
  await slack.server.close()
  rmSync(state, {recursive: true})
})

describe.each(['sudo-slack-approval-and-allow.sh', 'web-browse-slack-human-approval.sh', 'slack-approval.mjs'])(
  '%s',
  (script) => {
    it('allows what a listed human approves, and says who', async () => {
      slack.replies = ({nonce}) => [{user: humanId, text: `approve ${nonce}`}]
      expect(await decisionOf(script)).toEqual({block: false, blockReason: `Approved by ${humanId}`})
      expect(slack.updated).toEqual([expect.stringContaining(`Approved by <@${humanId}>`)])
    })

    it('refuses what a listed human rejects', async () => {
      slack.replies = ({nonce}) => [{user: humanId, text: `Reject ${nonce.toLowerCase()}`}]
      expect(await decisionOf(script)).toEqual({block: true, blockReason: `Rejected by ${humanId} on Slack.`})
    })
  },
)

describe('an answer', () => {
  it.each([
    'I do NOT approve this',
    'disapprove',
    'approve',
    'approved',
    'yes',
    'approve please',
    'approve NONCE now',
    'never approve NONCE again',
    'do not approve NONCE',
    '> approve NONCE',
    '"approve NONCE"',
    'approve  ABCD-EFGH',
    'аpprove NONCE',
    ':white_check_mark:',
    'approve NONCE\nreject',
  ])('is not read into %j', async (text) => {
    slack.replies = ({nonce}) => [{user: humanId, text: text.replace('NONCE', nonce)}]
    expect(await decisionOf()).toEqual({block: true, blockReason: 'No approval within 0.2 seconds.'})
  })

  it.each([
    ['somebody who is not listed', {user: 'U0OTHER1'}],
    ['a bot', {bot_id: 'B2'}],
    ['an app in the name of a human', {app_id: 'A1'}],
    ['a reply that was edited', {edited: {user: humanId}}],
    ['a system message', {subtype: 'thread_broadcast'}],
    ['another thread', {thread_ts: '1.1'}],
    ['nobody', {user: undefined}],
  ])('of %s does not count', async (_who, fields) => {
    slack.replies = ({nonce}) => [{user: humanId, text: `approve ${nonce}`, ...fields}]
    expect(await decisionOf()).toMatchObject({block: true})
  })

  it('is bound to its own request by the nonce', async () => {
    slack.replies = ({nonce}) => [{user: humanId, text: `approve ${nonce}`}]
    await decisionOf()
    const [first] = [...slack.posted.values()].map(nonceIn)
    slack.replies = () => [{user: humanId, text: `approve ${first}`}]
    expect(await decisionOf()).toMatchObject({block: true})
    const nonces = [...slack.posted.values()].map(nonceIn)
    expect(new Set(nonces).size).toBe(2)
  })

  it('may be a reaction of a listed human: a check mark or a cross, and nothing else', async () => {
    slack.reactions = () => [{name: 'white_check_mark', users: ['U0OTHER1', humanId]}]
    expect(await decisionOf()).toMatchObject({block: false})
    slack.reactions = () => [{name: 'x', users: [humanId]}]
    expect(await decisionOf()).toMatchObject({block: true, blockReason: expect.stringContaining('Rejected')})
    slack.reactions = () => [
      {name: '+1', users: [humanId]},
      {name: 'white_check_mark', users: ['U0OTHER1']},
    ]
    expect(await decisionOf()).toMatchObject({block: true, blockReason: expect.stringContaining('No approval within')})
  })

  it('that rejects outweighs those that approve', async () => {
    profileOf({allowedUserIds: [humanId, 'U0HUMAN2']})
    slack.replies = ({nonce}) => [{user: humanId, text: `approve ${nonce}`}]
    slack.reactions = () => [{name: 'x', users: ['U0HUMAN2']}]
    expect(await decisionOf()).toEqual({block: true, blockReason: 'Rejected by U0HUMAN2 on Slack.'})
  })

  it('may come late, but not after the time', async () => {
    const started = Date.now()
    slack.replies = ({nonce}) => (Date.now() - started > 600 ? [{user: humanId, text: `approve ${nonce}`}] : [])
    expect(await decisionOf('slack-approval.mjs', {OPENCLAW_APPROVAL_TIMEOUT_SEC: '5'})).toMatchObject({block: false})
  })
})

describe('who may approve', () => {
  it('must be listed, or nothing is asked', async () => {
    profileOf({allowedUserIds: []})
    expect(await decisionOf()).toEqual({block: true, blockReason: 'No approval: nobody is listed who may approve.'})
    expect(slack.posted.size).toBe(0)
  })

  it('is told by the environment before the profile', async () => {
    slack.replies = ({nonce}) => [{user: humanId, text: `approve ${nonce}`}]
    const env = {OPENCLAW_APPROVAL_ALLOWED_USER_IDS: 'U0HUMAN2, U0HUMAN3'}
    expect(await decisionOf('slack-approval.mjs', env)).toMatchObject({block: true})
    slack.replies = ({nonce}) => [{user: 'U0HUMAN3', text: `approve ${nonce}`}]
    expect(await decisionOf('slack-approval.mjs', env)).toMatchObject({block: false})
  })

  it('stays who the profile lists where the variable names nobody', async () => {
    const env = {OPENCLAW_APPROVAL_ALLOWED_USER_IDS: ' , ', OPENCLAW_APPROVAL_REQUIRE_ALLOWED_USERS: 'false'}
    slack.users = {U0ANYONE: {is_bot: false}}
    slack.replies = ({nonce}) => [{user: 'U0ANYONE', text: `approve ${nonce}`}]
    expect(await decisionOf('slack-approval.mjs', env)).toMatchObject({block: true})
    slack.replies = ({nonce}) => [{user: humanId, text: `approve ${nonce}`}]
    expect(await decisionOf('slack-approval.mjs', env)).toMatchObject({block: false})
  })

  it('is not decided while Slack does not say whether one who rejects is human', async () => {
    profileOf({allowedUserIds: []})
    slack.users = {U0ANYONE: {is_bot: false}}
    slack.replies = ({nonce}) => [
      {user: 'U0ANYONE', text: `approve ${nonce}`},
      {user: 'U0HIDDEN', text: `reject ${nonce}`},
    ]
    const env = {OPENCLAW_APPROVAL_REQUIRE_ALLOWED_USERS: 'false'}
    expect(await decisionOf('slack-approval.mjs', env)).toMatchObject({
      block: true,
      blockReason: expect.stringContaining('user_not_found'),
    })
  })

  it('is not decided while Slack does not name all who reacted', async () => {
    slack.replies = ({nonce}) => [{user: humanId, text: `approve ${nonce}`}]
    slack.reactions = () => [{name: 'x', users: [], count: 1}]
    expect(await decisionOf()).toMatchObject({
      block: true,
      blockReason: expect.stringContaining('does not name all who reacted'),
    })
  })

  it('is any human, and no bot, only if the operator says that nobody need be listed', async () => {
    profileOf({allowedUserIds: []})
    const env = {OPENCLAW_APPROVAL_REQUIRE_ALLOWED_USERS: 'false'}
    slack.users = {U0ANYONE: {is_bot: false}, U0ROBOT1: {is_bot: true}}
    slack.replies = ({nonce}) => [{user: 'U0ROBOT1', text: `approve ${nonce}`}]
    expect(await decisionOf('slack-approval.mjs', env)).toMatchObject({block: true})
    slack.replies = ({nonce}) => [{user: 'U0ANYONE', text: `approve ${nonce}`}]
    expect(await decisionOf('slack-approval.mjs', env)).toMatchObject({block: false})
  })

  it('is never a variable of the environment', async () => {
    for (const value of ['approve', 'true', '{"block":false}']) {
      expect(await decisionOf('slack-approval.mjs', {OPENCLAW_APPROVAL_TEST_DECISION: value})).toMatchObject({
        block: true,
      })
    }
    const own = await decisionOf('slack-approval.mjs', {
      OPENCLAW_APPROVAL_API_URL: 'http://127.0.0.1:1/',
      SLACK_API_URL: 'http://127.0.0.1:1/',
    })
    expect(own).toMatchObject({blockReason: 'No approval within 0.2 seconds.'})
  })
})

describe('a request', () => {
  it('shows everything the call would do, and no secrets', async () => {
    const params = {
      command: 'sudo curl -H "Authorization: Bearer abcdefghijklmnop" https://u:pw@x',
      token: 'hunter2',
      env: {API_KEY: 'hunter3'},
      query: 'a & <!channel> ```x\u202e',
    }
    await decisionOf('sudo-slack-approval-and-allow.sh', {}, {params})
    const [text = ''] = slack.posted.values()
    expect(text).toContain('An agent asks to run a command as root')
    expect(text).toContain('sudo curl')
    expect(text).toContain('`exec`')
    expect(text).toContain('`main`')
    expect(text).toContain('a &amp; &lt;!channel&gt; ˋˋˋx\\u202e')
    for (const secret of ['abcdefghijklmnop', 'hunter2', 'hunter3', 'u:pw']) expect(text).not.toContain(secret)
  })

  it('does not hide what a shell would run behind the look of a secret', async () => {
    const command = 'echo token=$(rm$IFS-r$IFS~); api_key=;curl\tx; curl https://$(id):y@h -H "password=geheim99"'
    await decisionOf('slack-approval.mjs', {}, {params: {command}})
    const [text = ''] = slack.posted.values()
    for (const shown of ['$(rm$IFS-r$IFS~)', 'api_key=;curl', '$(id):y']) expect(text).toContain(shown)
    expect(text).not.toContain('geheim99')
  })

  it('shows letters that nobody would see', async () => {
    await decisionOf('slack-approval.mjs', {}, {params: {command: 'a\u00adb\u2028c\u3164d\u{e0041}e\ufe0ff'}})
    expect([...slack.posted.values()][0]).toContain('a\\u00adb\\u2028c\\u3164d\\ue0041e\\ufe0ff')
  })

  it('that nobody could read in full is refused', async () => {
    const decision = await decisionOf('slack-approval.mjs', {}, {params: {command: `sudo ls ${'x'.repeat(20_000)}`}})
    expect(decision).toMatchObject({block: true, blockReason: expect.stringContaining('which nobody can judge')})
    expect(slack.posted.size).toBe(0)
  })

  it('carries the header and goes to the target that are asked for', async () => {
    await decisionOf('web-browse-slack-human-approval.sh', {
      OPENCLAW_APPROVAL_REQUEST_HEADER: 'Please look',
      OPENCLAW_APPROVAL_TARGET: 'C0OTHER1',
    })
    expect([...slack.posted.values()][0]).toContain('*Please look*')
    expect(new URLSearchParams(slack.server.requests[0]?.body).get('channel')).toBe('C0OTHER1')
  })
})

describe('whatever goes wrong', () => {
  it.each([
    [
      'Slack refuses',
      () => Object.assign(slack.broken, {'chat.postMessage': 'channel_not_found'}),
      'Slack refuses chat.postMessage (channel_not_found)',
    ],
    ['Slack redirects', () => Object.assign(slack.broken, {'chat.postMessage': 302}), 'Slack cannot be reached'],
    [
      'Slack fails',
      () => Object.assign(slack.broken, {'chat.postMessage': 500}),
      'Slack refuses chat.postMessage (status 500)',
    ],
    [
      'replies cannot be read',
      () => Object.assign(slack.broken, {'conversations.replies': 'missing_scope'}),
      'Slack refuses conversations.replies (missing_scope)',
    ],
    [
      'reactions cannot be read',
      () => Object.assign(slack.broken, {'reactions.get': 'missing_scope'}),
      'Slack refuses reactions.get (missing_scope)',
    ],
    ['there is no token', () => writeFileSync(path.join(state, 'openclaw.json'), '{}'), 'no botToken'],
    [
      'openclaw.json is missing',
      () => rmSync(path.join(state, 'openclaw.json')),
      'openclaw.json cannot be read (ENOENT)',
    ],
    [
      'the token is wrong',
      () => writeFileSync(path.join(state, 'openclaw.json'), '{"channels":{"slack":{"botToken":"xoxb-wrong"}}}'),
      'invalid_auth',
    ],
    ['the profiles are no JSON', () => writeFileSync(profilesFile(), '{'), 'the profiles file is no plain JSON'],
    ['others may write the profiles', () => chmodSync(profilesFile(), 0o666), 'may be written by others'],
    ['the channel is not Slack', () => profileOf({channel: 'telegram'}), 'the channel "telegram" is not known'],
    ['the target is no id', () => profileOf({target: '#general'}), 'no id of a Slack channel'],
    ['the server is not secure', () => profileOf({apiUrl: 'http://slack.example/'}), 'no https:// URL'],
  ])('it refuses and says why: %s', async (_what, spoil, reason) => {
    slack.replies = ({nonce}) => [{user: humanId, text: `approve ${nonce}`}]
    spoil()
    const decision = await decisionOf()
    expect(decision).toMatchObject({block: true, blockReason: expect.stringContaining(reason)})
  })

  it.each(['', 'no JSON', '{}', '[]', 'null', '{"ruleId":"r","event":{}}'])(
    'it refuses the input %j',
    async (input) => {
      const {status, output} = await start(input, environment())
      expect(status).toBe(0)
      expect(JSON.parse(output)).toEqual({block: true, blockReason: 'No approval: the approval script failed.'})
    },
  )

  it('it has no way in for a test decision, whoever starts it', async () => {
    const input = JSON.stringify({ruleId: 'r', event: {data: {toolName: 'exec', params: {}}}})
    const env = environment({OPENCLAW_APPROVAL_TEST_DECISION: 'approve'})
    const {output} = await start(input, env)
    expect(JSON.parse(output)).toMatchObject({block: true})
  })

  it('it answers when it is told to end', async () => {
    const outcome = await runApproval(
      'sudo-slack-approval-and-allow.sh',
      {OPENCLAW_APPROVAL_TIMEOUT_SEC: '60'},
      {},
      2000,
    )
    expect(outcome).toMatchObject({ok: true})
    expect(JSON.parse(outputOf(outcome))).toEqual({block: true, blockReason: 'No approval: the time was over.'})
  })

  it('it refuses where there is no node', async () => {
    const outcome = await runApproval('sudo-slack-approval-and-allow.sh', {PATH: '/nowhere'})
    expect(JSON.parse(outputOf(outcome))).toMatchObject({block: true})
  })

  it('it never prints the token', async () => {
    const outcomes = [await runApproval(), await runApproval('slack-approval.mjs', {OPENCLAW_APPROVAL_ACCOUNT: 'none'})]
    slack.broken['chat.postMessage'] = `x ${stubToken}`
    outcomes.push(await runApproval())
    expect(JSON.stringify(outcomes.slice(0, 2))).not.toContain('xoxb')
    expect([...slack.posted.values()].join()).not.toContain('xoxb')
  })

  it('a token file must be for us alone', async () => {
    const file = path.join(state, 'slack.token')
    writeFileSync(file, `${stubToken}\n`, {mode: 0o600})
    rmSync(path.join(state, 'openclaw.json'))
    profileOf({botTokenFile: 'slack.token'})
    slack.replies = ({nonce}) => [{user: humanId, text: `approve ${nonce}`}]
    expect(await decisionOf()).toMatchObject({block: false})
    chmodSync(file, 0o644)
    expect(await decisionOf()).toMatchObject({
      block: true,
      blockReason: expect.stringContaining('slack.token may be read by others'),
    })
  })
})

describe('profiles', () => {
  it('are chosen by name; one that is not there is refused', async () => {
    writeFileSync(
      profilesFile(),
      JSON.stringify({profiles: {a: {}, b: {target: 'C0B', allowedUserIds: ['U0B'], apiUrl: slack.url}}}),
      {mode: 0o600},
    )
    slack.replies = ({nonce}) => [{user: 'U0B', text: `approve ${nonce}`}]
    expect(await decisionOf('slack-approval.mjs', {OPENCLAW_APPROVAL_PROFILE: 'b'})).toMatchObject({block: false})
    for (const name of ['c', '__proto__', 'constructor']) {
      expect(await decisionOf('slack-approval.mjs', {OPENCLAW_APPROVAL_PROFILE: name})).toMatchObject({
        blockReason: `No approval: there is no profile "${name}".`,
      })
    }
    expect(await decisionOf()).toMatchObject({blockReason: 'No approval: there is no profile "default".'})
  })
})

interface Call {
  params?: Record<string, unknown>
}

async function decisionOf(script?: string, env: Record<string, string> = {}, call: Call = {}): Promise<unknown> {
  return JSON.parse(outputOf(await runApproval(script, env, call)))
}

function runApproval(
  script = 'slack-approval.mjs',
  env: Record<string, string> = {},
  {params = {command: 'sudo ls'}}: Call = {},
  timeoutMs = 20_000,
): Promise<RunOutcome> {
  const run = createActionRunner(runnerOptions(env))
  const event = {
    type: 'tool.called',
    agentId: 'main',
    sessionKey: 'agent:main:main',
    toolCallId: 'call_1',
    data: {toolName: 'exec', params},
  }
  return run(
    {type: 'local_script', path: path.join(scripts, script)},
    {ruleId: 'sudo-needs-approval', event},
    {timeoutMs},
  )
}

/** Starts the script as anybody could, without the runner. */
async function start(input: string, env: Record<string, string>): Promise<{status: unknown; output: string}> {
  const child = spawn(path.join(scripts, 'slack-approval.mjs'), {env, stdio: ['pipe', 'pipe', 'inherit']})
  child.stdin.end(input)
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const [status] = await once(child, 'close')
  return {status, output}
}

function runnerOptions(env: Record<string, string> = {}) {
  return {
    allowedActionDirs: [scripts],
    localScriptDefaults: {timeoutMs: 20_000, maxPayloadBytes: 65_536},
    stateDir: state,
    environment: environment(env),
  }
}

function environment(env: Record<string, string> = {}): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    OPENCLAW_STATE_DIR: state,
    OPENCLAW_APPROVAL_TIMEOUT_SEC: '0.2',
    OPENCLAW_APPROVAL_POLL_INTERVAL_SEC: '0.05',
    ...env,
  }
}

function outputOf(outcome: RunOutcome): string {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome))
  return outcome.output
}

function profilesFile(): string {
  return path.join(state, 'toolguard-approval-profiles.json')
}

function writeProfiles(profile: Record<string, unknown>): void {
  writeFileSync(profilesFile(), JSON.stringify({profiles: {default: profile}}), {mode: 0o600})
}

function profileOf(changes: Record<string, unknown>): void {
  writeProfiles({channel: 'slack', target: 'channel:C0TEST1', allowedUserIds: [humanId], apiUrl: slack.url, ...changes})
}
