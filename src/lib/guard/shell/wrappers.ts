import type {OptionSpec} from './options.ts'

/** A program that starts another one: how to find that one among its words. */
export interface Wrapper extends OptionSpec {
  /** Words of its own before the command. */
  operands?: number
  /** `NAME=value` may stand before the command. */
  assignments?: true
  /** Its words are put together and read by a shell. */
  joins?: true
  /** Options whose value is a command line, with blanks between. */
  scripts?: string
  /** Without a command it starts a shell, which reads the input. */
  shell?: true
  /** The option that names the program; the other words are its arguments. */
  program?: string
  /** Only an option's value is a command: other words are not. */
  onlyScripts?: true
}

/** Programs that start one only after certain words, such as `docker exec`. */
export interface Nest extends OptionSpec {
  under: Readonly<Record<string, Wrapper | Nest>>
}

const none: Wrapper = {}
const first: Wrapper = {operands: 1}

const dockerRun: Wrapper = {
  short: 'aceghlmpuvw',
  longWithout:
    'rm detach interactive tty privileged init read-only publish-all no-healthcheck oom-kill-disable quiet help sig-proxy',
  operands: 1,
  program: 'entrypoint',
}
const dockerExec: Wrapper = {short: 'euw', long: 'env env-file user workdir detach-keys index', operands: 1}
const docker: Nest = {
  short: 'Hlcfp',
  long: 'host context config log-level file project-name profile project-directory env-file',
  under: {
    run: dockerRun,
    create: dockerRun,
    exec: dockerExec,
    container: {under: {run: dockerRun, create: dockerRun, exec: dockerExec}},
    compose: {
      short: 'fp',
      long: 'file project-name profile project-directory env-file',
      under: {run: dockerRun, exec: dockerExec},
    },
  },
}
const kubectl: Nest = {
  short: 'nsv',
  long: 'namespace context kubeconfig cluster user server',
  under: {
    exec: {short: 'cfn', long: 'container filename namespace', operands: 1},
    rsh: {short: 'cn', long: 'container namespace shell', operands: 1},
    debug: {short: 'cn', long: 'image container namespace target', operands: 1},
    run: {short: 'n', long: 'image namespace restart overrides', operands: 1},
  },
}
const runs: Nest = {
  short: 'pC',
  long: 'project directory python env-file',
  under: {run: {short: 'pw', long: 'python with project directory env-file'}, exec: none, x: none, dlx: none},
}

