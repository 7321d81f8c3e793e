/** The item in the status bar: whether the server runs, how much it found, which one it is and why. */
import * as vscode from 'vscode';
import type { Finding } from './protocol';
import type { Health } from './session';

export class StatusItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('ftlint.status', vscode.StatusBarAlignment.Left, 0);

  constructor() {
    this.item.name = 'ftlint';
    this.item.command = 'ftlint.menu';
    this.item.show();
  }

  show(health: Health, findings: readonly Finding[]): void {
    const text = new vscode.MarkdownString();
    this.item.backgroundColor = undefined;
    switch (health.kind) {
      case 'starting':
        this.item.text = '$(sync~spin) ftlint';
        text.appendText('ftlint starts');
        break;
      case 'stopped':
        this.item.text = '$(circle-slash) ftlint';
        text.appendText('The server of ftlint is stopped.');
        break;
      case 'failed':
        this.item.text = '$(error) ftlint';
        this.item.backgroundColor = new vscode.ThemeColor('statusBarItem.errorBackground');
        text.appendText(`ftlint does not run.\n\n${health.why.join('\n\n')}`);
        break;
      case 'running': {
        const confirmed = findings.filter((it) => it.verdict?.kind === 'confirmed').length;
        const proved = confirmed > 0 ? ` $(flame) ${confirmed}` : '';
        this.item.text = `$(git-compare) ftlint ${findings.length}${proved}`;
        text.appendText(`${count(findings.length, 'finding')}, ${confirmed} confirmed by replay\n\n`);
        text.appendText(`Uses ${health.located.command}, because it is ${health.located.why}.`);
        if (!vscode.workspace.isTrusted) text.appendText('\n\nThe workspace is not trusted: nothing of it is run.');
      }
    }
    this.item.tooltip = text;
    this.item.accessibilityInformation = { label: `ftlint: ${health.kind}` };
  }

  dispose(): void {
    this.item.dispose();
  }
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}
