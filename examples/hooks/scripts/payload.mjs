// What every script gets on its standard input: {"ruleId": "…", "event": {…}}.
import {readFileSync} from 'node:fs'

export const {ruleId, event} = JSON.parse(readFileSync(0, 'utf8'))

/** Ends the script as failed: the event then stands in `claw-events deliveries list`. */
export function fail(message) {
  console.error(message)
  process.exit(1)
}
