import type {NatsOptions} from '../../src/lib/store/nats/target.ts'

/** Where the log is that events are forwarded to. */
export type TargetPlace = {path: string} | {options: NatsOptions}

/** What one process of a run does; a process gets it as its first argument. */
export type Task =
  | {
      /** Records events and runs the forwarder and a webhook, as a gateway does. Prints `ack <number>`, at last `over`. */
      role: 'gateway'
      folder: string
      target: TargetPlace
      webhook: string
      life: string
      isControl: boolean
    }
  /** Follows a log, from a position on. Prints `<position> <event id>`. */
  | {role: 'tail'; target: TargetPlace; from: string; isControl: boolean}
  /** Appends `<name>:0` … to a log as a bulk writer, from the first on. Prints `done`. */
  | {role: 'import'; target: TargetPlace; name: string; count: number; isControl: boolean}

/** What a gateway is told while it runs: how wrong its clock is, or that it is to record no more. */
export type Order = {skewMs: number} | 'enough'
