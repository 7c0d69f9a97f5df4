import type {EndpointDetails} from './details.ts'
import type {Gate} from './gate.ts'
import type {Ledger} from './ledger.ts'

/** What is to be seen of an endpoint while it is delivered to. */
export interface EndpointView {
  details: EndpointDetails
  /** Attempts since the process began. */
  delivered: number
  failed: number
  /** While it runs. */
  parts?: {ledger: Ledger; gate: Gate}
}
