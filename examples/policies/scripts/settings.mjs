import {readFile, stat} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

/**
 * What to ask where, and who may answer. The environment (OPENCLAW_APPROVAL_*) goes before the profile. Throws an
 * explained error for anything that is missing or open to others.
 */
export async function readSettings(env) {
  const stateDir = env.OPENCLAW_STATE_DIR || path.join(os.homedir(), '.openclaw')
  const profile = await readProfile(env, stateDir)
  const channel = env.OPENCLAW_APPROVAL_CHANNEL || profile.channel || 'slack'
  if (channel !== 'slack') throw explained(`the channel "${channel}" is not known; there is slack`)
  const target = (env.OPENCLAW_APPROVAL_TARGET || profile.target || '').replace(/^(?:channel|user):/, '')
  if (!/^[CDGUW][A-Z0-9]{2,}$/.test(target))
    throw explained('OPENCLAW_APPROVAL_TARGET is no id of a Slack channel or user')
  // A variable that names nobody takes nobody off the profile's list.
  const named = (env.OPENCLAW_APPROVAL_ALLOWED_USER_IDS ?? '').split(/[\s,]+/).filter(Boolean)
  const allowedUserIds = new Set(named.length > 0 ? named : (profile.allowedUserIds ?? []))
  const mustBeListed = !/^(?:false|0|no)$/i.test(env.OPENCLAW_APPROVAL_REQUIRE_ALLOWED_USERS ?? '')
  if (allowedUserIds.size === 0 && mustBeListed) throw explained('nobody is listed who may approve')
  return {
    target,
    allowedUserIds,
    header: env.OPENCLAW_APPROVAL_REQUEST_HEADER || 'An agent asks for approval',
    timeoutMs: seconds(env.OPENCLAW_APPROVAL_TIMEOUT_SEC, 90, 600),
    pollMs: seconds(env.OPENCLAW_APPROVAL_POLL_INTERVAL_SEC, 3, 60),
    // Only the profile may name another server: a variable that did could decide in the place of a human.
    apiUrl: apiUrlOf(profile.apiUrl ?? 'https://slack.com/api/'),
    token: await readToken(env.OPENCLAW_APPROVAL_ACCOUNT || profile.account || 'default', profile, stateDir),
  }
}

async function readProfile(env, stateDir) {
  const file = env.OPENCLAW_APPROVAL_PROFILE_FILE || path.join(stateDir, 'toolguard-approval-profiles.json')
  const name = env.OPENCLAW_APPROVAL_PROFILE
  const text = await readOwnFile(file, 0o022, 'may be written by others').catch((error) => {
    if (error.code === 'ENOENT' && !name && !env.OPENCLAW_APPROVAL_PROFILE_FILE) return undefined
    throw error.isExplained ? error : explained(`the profiles file cannot be read (${error.code})`)
  })
  if (text === undefined) return {}
  const profiles = parse(text, 'the profiles file').profiles ?? {}
  const names = Object.keys(profiles)
  const chosen = name || (names.length === 1 ? names[0] : 'default')
  if (!Object.hasOwn(profiles, chosen)) throw explained(`there is no profile "${chosen}"`)
  const profile = profiles[chosen]
  const {allowedUserIds = []} = profile
  if (!Array.isArray(allowedUserIds) || !allowedUserIds.every((id) => typeof id === 'string')) {
    throw explained(`allowedUserIds of the profile "${chosen}" is no list of ids`)
  }
  return profile
}

async function readToken(account, {botTokenFile}, stateDir) {
  if (botTokenFile !== undefined) {
    const text = await readOwnFile(path.resolve(stateDir, botTokenFile), 0o077, 'may be read by others').catch(
      (error) => {
        throw error.isExplained ? error : explained(`botTokenFile cannot be read (${error.code})`)
      },
    )
    return text.trim()
  }
  const text = await readFile(path.join(stateDir, 'openclaw.json'), 'utf8').catch((error) => {
    throw explained(`openclaw.json cannot be read (${error.code})`)
  })
  const slack = parse(text, 'openclaw.json').channels?.slack
  const token = slack?.accounts?.[account]?.botToken ?? (account === 'default' ? slack?.botToken : undefined)
  if (typeof token !== 'string' || token === '')
    throw explained(`openclaw.json has no botToken for the Slack account "${account}"`)
  return token
}

/** A file that belongs to us (or root) and that others may not change, or not even read. */
async function readOwnFile(file, forbidden, problem) {
  const {uid, mode} = await stat(file)
  const isOurs = uid === 0 || uid === process.geteuid?.()
  if (!isOurs || (mode & forbidden) !== 0)
    throw explained(`${path.basename(file)} ${isOurs ? problem : 'belongs to another user'}`)
  return readFile(file, 'utf8')
}

function parse(text, what) {
  try {
    return JSON.parse(text)
  } catch {
    throw explained(`${what} is no plain JSON`)
  }
}

function apiUrlOf(text) {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isLocal = url?.protocol === 'http:' && /^(?:127\.0\.0\.1|\[::1\])$/.test(url.hostname)
  if (url?.protocol !== 'https:' && !isLocal) throw explained('apiUrl is no https:// URL')
  return url.href.endsWith('/') ? url.href : `${url.href}/`
}

function seconds(text, otherwise, most) {
  const value = Number(text)
  return 1000 * (text && value > 0 ? Math.min(value, most) : otherwise)
}

export function explained(message) {
  return Object.assign(new Error(message), {isExplained: true})
}
