import { PythonExtension } from "@vscode/python-extension";
import { type Disposable, extensions, workspace } from "vscode";

/** The Python extension, or undefined where it is not installed or cannot be started, which it tells itself. */
async function pythonExtension(): Promise<PythonExtension | undefined> {
  if (extensions.getExtension("ms-python.python") === undefined) {
    return undefined;
  }
  return PythonExtension.api().catch(() => undefined);
}

/** The interpreter that is selected for the first folder of the workspace, undefined where none is. */
export async function selectedInterpreter(): Promise<string | undefined> {
  const environments = (await pythonExtension())?.environments;
  const folder = workspace.workspaceFolders?.[0]?.uri;
  const resolved = await environments?.resolveEnvironment(environments.getActiveEnvironmentPath(folder));
  return resolved?.executable.uri?.fsPath;
}

/** Calls back when another interpreter is selected. */
export async function onOtherInterpreter(call: () => void): Promise<Disposable | undefined> {
  return (await pythonExtension())?.environments.onDidChangeActiveEnvironmentPath(call);
}
