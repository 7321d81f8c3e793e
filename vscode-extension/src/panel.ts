/** The interleaving panel: one webview beside the editor. What it says back is only the number of a step. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { page } from './panel_html';
import type { Interleaving } from './protocol';

export class InterleavingPanel implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private interleaving: Interleaving | undefined;
  private readonly mark = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor('editor.stackFrameHighlightBackground'),
    overviewRulerColor: new vscode.ThemeColor('editorWarning.foreground'),
  });

  constructor(private readonly extension: vscode.Uri) {}

  show(interleaving: Interleaving, title: string): void {
    this.interleaving = interleaving;
    const panel = (this.panel ??= this.make());
    const file = (name: string): string =>
      panel.webview.asWebviewUri(vscode.Uri.joinPath(this.extension, 'dist', name)).toString();
    panel.webview.html = page(interleaving, {
      nonce: randomBytes(18).toString('base64'),
      source: panel.webview.cspSource,
      style: file('panel.css'),
      script: file('panel.js'),
      title,
      name: (uri) => vscode.workspace.asRelativePath(vscode.Uri.parse(uri)),
    });
    panel.reveal(panel.viewColumn ?? vscode.ViewColumn.Beside, true);
  }

  dispose(): void {
    this.panel?.dispose();
    this.mark.dispose();
  }

  private make(): vscode.WebviewPanel {
    const panel = vscode.window.createWebviewPanel(
      'ftlint.interleaving',
      'Interleaving',
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
      { enableScripts: true, localResourceRoots: [vscode.Uri.joinPath(this.extension, 'dist')] },
    );
    panel.iconPath = {
      light: vscode.Uri.joinPath(this.extension, 'media', 'races-light.svg'),
      dark: vscode.Uri.joinPath(this.extension, 'media', 'races-dark.svg'),
    };
    panel.webview.onDidReceiveMessage((it: unknown) => void this.received(it));
    panel.onDidDispose(() => {
      this.panel = undefined;
      for (const it of vscode.window.visibleTextEditors) it.setDecorations(this.mark, []);
    });
    return panel;
  }

  private async received(message: unknown): Promise<void> {
    if (typeof message !== 'object' || message === null) return;
    const { step, focus } = message as { step?: unknown; focus?: unknown };
    const found = typeof step === 'number' ? this.interleaving?.steps[step] : undefined;
    if (!found || found.uri === null) return;
    const uri = vscode.Uri.parse(found.uri);
    const known = vscode.window.visibleTextEditors.find((it) => it.document.uri.toString() === uri.toString());
    try {
      const editor = await vscode.window.showTextDocument(uri, {
        viewColumn: known?.viewColumn ?? vscode.ViewColumn.One,
        preserveFocus: focus !== true,
      });
      const line = editor.document.validateRange(new vscode.Range(found.line, 0, found.line, 0));
      if (focus === true) editor.selection = new vscode.Selection(line.start, line.start);
      for (const it of vscode.window.visibleTextEditors) it.setDecorations(this.mark, it === editor ? [line] : []);
      editor.revealRange(line, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    } catch (error) {
      await vscode.window.showErrorMessage(`ftlint: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
