#!/usr/bin/env node
// Tells a sleeping parent agent that its subagent stalls, or has ended.
import {spawnSync} from 'node:child_process'
import {event, fail} from './payload.mjs'

const {parentAgentId, parentSessionKey, childSessionKey, idleForMs, endReason} = event.data
if (!parentAgentId) fail('the event names no parent agent')
const what =
  event.type === 'subagent.idle'
    ? `has done nothing for ${Math.round(idleForMs / 60_000)} minutes`
    : `has ended${endReason ? ` (${endReason})` : ''}`
const message = `Your subagent ${childSessionKey} ${what}. Look at what it did and decide how to go on.`
// Names from events are arguments of their own, never part of a shell's line.
const session = parentSessionKey ? ['--session-key', parentSessionKey] : []
const {status, stderr, error} = spawnSync(
  'openclaw',
  ['agent', '--agent', parentAgentId, ...session, '--message', message],
  {encoding: 'utf8'},
)
if (status !== 0) fail(`openclaw agent failed: ${error?.message ?? stderr.trim()}`)
