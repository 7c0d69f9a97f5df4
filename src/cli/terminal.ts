import {once} from 'node:events'
import {createPaint, type Paint} from '../lib/output/paint.ts'
import {printable} from '../lib/output/printable.ts'

/** Where a command prints: data on stdout, everything else on stderr. */
export interface Terminal {
  /** Colours for stdout: only on a terminal, never under NO_COLOR or --no-color. */
  paint: Paint
  /** Columns of stdout; undefined in a pipe, where nothing is cut. */
  width: number | undefined
  /** Somebody sits at it: questions may be asked and progress drawn. */
  interactive: boolean
  /**
   * One line of data. Resolves when the reader can take more; fails once the command was told to stop, so that what is
   * cut short never looks whole.
   */
  line(text: string): Promise<void>
  /** The line that says what was done: the whole of it, and so also after the command was told to stop. */
  outcome(text: string): void
  /** A remark for people, on stderr; it is made safe for a terminal here, so it carries no colours. */
  note(text: string): void
  /** Writes what is still held back. */
  flush(): void
}

/** Lines are joined to chunks of this many characters: a write per line costs more than making the line. */
const chunkLength = 64 * 1024

export function createTerminal({color, stop}: {color: boolean; stop: AbortSignal}): Terminal {
  const {stdout, stderr, stdin} = process
  const colored = color && !process.env.NO_COLOR && (stdout.isTTY || Boolean(process.env.FORCE_COLOR))
  let held = ''
  let scheduled = false
  const flush = () => {
    scheduled = false
    const chunk = held
    held = ''
    return chunk === '' || stdout.write(chunk)
  }
  return {
    paint: createPaint(colored),
    width: stdout.isTTY ? stdout.columns || 80 : undefined,
    interactive: Boolean(stdin.isTTY && stderr.isTTY),
    flush,
    async line(text) {
      stop.throwIfAborted()
      held += `${text}\n`
      if (held.length >= chunkLength) {
        if (!flush()) await once(stdout, 'drain', {signal: stop})
      } else if (!scheduled) {
        scheduled = true
        setImmediate(flush)
      }
    },
    outcome(text) {
      held += `${text}\n`
      flush()
    },
    note(text) {
      flush()
      // Remarks quote what was read: names, reasons, lines of a file.
      stderr.write(`${printable(text)}\n`)
    },
  }
}
