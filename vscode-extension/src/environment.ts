/** The places of this machine and workspace where a server may be. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import type { Places } from './locate';

/** The part of the API of Microsoft's Python extension that is used, when it is there. */
interface PythonApi {
  readonly environments?: { getActiveEnvironmentPath(scope?: vscode.Uri): { readonly path: string } };
}

export async function places(context: vscode.ExtensionContext): Promise<Places> {
  const windows = process.platform === 'win32';
  return {
    setting: expand(vscode.workspace.getConfiguration('ftlint').get<string>('path', '').trim()),
    bundled: context.asAbsolutePath(join('bin', windows ? 'ftlint.exe' : 'ftlint')),
    environments: await environments(windows),
    path: (process.env['PATH'] ?? '').split(delimiter),
    trusted: vscode.workspace.isTrusted,
    windows,
    runs: (file) => runs(file, windows),
  };
}

/**
 * The environment of the server: where the extension brings a free-threaded Python, it is the last on PATH, so that one
 * that the user has installed comes first.
 */
export function serverEnvironment(context: vscode.ExtensionContext): NodeJS.ProcessEnv {
  const bundled = context.asAbsolutePath(join('runtime', process.platform === 'win32' ? '' : 'bin'));
  if (!isFolder(bundled)) return process.env;
  return { ...process.env, PATH: [process.env['PATH'], bundled].filter(Boolean).join(delimiter) };
}

function runs(file: string, windows: boolean): boolean {
  try {
    accessSync(file, windows ? constants.F_OK : constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function expand(path: string): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
  const home = process.env['HOME'] ?? process.env['USERPROFILE'] ?? '';
  return path.replace('${workspaceFolder}', folder).replace(/^~(?=[/\\])/, home);
}

async function environments(windows: boolean): Promise<string[]> {
  const res: string[] = [];
  const folders = vscode.workspace.workspaceFolders ?? [];
  for (const folder of folders) {
    const interpreter = await selectedInterpreter(folder.uri);
    // `<root>/bin/python` here, `<root>\Scripts\python.exe` or `<root>\python.exe` there.
    if (interpreter) {
      const parent = dirname(interpreter);
      res.push(windows && !/[/\\]scripts$/i.test(parent) ? parent : dirname(parent));
    }
  }
  if (process.env['VIRTUAL_ENV']) res.push(process.env['VIRTUAL_ENV']);
  for (const folder of folders) res.push(join(folder.uri.fsPath, '.venv'), join(folder.uri.fsPath, 'venv'));
  return [...new Set(res)].filter((it) => isFolder(it));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

async function selectedInterpreter(scope: vscode.Uri): Promise<string | undefined> {
  const extension = vscode.extensions.getExtension<PythonApi>('ms-python.python');
  if (!extension) return undefined;
  try {
    const path = (await extension.activate()).environments?.getActiveEnvironmentPath(scope).path;
    return path && /[/\\]/.test(path) ? path : undefined;
  } catch {
    // Its trouble is not ours: the other places are still there.
    return undefined;
  }
}
