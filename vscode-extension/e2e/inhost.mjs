/**
 * Runs test/host inside of a real extension host, from the extension's folder: `npm run test:host`, after
 * `cargo build -p ftlint`. The web workbench runs a test module when its smoke-test driver is on.
 */
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { demo, extension, root, startEditor } from './editor.mjs';

const binary = process.env.FTLINT_BINARY ?? join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), 'debug/ftlint');
if (!existsSync(binary)) throw new Error(`there is no ${binary}: run \`cargo build -p ftlint\` first`);
mkdirSync(join(extension, 'bin'), { recursive: true });
copyFileSync(binary, join(extension, 'bin/ftlint'));

const folder = demo();
const editor = await startEditor({
  name: 'host',
  folder,
  payload: (origin) => [
    ['extensionDevelopmentPath', origin + join(extension)],
    ['extensionTestsPath', origin + join(extension, 'test/host/index.js')],
  ],
});
let status = 1;
try {
  const { page } = editor;
  const ended = new Promise((resolve) => page.exposeFunction('codeAutomationExit', resolve));
  // The workbench says much else; the tests' own lines and their errors begin so.
  const ours = (it) => /^(ok|not ok|Error)\b/.test(String(it[0]));
  await page.exposeFunction('codeAutomationLog', (_kind, lines) => ours(lines) && console.log(...lines));
  // The page's own configuration is changed as it is read: a page that is rewritten may not open its socket.
  await page.addInitScript(() => {
    const read = Element.prototype.getAttribute;
    Element.prototype.getAttribute = function (name) {
      const value = read.call(this, name);
      if (this.id !== 'vscode-workbench-web-configuration' || name !== 'data-settings') return value;
      const settings = JSON.parse(value);
      settings.developmentOptions = { ...settings.developmentOptions, enableSmokeTestDriver: true };
      return JSON.stringify(settings);
    };
  });
  await page.goto(editor.url, { waitUntil: 'domcontentloaded' });
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error('the tests did not end in 4 minutes')), 240_000));
  status = await Promise.race([ended, late]);
} catch (error) {
  console.error(error);
  await editor.shot('failed');
} finally {
  await editor.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(status);
