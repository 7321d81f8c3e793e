/** Runs inside of a real extension host, with the whole `vscode` API. VS Code calls `run`; a rejection is a failure. */
const assert = require('node:assert/strict');
const { join } = require('node:path');
const vscode = require('vscode');

async function until(what, probe, ms = 60_000) {
  const end = Date.now() + ms;
  for (;;) {
    const got = await probe();
    if (got) return got;
    if (Date.now() > end) throw new Error(`timed out: ${what}`);
    await new Promise((it) => setTimeout(it, 100));
  }
}

const own = (document) => vscode.languages.getDiagnostics(document.uri).filter((it) => it.source === 'ftlint');
const code = (it) => (typeof it.code === 'object' ? it.code.value : it.code);

const tests = {
  async 'diagnostics carry the rule, its page and the other access'(document) {
    const found = await until('diagnostics', () => (own(document).length >= 3 ? own(document) : undefined));
    assert.deepEqual(found.map(code).sort(), ['FTL101', 'FTL106', 'FTL207']);
    for (const it of found) {
      assert.ok(it.relatedInformation.length > 0);
      assert.match(it.code.target.toString(), /ftl\d{3}/);
    }
  },
  async 'lenses carry commands of the extension'(document) {
    const lenses = await until('lenses', async () => {
      const all = await vscode.commands.executeCommand('vscode.executeCodeLensProvider', document.uri, 20);
      return all.some((it) => it.command?.command === 'ftlint.replayFinding') ? all : undefined;
    });
    const known = await vscode.commands.getCommands(true);
    for (const it of lenses) if (it.command?.command) assert.ok(known.includes(it.command.command), it.command.command);
  },
  async 'all commands of package.json are registered'() {
    const known = new Set(await vscode.commands.getCommands(true));
    const { contributes } = vscode.extensions.getExtension('ftlint.ftlint').packageJSON;
    for (const it of contributes.commands) assert.ok(known.has(it.command), it.command);
  },
  async 'a wrong ftlint.path is an error, and taking it back starts the server again'(document) {
    const settings = vscode.workspace.getConfiguration('ftlint');
    await settings.update('path', '/nowhere/ftlint', vscode.ConfigurationTarget.Global);
    await until('diagnostics go', () => own(document).length === 0);
    await settings.update('path', undefined, vscode.ConfigurationTarget.Global);
    await until('diagnostics come back', () => own(document).length >= 3);
  },
  async 'a restart gives the same findings'(document) {
    const before = own(document).map(code).sort();
    await vscode.commands.executeCommand('ftlint.restart');
    await until('diagnostics come back', () => own(document).length === before.length);
    assert.deepEqual(own(document).map(code).sort(), before);
  },
  async 'the page of a rule opens'() {
    const uri = vscode.Uri.from({ scheme: 'ftlint-rule', path: '/FTL101.md' });
    assert.match((await vscode.workspace.openTextDocument(uri)).getText(), /FTL101/);
  },
};

exports.run = async function run() {
  const folder = vscode.workspace.workspaceFolders[0].uri.fsPath;
  const document = await vscode.workspace.openTextDocument(join(folder, 'tracker.py'));
  await vscode.window.showTextDocument(document);
  let failed = 0;
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test(document);
      console.log(`ok - ${name}`);
    } catch (error) {
      failed += 1;
      console.error(`not ok - ${name}\n${error?.stack}`);
    }
  }
  if (failed > 0) throw new Error(`${failed} tests failed`);
};
