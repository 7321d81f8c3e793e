/** The Races view: all findings of the workspace, by verdict, file or rule. It asks the server and keeps nothing else. */
import * as vscode from 'vscode';
import { type Group, type Grouping, GROUPINGS, grouped, kindOf } from './grouping';
import { type Finding, SERVER } from './protocol';
import type { Session } from './session';

const REMEMBERED = 'races.grouping';

/** What a row of the view is made from, and what its commands get. */
export type Row = Group | Finding;

export class Races implements vscode.TreeDataProvider<Row>, vscode.Disposable {
  findings: readonly Finding[] = [];
  readonly onDidChangeTreeData: vscode.Event<void>;
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly view: vscode.TreeView<Row>;
  private asked = 0;

  constructor(
    private readonly session: Session,
    private readonly state: vscode.Memento,
  ) {
    this.onDidChangeTreeData = this.changed.event;
    this.view = vscode.window.createTreeView('ftlint.races', { treeDataProvider: this, showCollapseAll: true });
    this.describe();
  }

  get grouping(): Grouping {
    const kept = this.state.get<string>(REMEMBERED);
    return GROUPINGS.find((it) => it === kept) ?? 'verdict';
  }

  async group(by: Grouping): Promise<void> {
    await this.state.update(REMEMBERED, by);
    this.describe();
    this.changed.fire();
  }

  /** Asks the server; an answer that a later one has overtaken is dropped. */
  async refresh(): Promise<void> {
    const turn = ++this.asked;
    const running = this.session.health.kind === 'running';
    const findings = running ? await this.session.call<Finding[] | null>(SERVER.findings).catch(() => null) : [];
    if (turn !== this.asked || !findings) return;
    this.findings = findings;
    this.view.badge =
      findings.length > 0 ? { value: findings.length, tooltip: `${findings.length} possible races` } : undefined;
    this.changed.fire();
  }

  getChildren(row?: Row): Row[] {
    if (!row) return grouped(this.findings, this.grouping, (it) => readable(it));
    return 'findings' in row ? [...row.findings] : [];
  }

  getTreeItem(row: Row): vscode.TreeItem {
    return 'findings' in row ? this.groupItem(row) : this.findingItem(row);
  }

  dispose(): void {
    this.view.dispose();
    this.changed.dispose();
  }

  private describe(): void {
    this.view.description = `by ${this.grouping}`;
  }

  private groupItem(group: Group): vscode.TreeItem {
    const item = new vscode.TreeItem(group.label, vscode.TreeItemCollapsibleState.Expanded);
    item.id = `${this.grouping}:${group.key}`;
    item.description = String(group.findings.length);
    const first = group.findings[0];
    if (this.grouping === 'file') item.iconPath = vscode.ThemeIcon.File;
    if (this.grouping === 'verdict' && first) item.iconPath = icon(first);
    return item;
  }

  private findingItem(finding: Finding): vscode.TreeItem {
    const uri = vscode.Uri.parse(finding.uri);
    const { start, end } = finding.range;
    // What the group says already is left out: the view is narrow.
    const rule = this.grouping === 'rule' ? '' : `${finding.rule} `;
    const place = this.grouping === 'file' ? `line ${start.line + 1}` : `${readable(finding.uri)}:${start.line + 1}`;
    const item = new vscode.TreeItem(rule + place);
    item.id = `${this.grouping}:${finding.uri}:${finding.fingerprint}`;
    item.description = finding.message;
    item.iconPath = icon(finding);
    const tooltip = new vscode.MarkdownString();
    tooltip.appendText(`${finding.rule} ${finding.name}, confidence ${finding.confidence}\n\n${finding.message}`);
    if (finding.verdict) tooltip.appendText(`\n\n${finding.verdict.summary}`);
    item.tooltip = tooltip;
    item.contextValue = [
      'finding',
      finding.replayable === false ? '' : 'replayable',
      kindOf(finding) === 'confirmed' ? 'confirmed' : '',
    ].join(' ');
    const selection = new vscode.Range(start.line, start.character, end.line, end.character);
    item.command = { command: 'vscode.open', title: 'Open', arguments: [uri, { selection }] };
    return item;
  }
}

function icon(finding: Finding): vscode.ThemeIcon {
  switch (kindOf(finding)) {
    case 'confirmed':
      return new vscode.ThemeIcon('flame', new vscode.ThemeColor('problemsErrorIcon.foreground'));
    case 'open':
      return new vscode.ThemeIcon('warning', new vscode.ThemeColor('problemsWarningIcon.foreground'));
    case 'not-reproduced':
      return new vscode.ThemeIcon('question');
    case 'not-replayable':
      return new vscode.ThemeIcon('circle-slash');
  }
}

function readable(uri: string): string {
  return vscode.workspace.asRelativePath(vscode.Uri.parse(uri));
}
