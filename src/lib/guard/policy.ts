import type {ActionConfig, ToolGuardConfig} from './schema.ts'

/** A policy as it is written, with the actions it may refer to. */
export interface Policy {
  toolGuard: ToolGuardConfig
  actions?: Readonly<Record<string, ActionConfig>>
}
