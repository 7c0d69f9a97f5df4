#!/usr/bin/env node
// Starts a new turn of an agent whose status became "error" or "offline".
import {spawnSync} from 'node:child_process'
import {event, fail} from './payload.mjs'

const {status, activity} = event.data
const message = `You stopped (${status}${activity ? `, last: ${activity}` : ''}). Say what is left to do, and go on with it.`
const turn = spawnSync('openclaw', ['agent', '--agent', event.agentId, '--message', message], {encoding: 'utf8'})
if (turn.status !== 0) fail(`openclaw agent failed: ${turn.error?.message ?? turn.stderr.trim()}`)
