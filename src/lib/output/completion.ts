export const shells = ['bash', 'zsh', 'fish'] as const

export interface CompletionCommand {
  words: string[]
  summary: string
  flags: Array<{name: string; description: string; takesValue: boolean; options: readonly string[]}>
}

/** A script that completes commands, flags and the values of flags with a fixed set, for one of `shells`. */
export function completionScript(shell: string, bin: string, commands: readonly CompletionCommand[]): string {
  if (shell === 'fish') return fishScript(bin, commands)
  // zsh runs bash's completions through its own bridge, so that one script serves both.
  const bash = bashScript(bin, commands)
  return shell === 'zsh' ? `${zshStart}\n${bash}` : bash
}

/** The bridge needs zsh's own completion, which a bare .zshrc does not switch on. */
const zshStart = `(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
autoload -Uz +X bashcompinit && bashcompinit`

function bashScript(bin: string, commands: readonly CompletionCommand[]): string {
  const name = `_${bin.replaceAll(/\W/g, '_')}`
  const first = unique(commands.map(({words}) => words[0]!))
  const topics = unique(commands.filter(({words}) => words.length > 1).map(({words}) => words[0]!))
  const second = topics.map((topic) => {
    const inner = commands.filter(({words}) => words[0] === topic && words.length > 1).map(({words}) => words[1]!)
    return `    ${quoted(topic)}) words=${quoted(inner.join(' '))} ;;`
  })
  const flags = commands.map(
    (command) => `    ${quoted(command.words.join(' '))}) words=${quoted(flagsOf(command).join(' '))} ;;`,
  )
  const values = commands.flatMap(({words, flags}) =>
    flags
      .filter(({options}) => options.length > 0)
      .map(({name, options}) => `    ${quoted(`${words.join(' ')} --${name}`)}) words=${quoted(options.join(' '))} ;;`),
  )
  return `${name}() {
  local cur prev command words=
  cur=\${COMP_WORDS[COMP_CWORD]}
  prev=\${COMP_WORDS[COMP_CWORD-1]}
  command=\${COMP_WORDS[1]}
  case $command in ${topics.map(quoted).join('|') || "''"}) [ "$COMP_CWORD" -gt 2 ] && command="$command \${COMP_WORDS[2]}" ;; esac
  if [ "$COMP_CWORD" -eq 1 ]; then words=${quoted(first.join(' '))}
  elif [ "$COMP_CWORD" -eq 2 ]; then case $command in
${second.join('\n')}
    esac
  fi
  case "$command $prev" in
${values.join('\n')}
  esac
  case $cur in -*) case $command in
${flags.join('\n')}
    esac ;;
  esac
  if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$cur")); else COMPREPLY=($(compgen -f -- "$cur")); fi
}
complete -F ${name} ${bin}
`
}

function fishScript(bin: string, commands: readonly CompletionCommand[]): string {
  const lines = [`complete -c ${bin} -f`]
  for (const {words, summary, flags} of commands) {
    const [first, second] = words
    const seen =
      second === undefined
        ? `__fish_seen_subcommand_from ${first}`
        : `__fish_seen_subcommand_from ${first}; and __fish_seen_subcommand_from ${second}`
    const start = second === undefined ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${first}`
    if (second !== undefined) lines.push(`complete -c ${bin} -n '__fish_use_subcommand' -a ${first}`)
    lines.push(`complete -c ${bin} -n '${start}' -a ${second ?? first} -d ${fishQuoted(summary)}`)
    for (const {name, description, takesValue, options} of flags) {
      const value = options.length > 0 ? ` -xa ${fishQuoted(options.join(' '))}` : takesValue ? ' -r' : ''
      lines.push(`complete -c ${bin} -n '${seen}' -l ${name}${value} -d ${fishQuoted(description)}`)
    }
  }
  return `${unique(lines).join('\n')}\n`
}

function flagsOf({flags}: CompletionCommand): string[] {
  return flags.map(({name}) => `--${name}`)
}

/** One word of a POSIX shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** One word of fish, whose single quotes know backslashes. */
function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

function unique(words: readonly string[]): string[] {
  return [...new Set(words)]
}
