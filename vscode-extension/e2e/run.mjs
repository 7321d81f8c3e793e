/**
 * A user's way through the extension in a real VS Code: `npm run e2e`, after `cargo build -p ftlint`.
 * The .vsix is made, installed from its file, and looked at on the page. Screenshots: target/editor-shots.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { demo, extension, root, shots, startEditor, until } from './editor.mjs';

const began = Date.now();
const note = (text) => console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}`);
const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');
const binary = process.env.FTLINT_BINARY ?? join(target, 'debug/ftlint');
if (!existsSync(binary)) throw new Error(`there is no ${binary}: run \`cargo build -p ftlint\` first`);

function packaged() {
  const slim = join(shots, 'ftlint');
  execFileSync('strip', ['-o', slim, binary]);
  const vsix = join(shots, 'ftlint.vsix');
  execFileSync('npm', ['run', '--silent', 'package', '--', '--binary', slim, '--out', vsix], { cwd: extension, stdio: ['ignore', 'pipe', 'inherit'] });
  rmSync(slim);
  return vsix;
}

async function open(editor) {
  const { page } = editor;
  await page.goto(editor.url, { waitUntil: 'domcontentloaded' });
  await page.locator('.monaco-editor .view-lines').first().waitFor({ timeout: 60_000 });
  await page.locator('.monaco-editor .squiggly-warning, .monaco-editor .squiggly-error').first().waitFor({ timeout: 60_000 });
  note('squiggle');
}

async function command(page, title) {
  // The palette lists a command only once its extension is known.
  await until(`command ${title}`, async () => {
    await page.keyboard.press('F1');
    await page.locator('.quick-input-widget input').first().fill(`>${title}`);
    const row = page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first();
    const seen = await row.waitFor({ timeout: 2000 }).then(() => true, () => false);
    await page.keyboard.press(seen ? 'Enter' : 'Escape');
    return seen;
  });
}

const panelOf = (page) => page.frameLocator('iframe.webview').frameLocator('iframe');
const lensOf = (page, text) => page.locator('.monaco-editor .codelens-decoration a', { hasText: text });

async function findings(editor) {
  const { page, shot } = editor;
  await lensOf(page, /replay/).first().waitFor();
  note('code lens');
  await shot('1-editor');
  await page.keyboard.press('Control+Shift+M');
  const rows = page.locator('.markers-panel .monaco-list-row');
  await rows.filter({ hasText: /FTL\d{3}/ }).first().waitFor();
  // Related locations are the third level, below file and problem.
  const related = await page.locator('.markers-panel .monaco-list-row[aria-level="3"]').allInnerTexts();
  assert.ok(related.some((it) => it.includes('threads started here')), `related locations: ${related.join('; ')}`);
  note(`Problems, with ${related.length} related locations`);
  await shot('2-problems');
  await page.keyboard.press('Control+J');
  await page.locator('.statusbar-item', { hasText: /ftlint \d/ }).first().hover();
  await page.locator('.monaco-hover:visible', { hasText: 'because it is the one that comes with the extension' }).first().waitFor();
  note('the status item says which server runs and why');
  const squiggle = await page.locator('.monaco-editor .squiggly-warning').first().boundingBox();
  await page.mouse.move(squiggle.x + squiggle.width / 2, squiggle.y + squiggle.height / 2);
  await page.locator('.monaco-hover:visible', { hasText: /FTL\d{3}/ }).first().waitFor();
  note('hover');
  await shot('3-hover');
  await page.mouse.move(5, 5);
}

async function replay(editor) {
  const { page, shot } = editor;
  await lensOf(page, /replay/).first().click();
  const dialog = page.locator('.monaco-dialog-box');
  await dialog.waitFor();
  assert.match(await dialog.innerText(), /runs code of this workspace/);
  await shot('4-consent');
  await dialog.locator('.monaco-button', { hasText: 'Run Replays' }).click();
  const progress = page.locator('.notification-list-item', { hasText: 'replay' }).first();
  await progress.waitFor({ timeout: 10_000 });
  note('progress');
  await shot('5-progress');
  const panel = panelOf(page);
  await panel.locator('h1').waitFor({ timeout: 120_000 });
  assert.match(await panel.locator('h1').innerText(), /confirmed on CPython 3\.\d+/);
  const steps = await panel.locator('li').count();
  assert.ok(steps >= 3, `the interleaving has ${steps} steps`);
  assert.equal(await panel.locator('.head').count(), 2);
  await page.locator('.notification-list-item', { hasText: 'confirmed on CPython' }).first().waitFor();
  await lensOf(page, 'show interleaving').first().waitFor();
  note(`verdict and interleaving: ${await panel.locator('h1').innerText()}`);
  await shot('6-interleaving');
}

async function walk(editor) {
  const { page, shot } = editor;
  const panel = panelOf(page);
  await command(page, 'Notifications: Clear All');
  await panel.locator('button[data-step="0"]').click();
  await page.keyboard.press('ArrowDown');
  await panel.locator('button[data-step="1"][aria-current="step"]').waitFor();
  const place = await panel.locator('button[data-step="1"] .place').innerText();
  await shot('7-step');
  await page.keyboard.press('Enter');
  const line = place.split(':').at(-1);
  await page.locator('.statusbar-item', { hasText: `Ln ${line},` }).first().waitFor();
  note(`the panel's keys lead to ${place}`);
}

async function view(editor) {
  const { page, shot } = editor;
  await command(page, 'ftlint: Focus on Races View');
  const rows = page.locator('.pane-body .monaco-list-row');
  await rows.filter({ hasText: 'Confirmed' }).first().waitFor();
  await rows.filter({ hasText: 'Not replayed yet' }).first().waitFor();
  await shot('8-races');
  await command(page, 'ftlint: Group Races');
  await page.locator('.quick-input-list .monaco-list-row', { hasText: 'By file' }).click();
  await rows.filter({ hasText: 'tracker.py' }).first().waitFor();
  note('Races view, by verdict and by file');
}

async function looks(editor, folder) {
  const { page, shot } = editor;
  const theme = async (name, kind) => {
    mkdirSync(join(folder, '.vscode'), { recursive: true });
    writeFileSync(join(folder, '.vscode/settings.json'), JSON.stringify({ 'workbench.colorTheme': name }));
    await page.locator(`.monaco-workbench.${kind}`).waitFor();
  };
  await theme('Default Light Modern', 'vs');
  await page.waitForTimeout(500);
  await shot('9-light');
  await page.setViewportSize({ width: 820, height: 900 });
  await page.waitForTimeout(500);
  await shot('9-light-narrow');
  await theme('Default Dark Modern', 'vs-dark');
  await page.waitForTimeout(500);
  await shot('9-dark-narrow');
  await page.setViewportSize({ width: 1400, height: 900 });
}

async function quickFix(editor, folder) {
  const { page, shot } = editor;
  const file = join(folder, 'tracker.py');
  const before = readFileSync(file, 'utf8');
  await page.locator('.tab', { hasText: 'tracker.py' }).first().click();
  const marks = page.locator('.monaco-editor .squiggly-warning, .monaco-editor .squiggly-error');
  const count = await marks.count();
  const item = page.locator('.action-widget .monaco-list-row', { hasText: 'Ignore FTL101' }).first();
  // While the editor is still busy with what a replay has changed, the list closes again at once.
  for (let tries = 1; !(await item.isVisible()); tries++) {
    await page.keyboard.press('Escape');
    await page.locator('.monaco-editor .view-line', { hasText: 'self.files += 1' }).first().click({ position: { x: 120, y: 8 } });
    await page.keyboard.press('Control+.');
    await item.waitFor({ timeout: 8000 }).catch((error) => {
      if (tries === 4) throw error;
    });
  }
  await shot('10-actions');
  const rows = await page.locator('.action-widget .monaco-list-row').allInnerTexts();
  const own = rows.findIndex((it) => it.includes('Ignore FTL101'));
  const selected = await page.locator('.action-widget .monaco-list-row.focused').first().getAttribute('data-index');
  const index = Number(await item.getAttribute('data-index'));
  for (let n = Number(selected); n < index; n++) await page.keyboard.press('ArrowDown');
  assert.ok(own >= 0);
  await page.keyboard.press('Enter');
  await until('the finding is gone', async () => (await marks.count()) < count);
  await page.keyboard.press('Control+S');
  await until('the file is saved', () => readFileSync(file, 'utf8') !== before);
  assert.match(readFileSync(file, 'utf8'), /self\.files \+= 1.*# ftlint: ignore\[FTL101\]/);
  note('quick fix: the finding is gone, the file is saved');
  await shot('11-fixed');
}

async function session(name, options, steps) {
  const folder = demo();
  const editor = await startEditor({ name, folder, file: 'tracker.py', ...options });
  try {
    await open(editor);
    for (const step of steps) await step(editor, folder);
  } catch (error) {
    await editor.shot('failed');
    throw error;
  } finally {
    await editor.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function refusal({ page, shot }, folder) {
  await lensOf(page, /replay/).first().click();
  await page.locator('.notification-list-item', { hasText: 'the workspace is not trusted' }).first().waitFor();
  assert.equal(await page.locator('iframe.webview').count(), 0);
  assert.equal(await page.locator('.monaco-dialog-box').count(), 0);
  assert.ok(!existsSync(join(folder, '__pycache__')), 'nothing was imported');
  await shot('refused');
  note('an untrusted workspace is not replayed');
}

const vsix = packaged();
note(`packaged ${vsix}`);
await session('trusted', { vsix }, [findings, replay, walk, view, looks, quickFix]);
await session('untrusted', { vsix, trusted: false }, [refusal]);
note('done');
process.exit(0);
