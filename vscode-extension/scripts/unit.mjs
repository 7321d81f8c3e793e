/** Bundles the unit tests, because they are TypeScript, and runs them with Node's own runner. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { build } from 'esbuild';

const names = readdirSync('test').filter((it) => it.endsWith('.test.ts'));
await build({
  entryPoints: names.map((it) => `test/${it}`),
  outdir: 'dist/test',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  logLevel: 'warning',
});
const files = names.map((it) => `dist/test/${it.replace(/\.ts$/, '.cjs')}`);
process.exitCode = spawnSync(process.execPath, ['--test', ...files], { stdio: 'inherit' }).status ?? 1;
