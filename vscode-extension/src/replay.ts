/** Replays from the editor: trust first, then a question once per workspace, then progress that can be cancelled. */
import * as vscode from 'vscode';
import type { InterleavingPanel } from './panel';
import { type Interleaving, type ReplayAnswer, SERVER } from './protocol';
import type { Session } from './session';

const ALLOWED = 'replay.allowed';

export class Replays {
  constructor(
    private readonly session: Session,
    private readonly panel: InterleavingPanel,
    private readonly state: vscode.Memento,
    /** Whoever shows findings has to look again; called when there is a verdict. */
    private readonly judged: () => void,
  ) {}

  async replay(uri: string, fingerprint: string): Promise<void> {
    if (!(await this.mayRun())) return;
    const options = { location: vscode.ProgressLocation.Notification, title: 'ftlint: replay', cancellable: true };
    try {
      const answer = await vscode.window.withProgress(options, (progress, token) =>
        this.session.call<ReplayAnswer>(SERVER.replay, { uri, fingerprint }, token, (message) => {
          progress.report(message === undefined ? {} : { message });
        }),
      );
      this.judged();
      this.tell(answer);
    } catch (error) {
      if (error instanceof vscode.CancellationError) return;
      await tellError(error);
    }
  }

  async show(fingerprint: string): Promise<void> {
    try {
      const interleaving = await this.session.call<Interleaving | null>(SERVER.interleaving, { fingerprint });
      if (interleaving) this.panel.show(interleaving, 'The last replay of this finding');
      else await vscode.window.showInformationMessage('ftlint: nothing was confirmed here yet; replay the finding first.');
    } catch (error) {
      await tellError(error);
    }
  }

  /** The next replay in this workspace asks again. */
  async forget(): Promise<void> {
    await this.state.update(ALLOWED, undefined);
    await vscode.window.showInformationMessage('ftlint: the next replay in this workspace asks first.');
  }

  private tell({ verdict, interleaving }: ReplayAnswer): void {
    if (interleaving) this.panel.show(interleaving, verdict.summary);
    const text = `ftlint: ${verdict.summary}`;
    // Shown without waiting: the command is done when the verdict is there, not when the message is closed.
    if (verdict.kind === 'confirmed') void vscode.window.showWarningMessage(text);
    else void vscode.window.showInformationMessage(text);
  }

  private async mayRun(): Promise<boolean> {
    if (!vscode.workspace.isTrusted) {
      const manage = 'Manage Workspace Trust';
      const text = 'ftlint: a replay runs code of this workspace, and the workspace is not trusted.';
      const answer = await vscode.window.showWarningMessage(text, manage);
      if (answer === manage) await vscode.commands.executeCommand('workbench.trust.manage');
      return false;
    }
    if (this.state.get<boolean>(ALLOWED) === true) return true;
    const run = 'Run Replays in This Workspace';
    const detail =
      'It imports and runs your code on a free-threaded Python, in a process with limits on time and memory. ' +
      'You are asked once for each workspace.';
    const answer = await vscode.window.showWarningMessage('A replay runs code of this workspace.', { modal: true, detail }, run);
    if (answer !== run) return false;
    await this.state.update(ALLOWED, true);
    return true;
  }
}

async function tellError(error: unknown): Promise<void> {
  const text = error instanceof Error ? error.message : String(error);
  await vscode.window.showErrorMessage(`ftlint: ${text}`);
}
