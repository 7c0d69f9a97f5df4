import {rm} from 'node:fs/promises'
import path from 'node:path'
import type {EraseRequest, EraseResult, StoreAdmin} from '../store/port.ts'

/**
 * Erases events from a log, and the local read models of logs on servers (open-context.ts) with them: they hold copies,
 * and are made anew when they are next used.
 */
export async function eraseEvents(admin: StoreAdmin, request: EraseRequest, stateDir: string): Promise<EraseResult> {
  const result = await admin.erase(request)
  if (result.erased > 0) await rm(path.join(stateDir, 'claw-events', 'context'), {recursive: true, force: true})
  return result
}
