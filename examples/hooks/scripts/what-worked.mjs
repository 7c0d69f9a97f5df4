#!/usr/bin/env node
// When a run ended well after tools had failed on the way, notes which calls worked in the end.
// The argument is the file to note it in, relative to the state directory.
import {spawnSync} from 'node:child_process'
import {appendFileSync} from 'node:fs'
import {homedir} from 'node:os'
import path from 'node:path'
import {event, fail} from './payload.mjs'

const {runId, agentId, timestamp} = event
if (!runId) process.exit(0)
const filter = ['--run', runId, '--type', 'tool.called', '--type', 'tool.completed', '--type', 'tool.error']
const query = spawnSync('claw-events', ['query', ...filter, '--order', 'asc', '--limit', '0', '--ndjson'], {
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
})
if (query.status !== 0) fail(`claw-events query failed: ${query.error?.message ?? query.stderr.trim()}`)
const events = query.stdout.split('\n').filter(Boolean).map(JSON.parse)
const failures = events.filter(({type}) => type === 'tool.error')
const ends = new Set(events.filter(({type}) => type === 'tool.completed').map(({correlationId}) => correlationId))
const worked = events.filter(({type, correlationId}) => type === 'tool.called' && ends.has(correlationId))
if (failures.length === 0 || worked.length === 0) process.exit(0)

const lines = worked.map(({data}) => `- ${data.toolName} \`${JSON.stringify(data.params).replaceAll('`', "'")}\``)
const page = `## ${timestamp} ${agentId}, run ${runId}\n\nAfter ${failures.length} failed calls these worked:\n\n${lines.join('\n')}\n\n`
const state = process.env.OPENCLAW_STATE_DIR ?? path.join(homedir(), '.openclaw')
appendFileSync(path.resolve(state, process.argv[2] ?? 'what-worked.md'), page, {mode: 0o600})
