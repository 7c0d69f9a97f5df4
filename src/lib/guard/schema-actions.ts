import * as z from 'zod'
import {checkedText, choice, flag, integer, list, name, named, section, text} from './schema-forms.ts'

/** The longest an action may run: what the host's own hook budget can be raised to. */
const longestRunMs = 600_000

const shared = {
  description: text().optional().describe('For people: what it does'),
  timeoutMs: integer(1, longestRunMs).optional().describe('After this it is ended and counts as failed'),
  maxPayloadBytes: integer(1, 16_777_216).optional().describe('A larger event is not sent: the action fails instead'),
}

export const webUrl = () =>
  checkedText('a URL with http:// or https://', (value) => /^https?:$/.test(URL.parse(value)?.protocol ?? ''))

export const headers = () => named(text('a text'), 'an object of header names and texts')

const webhookAction = section({
  type: z.literal('webhook', {error: '"webhook" or "local_script"'}),
  url: webUrl().describe('Where it is sent'),
  method: choice('POST', 'PUT', 'PATCH').optional().describe('Default POST'),
  headers: headers().optional(),
  authToken: text().optional().describe('Sent as `Authorization: Bearer`'),
  allowPrivate: flag().optional().describe('Allow names that resolve to a loopback or private address'),
  ...shared,
})

const scriptAction = section({
  type: z.literal('local_script', {error: '"webhook" or "local_script"'}),
  path: name('a path inside allowedActionDirs').describe('The script; relative to the state directory'),
  args: list(text(), 'a list of texts').optional().describe('Its arguments; no shell reads them'),
  env: list(
    name('the name of a variable, or a beginning such as "OPENCLAW_APPROVAL_*"'),
    'a list of names of variables',
  )
    .optional()
    .describe('The variables it may see, instead of PATH HOME LANG TZ OPENCLAW_STATE_DIR OPENCLAW_APPROVAL_*'),
  ...shared,
})

/** What a rule may start: a request to a URL, or a script. */
export const action = z.discriminatedUnion('type', [webhookAction, scriptAction], {
  error: ({input}) =>
    typeof input === 'object' && input !== null ? '"webhook" or "local_script"' : 'an object with a "type"',
})

export type ActionConfig = z.output<typeof action>
export type WebhookAction = Extract<ActionConfig, {type: 'webhook'}>
export type ScriptAction = Extract<ActionConfig, {type: 'local_script'}>
