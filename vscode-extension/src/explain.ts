/** The pages of the rules, as the server writes them, in the editor's own Markdown preview. */
import * as vscode from 'vscode';
import { SERVER } from './protocol';
import type { Session } from './session';

const SCHEME = 'ftlint-rule';

export class RulePages implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly registered = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);

  constructor(private readonly session: Session) {}

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const rule = uri.path.replace(/^\/|\.md$/g, '');
    return this.session.call<string>(SERVER.explain, { rule });
  }

  async open(rule: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${rule}.md` });
    try {
      await vscode.workspace.openTextDocument(uri);
      await vscode.commands.executeCommand('markdown.showPreviewToSide', uri);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      await vscode.window.showErrorMessage(`ftlint: ${text}`);
    }
  }

  dispose(): void {
    this.registered.dispose();
  }
}
