/**
 * Makes a .vsix with the binary in it:
 *
 *   npm run package -- [--target linux-x64] [--binary PATH] [--runtime FOLDER] [--out FILE]
 *
 * Without a target it is this machine's; without a binary, `cargo build --release` makes one. The runtime is the folder
 * of a free-threaded Python, with its bin/ (`ftlint runtime list` names them); it is large, so it is left out unless it is named.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = fileURLToPath(new URL('..', import.meta.url));
const TARGETS = ['linux-x64', 'linux-arm64', 'alpine-x64', 'alpine-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64', 'win32-arm64'];
const host = `${process.platform}-${process.arch}`;

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(2);
}

function run(command, args, cwd = here) {
  const done = spawnSync(command, args, { cwd, stdio: 'inherit', shell: process.platform === 'win32' });
  if (done.status !== 0) fail(`\`${command} ${args.join(' ')}\` failed`);
}

function options() {
  const strings = Object.fromEntries(['target', 'binary', 'runtime', 'out'].map((it) => [it, { type: 'string' }]));
  try {
    return parseArgs({ options: strings }).values;
  } catch (error) {
    return fail(error.message);
  }
}

const { target = host, binary, runtime, out } = options();
if (!TARGETS.includes(target)) fail(`unknown target ${target}; one of ${TARGETS.join(', ')}`);
if (!binary && target !== host) fail(`--target ${target} needs --binary: this machine builds for ${host}`);
const name = target.startsWith('win32') ? 'ftlint.exe' : 'ftlint';
let source = binary && resolve(binary);
if (!source) {
  run('cargo', ['build', '--locked', '--release', '-p', 'ftlint'], join(here, '..'));
  source = join(process.env.CARGO_TARGET_DIR ?? join(here, '../target'), 'release', name);
}
if (!existsSync(source)) fail(`there is no binary at ${source}`);
if (runtime && !existsSync(runtime)) fail(`there is no runtime at ${runtime}`);

for (const it of ['bin', 'runtime', 'dist']) rmSync(join(here, it), { recursive: true, force: true });
mkdirSync(join(here, 'bin'));
copyFileSync(source, join(here, 'bin', name));
chmodSync(join(here, 'bin', name), 0o755);
if (runtime) cpSync(resolve(runtime), join(here, 'runtime'), { recursive: true, verbatimSymlinks: true });
run('npm', ['run', '--silent', 'check']);
run('npm', ['run', '--silent', 'build']);
const file = resolve(out ?? join(here, `ftlint-${target}.vsix`));
run('npx', ['vsce', 'package', '--target', target, '--no-dependencies', '--allow-missing-repository', '--out', file]);
