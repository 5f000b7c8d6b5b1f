import { homedir } from "node:os";
import { workspace } from "vscode";

export const SECTION = "hplint";

/** The settings that decide which server runs; a change of one needs another server. */
export const OF_THE_CLIENT = ["enable", "interpreter", "path"] as const;

/** The settings that the server is told, and no others: it complains of names that it does not know. */
const OF_THE_SERVER = ["select", "extendSelect", "ignore", "configuration", "inlayHints", "run"] as const;

export function isEnabled(): boolean {
  return workspace.getConfiguration(SECTION).get("enable", true);
}

/** The value of a setting that holds a path, with what stands for folders filled in; empty where none is set. */
export function pathSetting(name: "interpreter" | "path"): string {
  const value = workspace.getConfiguration(SECTION).get(name, "").trim();
  return value.replace(/^~(?=[\\/]|$)/, homedir()).replaceAll("${workspaceFolder}", rootFolder() ?? "");
}

/** What the server is told. */
export function serverSettings(): Record<string, unknown> {
  const settings = workspace.getConfiguration(SECTION);
  return Object.fromEntries(OF_THE_SERVER.map((name) => [name, settings.get(name)]));
}

/** The first folder of the workspace, where relative paths start. */
export function rootFolder(): string | undefined {
  return workspace.workspaceFolders?.[0]?.uri.fsPath;
}
