import {eventsDbPath} from '../config/state-dir.ts'
import {agentLocation, storeLocation} from '../config/store-settings.ts'
import type {Sink} from '../delivery/sink.ts'
import {logName} from './open-state.ts'
import {openStore} from './open-store.ts'
import type {SinkOptions} from './sink-options.ts'

/**
 * The outbox: forwards the state directory's embedded log to the server that the configuration names. An agent with a
 * stream of its own has a forwarder of its own, so that a server that is down holds up its own events only. None where
 * the events that are read are on the server already, or where none is configured.
 */
export async function openForwardSinks({loaded, location}: Pick<SinkOptions, 'loaded' | 'location'>): Promise<Sink[]> {
  const {config, stateDir} = loaded
  const server = storeLocation(config.eventStore, {stateDir})
  const isOwnLog = location.kind === 'sqlite' && location.path === eventsDbPath(stateDir)
  if (server.kind !== 'nats' || !isOwnLog) return []
  const {createForwarder} = await import('../delivery/forward/sink.ts')
  const agents = Object.keys(server.agents)
  const others = createForwarder({
    name: 'default',
    wants: ({agentId}) => !Object.hasOwn(server.agents, agentId),
    openTarget: () => openStore(server),
    nameTarget: logName,
  })
  const own = agents.map((agent) =>
    createForwarder({
      name: `agent:${agent}`,
      filter: {agents: [agent]},
      openTarget: () => openStore(agentLocation(server, agent)),
      nameTarget: logName,
    }),
  )
  return [others, ...own]
}
