import {Flags} from '@oclif/core'
import {ClawError, Exit} from '../lib/errors.ts'

/** Flags of `replay` that one kind of `--to` takes. */
export const destinationFlags = {
  'secret-env': Flags.string({
    helpValue: 'NAME',
    description: '--to https://…: sign with the secret in this environment variable',
  }),
  'allow-private': Flags.boolean({description: '--to https://…: allow a name that resolves to a private address'}),
  'run-actions': Flags.boolean({description: '--to bridge: run the scripts and webhooks that rules start'}),
}

export interface DestinationFlags {
  to: string
  'secret-env'?: string
  'allow-private'?: boolean
  'run-actions'?: boolean
}

export type DestinationKind = 'stdout' | 'bridge' | 'webhook' | 'store'

/** What kind of thing `--to` names. USAGE for a flag that another kind takes. */
export function destinationKind(flags: DestinationFlags): DestinationKind {
  const kind = kindOf(flags.to)
  if (kind !== 'webhook' && (flags['secret-env'] !== undefined || flags['allow-private'])) {
    const flag = flags['allow-private'] ? '--allow-private' : '--secret-env'
    throw unfit(flag, 'a webhook', '--to https://host/path')
  }
  if (kind !== 'bridge' && flags['run-actions']) throw unfit('--run-actions', 'the bridge', '--to bridge')
  return kind
}

function kindOf(to: string): DestinationKind {
  if (to === 'stdout' || to === 'bridge') return to
  return /^https?:/i.test(to) ? 'webhook' : 'store'
}

function unfit(flag: string, taker: string, example: string): ClawError {
  return new ClawError('USAGE', `${flag} is for a replay to ${taker} only`, {
    exit: Exit.usage,
    suggestions: [`add ${example}, or leave out ${flag}`],
  })
}
