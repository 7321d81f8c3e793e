/** All commands of the extension; package.json lists the same names. */
import * as vscode from 'vscode';
import type { RulePages } from './explain';
import { type Grouping, GROUPINGS } from './grouping';
import { type Finding, SERVER, type ServerStatus } from './protocol';
import type { Races, Row } from './races';
import type { Replays } from './replay';
import type { Session } from './session';

export interface Parts {
  readonly session: Session;
  readonly races: Races;
  readonly replays: Replays;
  readonly rules: RulePages;
}

export function register(parts: Parts): vscode.Disposable {
  const { session, races, replays, rules } = parts;
  // Code lenses and actions give what docs/protocol.md says; the view gives its row; the palette gives nothing.
  const onFinding = (name: string, run: (it: Finding) => Promise<void>): vscode.Disposable =>
    vscode.commands.registerCommand(name, async (argument: Row | Partial<Finding> | undefined) => {
      const found = await chosen(races, argument);
      if (found) await run(found);
    });
  return vscode.Disposable.from(
    onFinding('ftlint.replayFinding', (it) => replays.replay(it.uri, it.fingerprint)),
    onFinding('ftlint.showInterleaving', (it) => replays.show(it.fingerprint)),
    vscode.commands.registerCommand('ftlint.explainRule', async (argument?: { rule?: string }) => {
      const rule = argument?.rule ?? (await chosen(races, undefined))?.rule;
      if (rule) await rules.open(rule);
    }),
    vscode.commands.registerCommand('ftlint.restart', () => session.restart()),
    vscode.commands.registerCommand('ftlint.stop', () => session.stop()),
    vscode.commands.registerCommand('ftlint.showOutput', () => session.output.show()),
    vscode.commands.registerCommand('ftlint.showStatus', () => showStatus(session)),
    vscode.commands.registerCommand('ftlint.refreshRaces', () => races.refresh()),
    vscode.commands.registerCommand('ftlint.groupRaces', () => group(races)),
    vscode.commands.registerCommand('ftlint.forgetReplayConsent', () => replays.forget()),
    vscode.commands.registerCommand('ftlint.menu', () => menu()),
  );
}

async function chosen(races: Races, argument: Row | Partial<Finding> | undefined): Promise<Finding | undefined> {
  if (argument && 'fingerprint' in argument) return argument as Finding;
  const items = races.findings.map((finding) => ({
    label: finding.message,
    description: `${finding.rule} ${vscode.workspace.asRelativePath(vscode.Uri.parse(finding.uri))}`,
    finding,
  }));
  if (items.length === 0) {
    await vscode.window.showInformationMessage('ftlint: there are no findings in this workspace.');
    return undefined;
  }
  return (await vscode.window.showQuickPick(items, { placeHolder: 'Which finding?', matchOnDescription: true }))?.finding;
}

async function group(races: Races): Promise<void> {
  const items = GROUPINGS.map((by: Grouping) => ({
    label: `By ${by}`,
    description: by === races.grouping ? 'now' : '',
    by,
  }));
  const picked = await vscode.window.showQuickPick(items, { placeHolder: 'Order of the Races view' });
  if (picked) await races.group(picked.by);
}

async function showStatus(session: Session): Promise<void> {
  try {
    const it = await session.call<ServerStatus>(SERVER.status);
    const server = session.health.kind === 'running' ? session.health.located : undefined;
    const python = it.interpreter ?? 'none; run `ftlint runtime install` in a terminal';
    const lines = [
      `version ${it.version}, ${it.files} files${it.indexing ? ', indexing' : ''}`,
      `server: ${server?.command ?? 'unknown'} (${server?.why ?? 'unknown'})`,
      `interpreter for replays: ${python}`,
    ];
    for (const line of lines) session.output.info(line);
  } catch (error) {
    session.output.error(error instanceof Error ? error.message : String(error));
  }
  session.output.show();
}

async function menu(): Promise<void> {
  const items = [
    { label: '$(list-tree) Show races', command: 'ftlint.races.focus' },
    { label: '$(info) Show status of the server', command: 'ftlint.showStatus' },
    { label: '$(output) Show output', command: 'ftlint.showOutput' },
    { label: '$(debug-restart) Restart the server', command: 'ftlint.restart' },
    { label: '$(debug-stop) Stop the server', command: 'ftlint.stop' },
  ];
  const picked = await vscode.window.showQuickPick(items, { placeHolder: 'ftlint' });
  if (picked) await vscode.commands.executeCommand(picked.command);
}