export const wrappers: Readonly<Record<string, Wrapper | Nest>> = {
  sudo: {
    short: 'aCcDghpRrTtUu',
    long: 'user group host prompt chdir chroot role type other-user command-timeout close-from auth-type login-class',
    assignments: true,
    shell: true,
  },
  doas: {short: 'Cu', shell: true},
  pkexec: {long: 'user'},
  run0: {short: 'ugpD', long: 'user group chdir property setenv nice unit', shell: true},
  'arch-chroot': {short: 'u', operands: 1, shell: true},
  schroot: {short: 'cdun', long: 'chroot directory user session-name', shell: true},
  'systemd-nspawn': {short: 'DMiupEx', long: 'directory machine image user property setenv bind bind-ro', shell: true},
  'lxc-attach': {short: 'naPeuv', long: 'name user', shell: true},
  distrobox: {under: {enter: {short: 'na', long: 'name additional-flags', operands: 1}}},
  toolbox: {under: {run: {short: 'cr', long: 'container release'}}},
  'flatpak-spawn': {long: 'env directory'},
  machinectl: {under: {shell: {short: 'E', long: 'uid setenv', operands: 1}}},
  pct: {under: {exec: first}},
  tini: none,
  'dumb-init': none,
  catatonit: none,
  'start-stop-daemon': {
    short: 'xapcdunNgsRI',
    long: 'exec startas pidfile chuid chdir user name nicelevel group signal retry',
    program: 'exec',
  },
  daemonize: {short: 'aceopEul'},
  faketime: first,
  cpulimit: {short: 'lpeP', long: 'limit pid exe'},
  trickle: {short: 'dutlws'},
  'systemd-cat': {short: 'tp', long: 'identifier priority'},
  dtach: {short: 'AcnN', shell: true},
  tsp: {short: 'LNDWOB'},
  pueue: {under: {add: {short: 'gdopwl', long: 'group delay priority working-directory label', joins: true}}},
  rr: {under: {record: {short: 'Mv'}}},
  'cross-env': {assignments: true},
  'env-cmd': {short: 'fe', long: 'file environments'},
  shx: none,
  pdsh: {short: 'wxgltufS', joins: true},
  clush: {short: 'wxgltuf', joins: true},
  gosu: first,
  'su-exec': first,
  su: {
    short: 'cCsgGwT',
    long: 'command session-command shell group supp-group whitelist-environment',
    scripts: 'c C command session-command',
    permute: true,
    shell: true,
    onlyScripts: true,
  },
  runuser: {
    short: 'cCsgGwu',
    long: 'command session-command shell group supp-group user',
    scripts: 'c C command session-command',
    shell: true,
  },
  sg: {short: 'c', scripts: 'c', operands: 1, joins: true},
  script: {short: 'cEIOBTm', long: 'command log-in log-out log-io log-timing', scripts: 'c command', operands: 1},
  env: {short: 'uCS', long: 'unset chdir split-string', assignments: true, scripts: 'S split-string'},
  exec: {short: 'a'},
  // Where `time` is no word of the shell's own, what looks like a program's name to the parser is its option.
  '-f': first,
  '-o': first,
  repeat: first,
  runcon: {short: 'trul', long: 'type role user range', operands: 0},
  'sbase-box': none,
  'ubase-box': none,
  watchexec: {short: 'wefidE', long: 'watch exts filter ignore'},
  kitty: {short: 'oTdc', long: 'override title directory config'},
  foot: {short: 'cTad', long: 'config title app-id working-directory'},
  plink: {short: 'PlLRDiN', operands: 1, joins: true, shell: true},
  dbclient: {short: 'pliLRJ', operands: 1, joins: true, shell: true},
  pssh: {short: 'hHlptoex', joins: true},
  'parallel-ssh': {short: 'hHlptoex', joins: true},
  sops: {under: {'exec-env': {operands: 1, joins: true}, 'exec-file': {operands: 1, joins: true}}},
  nohup: none,
  setsid: none,
  nice: {short: 'n', long: 'adjustment'},
  ionice: {short: 'cnpPu', long: 'class classdata pid'},
  timeout: {short: 'ks', long: 'kill-after signal', operands: 1},
  gtimeout: {short: 'ks', long: 'kill-after signal', operands: 1},
  time: {short: 'fo', long: 'format output'},
  stdbuf: {short: 'ioe', long: 'input output error'},
  unbuffer: none,
  chroot: {long: 'userspec groups', operands: 1, shell: true},
  fakeroot: {short: 'lsifb', long: 'lib faked', shell: true},
  fakechroot: none,
  unshare: {short: 'SGRwl', long: 'root wd map-user map-group propagation setgroups setuid setgid', shell: true},
  nsenter: {short: 'tSG', long: 'target setuid setgid', shell: true},
  setpriv: {
    long: 'reuid regid groups inh-caps ambient-caps bounding-set securebits pdeathsig selinux-label apparmor-profile',
  },
  taskset: first,
  chrt: {short: 'TPD', operands: 1},
  numactl: {short: 'iNmpC', long: 'interleave cpunodebind membind preferred physcpubind'},
  prlimit: {short: 'p', long: 'pid'},
  setarch: {operands: 1, shell: true},
  linux32: none,
  linux64: none,
  flock: {short: 'wEc', long: 'timeout conflict-exit-code command', operands: 1, scripts: 'c command'},
  lockf: {short: 't', operands: 1},
  'systemd-run': {
    short: 'puMHGd',
    long: 'property unit description slice uid gid nice working-directory setenv on-active on-boot on-calendar machine host service-type',
    shell: true,
  },
  'systemd-inhibit': {long: 'what who why mode'},
  caffeinate: {short: 'tw'},
  strace: {short: 'abeEIoOpPsSuUX', long: 'output trace env user'},
  ltrace: {short: 'aAeDlnopsuxX'},
  valgrind: none,
  perf: {under: {stat: {short: 'eorpx'}, record: {short: 'eocFpg'}, trace: {short: 'eo'}}},
  catchsegv: none,
  torsocks: {short: 'upaP'},
  torify: none,
  tsocks: none,
  proxychains: {short: 'f'},
  proxychains4: {short: 'f'},
  'dbus-run-session': none,
  'xvfb-run': {short: 'enfpsw', long: 'server-args server-num error-file auth-file'},
  rlwrap: {short: 'abcfgHlopPqsSt'},
  ccache: none,
  chronic: none,
  ifne: none,
  eatmydata: none,
  firejail: {longWithout: 'noprofile private net quiet'},
  chpst: {short: 'uUbe/mnopdfcrt'},
  's6-setuidgid': first,
  setuidgid: first,
  softlimit: {short: 'acdflmoprst'},
  busybox: none,
  toybox: none,
  coreutils: none,
  noglob: none,
  nocorrect: none,
  '-': none,
  builtin: none,
  watch: {short: 'n', long: 'interval equexit', joins: true},
  entr: none,
  viddy: {short: 'n', joins: true},
  ssh: {short: 'BbcDEeFIiJLlmOopQRSWw', operands: 1, joins: true, shell: true},
  autossh: {short: 'MBbcDEeFIiJLlmOopQRSWw', operands: 1, joins: true, shell: true},
  sshpass: {short: 'pfdPe'},
  mosh: {long: 'ssh port server', operands: 1},
  rsh: {operands: 1, joins: true},
  docker,
  podman: docker,
  nerdctl: docker,
  'docker-compose': docker,
  kubectl,
  oc: kubectl,
  k: kubectl,
  k3s: {under: {kubectl}},
  lxc: {under: {exec: {long: 'env cwd user group mode', operands: 1}}},
  incus: {under: {exec: {long: 'env cwd user group mode', operands: 1}}},
  multipass: {under: {exec: {short: 'd', operands: 1}}},
  limactl: {under: {shell: {long: 'workdir shell', operands: 1}}},
  wsl: {short: 'du', long: 'distribution user cd', shell: true},
  adb: {short: 's', under: {shell: {joins: true}}},
  vagrant: {under: {ssh: {short: 'c', long: 'command', scripts: 'c command', permute: true, onlyScripts: true}}},
  ip: {under: {netns: {under: {exec: first}}, vrf: {under: {exec: first}}}},
  'nix-shell': {short: 'pIA', long: 'run command packages', scripts: 'run command', permute: true, onlyScripts: true},
  arch: {short: 'de'},
  wine: none,
  wine64: none,
  npx: {short: 'pc', long: 'package call', scripts: 'c call'},
  bunx: none,
  npm: {
    under: {
      exec: {short: 'c', long: 'call package', scripts: 'c call'},
      x: {short: 'c', long: 'call package', scripts: 'c call'},
    },
  },
  pnpm: runs,
  yarn: runs,
  poetry: runs,
  pipenv: runs,
  uv: runs,
  pdm: runs,
  hatch: runs,
  rye: runs,
  conda: {under: {run: {short: 'np', long: 'name prefix cwd'}}},
  mamba: {under: {run: {short: 'np', long: 'name prefix cwd'}}},
  bundle: {under: {exec: none}},
  rbenv: {under: {exec: none}},
  pyenv: {under: {exec: none}},
  mise: {under: {exec: {short: 'c', long: 'command', scripts: 'c command'}, x: none}},
  asdf: {under: {exec: none}},
  direnv: {under: {exec: first}},
  'aws-vault': {under: {exec: {short: 'd', long: 'duration region', operands: 1}}},
  op: {under: {run: {long: 'env-file account'}}},
  doppler: {under: {run: {short: 'pc', long: 'project config command', scripts: 'command'}}},
  chamber: {under: {exec: first}},
  heroku: {under: {run: {short: 'a', long: 'app', joins: true}}},
  dotenv: {short: 'ef'},
  git: {
    short: 'Cc',
    long: 'git-dir work-tree namespace exec-path',
    under: {
      bisect: {under: {run: none}},
      submodule: {under: {foreach: {joins: true}}},
    },
  },
}
