import {Command} from '@oclif/core'
import {agentLocation, storeSettings} from '../lib/config/store-settings.ts'
import {ClawError, Exit} from '../lib/errors.ts'
import type {EventStore, StoreAdmin} from '../lib/store/port.ts'
import {type OpenOptions, openAdmin, openStore} from '../lib/wiring/open-store.ts'
import {storeFlags} from './flags.ts'
import {createTerminal, type Terminal} from './terminal.ts'

export interface BaseFlags {
  store?: string
  config?: string
  state?: string
  'no-color'?: boolean
}

const sameSignalMs = 200

/** What every command shares: where the log is, where to print, when to stop. Errors are said once, by main. */
export abstract class BaseCommand extends Command {
  static override baseFlags = storeFlags
  /** One short line; oclif's own spells out every flag a second time. */
  static override usage = '<%= command.id %> [FLAGS]'
  private readonly stopping = new AbortController()
  private readonly closers: Array<() => Promise<void>> = []
  private terminal: Terminal | undefined

  /** Aborts on Ctrl-C and SIGTERM: a command that waits ends what it does and returns. */
  protected get stop(): AbortSignal {
    return this.stopping.signal
  }

  protected get term(): Terminal {
    this.terminal ??= createTerminal({color: !this.argv.includes('--no-color'), stop: this.stop})
    return this.terminal
  }

  /** The event log that flags, environment and configuration name; closed when the command ends. */
  protected async openStore(flags: BaseFlags, options?: OpenOptions): Promise<EventStore> {
    const store = await openStore(await this.storeSettings(flags), options)
    this.closers.push(() => store.close())
    return store
  }

  /** The same log for those who create, change or remove it; with `agent`, that agent's own. */
  protected async openAdmin(flags: BaseFlags, {agent}: {agent?: string} = {}): Promise<StoreAdmin> {
    const location = await this.storeSettings(flags)
    const admin = await openAdmin(agent === undefined ? location : agentLocation(location, agent))
    this.closers.push(() => admin.close())
    return admin
  }

  /** Where the log is, by flags, environment and configuration. */
  protected async storeSettings({store, config, state}: BaseFlags) {
    return storeSettings({store, config, state, env: process.env})
  }

  protected override async init(): Promise<void> {
    await super.init()
    let stoppedAt = Number.POSITIVE_INFINITY
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        const now = performance.now()
        // A second Ctrl-C means now: whoever sends it has waited long enough. At once comes the same one again, where
        // a parent passes on what the terminal has sent to both.
        if (now - stoppedAt > sameSignalMs) process.exit(Exit.interrupted)
        stoppedAt = Math.min(stoppedAt, now)
        this.stopping.abort()
      })
    }
  }

  protected override async catch(error: Error & {exitCode?: number}): Promise<void> {
    // What fails because it was told to stop did not fail; at a question Ctrl-C is a key, and no signal.
    if (this.stop.aborted || error.name === 'ExitPromptError') {
      process.exitCode = Exit.interrupted
      return
    }
    throw error
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    this.terminal?.flush()
    for (const close of this.closers.reverse()) await close()
    if (this.stop.aborted) process.exitCode = Exit.interrupted
    await super.finally(error)
  }

  /** Asks before something is changed or lost. Without a terminal the answer must be given as a flag. */
  protected async confirm(question: string, {yes, flag = '--yes'}: {yes: boolean; flag?: string}): Promise<void> {
    if (yes) return
    if (!this.term.interactive) {
      throw new ClawError('USAGE', `${question} Nobody is there to answer`, {
        exit: Exit.usage,
        suggestions: [`add ${flag}`],
      })
    }
    const {createPromptModule} = (await import('inquirer')).default
    // The question is not data: it goes to stderr.
    const prompt = createPromptModule({output: process.stderr})
    const {go} = await prompt([{type: 'confirm', name: 'go', message: question, default: false}])
    if (!go) throw new ClawError('INTERRUPTED', 'nothing was changed', {exit: Exit.failed})
  }
}
