/** Wires the parts of the extension, and nothing more. */
import * as vscode from 'vscode';
import { register } from './commands';
import { RulePages } from './explain';
import { InterleavingPanel } from './panel';
import { Races } from './races';
import { Replays } from './replay';
import { Session } from './session';
import { StatusItem } from './status';

let session: Session | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel('ftlint', { log: true });
  const trace = vscode.window.createOutputChannel('ftlint trace', { log: true });
  const started = (session = new Session(context, output, trace));
  const status = new StatusItem();
  const races = new Races(started, context.workspaceState);
  const panel = new InterleavingPanel(context.extensionUri);
  const rules = new RulePages(started);
  const replays = new Replays(started, panel, context.workspaceState, () => void races.refresh());
  context.subscriptions.push(
    output,
    trace,
    started,
    status,
    races,
    panel,
    rules,
    register({ session: started, races, replays, rules }),
    started.onHealth((it) => status.show(it, races.findings)),
    started.onFindings(() => void races.refresh()),
    races.onDidChangeTreeData(() => status.show(started.health, races.findings)),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void started.trustGranted()),
    vscode.workspace.onDidChangeConfiguration((it) => {
      if (it.affectsConfiguration('ftlint.path')) void started.restart();
    }),
  );
  await started.start();
  await races.refresh();
}

export function deactivate(): Promise<void> | undefined {
  return session?.stop();
}
