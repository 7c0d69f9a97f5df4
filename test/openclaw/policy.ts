/** The guard policy of the ring: a call says by its command what shall become of it. */
export const toolGuard = {
  enabled: true,
  rules: [
    {
      id: 'no-blockme',
      when: {toolName: 'exec', contains: {'data.params.command': 'BLOCKME'}},
      decision: {block: true, blockReason: 'our policy blocks this'},
    },
    {
      id: 'rewrite-rewriteme',
      when: {toolName: 'exec', contains: {'data.params.command': 'REWRITEME'}},
      decision: {params: {command: 'echo rewritten-by-policy'}},
    },
    {
      id: 'ask-askme',
      when: {toolName: 'exec', contains: {'data.params.command': 'ASKME'}},
      decision: {
        ask: {title: 'Our policy asks', description: 'A command of {{toolName}}', severity: 'warning', timeoutMs: 4000},
      },
    },
    {
      id: 'ask-askbare',
      when: {toolName: 'exec', contains: {'data.params.command': 'ASKBARE'}},
      // The host refuses to ask without any text.
      decision: {ask: {}},
    },
    {
      // Only ever called through tool search, so it shows that inner calls are judged as themselves.
      id: 'no-agents-list',
      when: {toolName: 'agents_list'},
      decision: {block: true, blockReason: 'our policy blocks the inner call'},
    },
  ],
}

/** Added while the gateway runs. */
export const laterRule = {
  id: 'no-reloaded',
  when: {toolName: 'exec', contains: {'data.params.command': 'RELOADED'}},
  decision: {block: true, blockReason: 'blocked since the reload'},
}

/** A rule that the host's check lets through, and that nobody can judge by. */
export const faultyRule = {
  id: 'faulty',
  when: {matchesRegex: {'data.params.command': '(unclosed'}},
  decision: {block: true},
}

/** `plugins.entries["claw-events"]` of the ring. */
export const clawEvents = {
  id: 'claw-events',
  hooks: {allowConversationAccess: true},
  config: {hookBridge: {toolGuard}},
}
