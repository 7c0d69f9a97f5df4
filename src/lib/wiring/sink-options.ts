import type {LoadedConfig} from '../config/load.ts'
import type {StoreLocation} from '../config/store-settings.ts'
import type {Diagnostics} from '../delivery/diagnostics.ts'

export interface SinkOptions {
  loaded: LoadedConfig
  /** The log that is read; what is already there need not be forwarded. */
  location: StoreLocation
  environment: NodeJS.ProcessEnv
  /** Epoch milliseconds. */
  now: () => number
  diagnostics: Diagnostics
}
