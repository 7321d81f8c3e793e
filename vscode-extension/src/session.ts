/** The running server: start, stop, restart, and the requests of its own. */
import * as vscode from 'vscode';
import {
  ExecuteCommandRequest,
  LanguageClient,
  type LanguageClientOptions,
  State,
  WorkDoneProgress,
} from 'vscode-languageclient/node';
import { places, serverEnvironment } from './environment';
import { type Located, locate } from './locate';
import { DID_CHANGE_TRUST, FINDINGS_CHANGED } from './protocol';

export type Health =
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly located: Located }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly why: readonly string[] };

export class Session implements vscode.Disposable {
  health: Health = { kind: 'stopped' };
  readonly onHealth: vscode.Event<Health>;
  readonly onFindings: vscode.Event<void>;
  private readonly healthEmitter = new vscode.EventEmitter<Health>();
  private readonly findingsEmitter = new vscode.EventEmitter<void>();
  private client: LanguageClient | undefined;
  private located: Located | undefined;
  /** Starts and stops wait for one another: two servers would publish everything twice. */
  private turn: Promise<void> = Promise.resolve();
  private tokens = 0;

  constructor(
    private readonly context: vscode.ExtensionContext,
    readonly output: vscode.LogOutputChannel,
    private readonly trace: vscode.LogOutputChannel,
  ) {
    this.onHealth = this.healthEmitter.event;
    this.onFindings = this.findingsEmitter.event;
  }

  start(): Promise<void> {
    return this.inTurn(() => this.startNow());
  }

  restart(): Promise<void> {
    return this.inTurn(async () => {
      await this.stopNow();
      await this.startNow();
    });
  }

  stop(): Promise<void> {
    return this.inTurn(() => this.stopNow());
  }

  /** With trust, the workspace's own setting and environment count, which may name another server. */
  async trustGranted(): Promise<void> {
    const found = locate(await places(this.context));
    const same = 'command' in found && found.command === this.located?.command;
    if (!this.client || !same) return this.restart();
    await this.client.sendNotification(DID_CHANGE_TRUST, { trusted: true });
  }

  /** Runs a command of the server; fails with its sentence for the user. */
  async call<T>(
    command: string,
    argument?: object,
    token?: vscode.CancellationToken,
    onProgress?: (message: string | undefined, percentage: number | undefined) => void,
  ): Promise<T> {
    const client = this.client;
    if (this.health.kind !== 'running' || !client) throw new Error('the server of ftlint is not running');
    const params = { command, arguments: argument ? [argument] : [] };
    if (!onProgress) return (await client.sendRequest(ExecuteCommandRequest.type, params, token)) as T;
    const workDoneToken = `ftlint-${++this.tokens}`;
    const listener = client.onProgress(WorkDoneProgress.type, workDoneToken, (it) => {
      if (it.kind !== 'end') onProgress(it.message, it.percentage);
    });
    try {
      return (await client.sendRequest(ExecuteCommandRequest.type, { ...params, workDoneToken }, token)) as T;
    } finally {
      listener.dispose();
    }
  }

  dispose(): void {
    void this.stop();
    this.healthEmitter.dispose();
    this.findingsEmitter.dispose();
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(work, work);
    return this.turn;
  }

  private async startNow(): Promise<void> {
    if (this.client) return;
    this.set({ kind: 'starting' });
    const found = locate(await places(this.context));
    if (!('command' in found)) return this.fail(found.looked);
    this.located = found;
    this.output.info(`uses ${found.command}, because it is ${found.why}`);
    const run = { command: found.command, args: ['server'], options: { env: serverEnvironment(this.context) } };
    const client = new LanguageClient('ftlint', 'ftlint', run, this.options());
    client.onNotification(FINDINGS_CHANGED, () => this.findingsEmitter.fire());
    client.onDidChangeState((it) => this.changed(client, found, it.newState));
    this.client = client;
    try {
      await client.start();
      this.changed(client, found, State.Running);
    } catch (error) {
      this.client = undefined;
      this.fail([`${found.command} does not start: ${error instanceof Error ? error.message : String(error)}`]);
    }
  }

  private changed(client: LanguageClient, located: Located, state: State): void {
    if (client !== this.client) return;
    if (state === State.Running) this.set({ kind: 'running', located });
    else this.set(state === State.Starting ? { kind: 'starting' } : { kind: 'stopped' });
    this.findingsEmitter.fire();
  }

  private async stopNow(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client) await client.dispose().catch((it: unknown) => this.output.warn(String(it)));
    this.set({ kind: 'stopped' });
  }

  private options(): LanguageClientOptions {
    return {
      documentSelector: [
        { scheme: 'file', language: 'python' },
        { scheme: 'untitled', language: 'python' },
      ],
      outputChannel: this.output,
      traceOutputChannel: this.trace,
      initializationOptions: {
        clientCommands: true,
        trusted: vscode.workspace.isTrusted,
        // The whole workspace is in the Problems panel then, not only what is open.
        diagnostics: 'push',
        settings: vscode.workspace.getConfiguration('ftlint'),
      },
      synchronize: { configurationSection: 'ftlint' },
    };
  }

  private fail(why: readonly string[]): void {
    for (const it of why) this.output.error(it);
    this.set({ kind: 'failed', why });
  }

  private set(health: Health): void {
    this.health = health;
    this.healthEmitter.fire(health);
  }
}
