#!/usr/bin/env node
// Posts an error to Slack, by an incoming webhook whose address is in SLACK_WEBHOOK_URL.
import {event, fail} from './payload.mjs'

const url = process.env.SLACK_WEBHOOK_URL
if (!url) fail('SLACK_WEBHOOK_URL is not set: put it into the environment of the gateway')
const {toolName, error} = event.data
const what = toolName ? `Tool ${toolName} failed` : `${event.type}`
const why = event.error?.message ?? (typeof error === 'string' ? error : '')
// Slack reads <, > and & as its own signs.
const plain = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const text = `*${plain(what)}* (agent ${plain(event.agentId)})\n${plain(why).slice(0, 1000)}`
const response = await fetch(url, {
  method: 'POST',
  headers: {'content-type': 'application/json'},
  body: JSON.stringify({text}),
  signal: AbortSignal.timeout(8000),
})
if (!response.ok) fail(`Slack answered with status ${response.status}`)
