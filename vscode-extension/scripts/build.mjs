/** Bundles the extension, the panel's script and its style into dist/. */
import { build } from 'esbuild';

const shared = { bundle: true, minify: true, legalComments: 'none', logLevel: 'warning' };
await build({
  ...shared,
  entryPoints: ['src/main.ts'],
  outfile: 'dist/main.js',
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  external: ['vscode'],
});
await build({
  ...shared,
  entryPoints: ['src/webview/panel.ts', 'src/webview/panel.css'],
  outdir: 'dist',
  platform: 'browser',
  format: 'iife',
  target: 'es2022',
});
