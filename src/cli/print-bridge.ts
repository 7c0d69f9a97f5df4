import type {StoredEvent} from '../lib/event/envelope.ts'
import {printable} from '../lib/output/printable.ts'
import type {ReplayResult} from '../lib/replay/replay.ts'
import type {BridgeAction} from '../lib/replay/target-bridge.ts'
import {bridgeText} from './replay-text.ts'
import type {Terminal} from './terminal.ts'

export interface BridgePrinter {
  action(action: BridgeAction, event: StoredEvent): Promise<void>
  /** What it came to: on stderr, or the end of the document. */
  end(result: ReplayResult): void
}

const opening = '{"actions":['

/** Prints actions as they come: lines for people, NDJSON, or one document. */
export function createBridgePrinter({json, ndjson}: {json?: boolean; ndjson?: boolean}, term: Terminal): BridgePrinter {
  let count = 0
  return {
    async action(action, event) {
      const text = json || ndjson ? JSON.stringify(action) : actionText(action, event)
      const lead = json ? (count === 0 ? opening : ',') : ''
      count++
      await term.line(`${lead}${text}`)
    },
    end(result) {
      if (json) term.outcome(`${count === 0 ? opening : ''}],"summary":${JSON.stringify(result)}}`)
      else term.note(bridgeText(result))
    },
  }
}

function actionText(
  {eventId, type, ruleId, actionId, ...end}: BridgeAction,
  {timestamp, agentId}: StoredEvent,
): string {
  const what = printable(`${actionId}  (rule ${ruleId})  ${type}  ${agentId}  ${eventId}`)
  const outcome = end.ok === undefined ? 'would start' : end.ok ? `ok ${end.durationMs} ms` : 'failed'
  const error = end.error === undefined ? '' : `: ${printable(end.error)}`
  return `${printable(timestamp)}  ${outcome}  ${what}${error}`
}
