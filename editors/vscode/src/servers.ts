/** Which server there is to run. Nothing here needs VS Code. */

import { execFile } from "node:child_process";

/** A command that may be hplint. */
export interface Candidate {
  readonly command: string;
  readonly args: readonly string[];
  /** The Python that runs it, where that is known. */
  readonly interpreter?: string;
}

/** Why a candidate cannot serve. */
export interface Refusal {
  readonly candidate: Candidate;
  readonly reason: "no hplint" | "no extra" | "fails";
  /** What it said, for the log. */
  readonly output: string;
}

export interface Wishes {
  /** An executable that the user has set. */
  readonly path: string;
  /** An interpreter that the user has set. */
  readonly interpreter: string;
  /** The interpreter that is selected in the Python extension. */
  readonly selected: string | undefined;
}

/** Milliseconds for a server to come up and see that nobody speaks to it. */
const PATIENCE = 30_000;

/** What to try, in this order. What the user has set is the only one: another server in its place would surprise. */
export function candidates(wishes: Wishes): readonly Candidate[] {
  if (wishes.path) {
    return [{ command: wishes.path, args: ["server"] }];
  }
  if (wishes.interpreter) {
    return [moduleOf(wishes.interpreter)];
  }
  const selected = wishes.selected === undefined ? [] : [moduleOf(wishes.selected)];
  const python = process.platform === "win32" ? "python" : "python3";
  return [...selected, moduleOf(python), { command: "hplint", args: ["server"] }];
}

/** The first candidate that can serve, or why none can. */
export async function choose(
  wishes: Wishes,
  folder: string | undefined,
): Promise<{ chosen: Candidate } | { refusals: readonly Refusal[] }> {
  const refusals: Refusal[] = [];
  for (const candidate of candidates(wishes)) {
    const refusal = await tried(candidate, folder);
    if (refusal === undefined) {
      return { chosen: candidate };
    }
    refusals.push(refusal);
  }
  return { refusals };
}

/** A module of the project that is called `click.py` must not be imported in place of the library. */
export function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PYTHONSAFEPATH: "1" };
}

function moduleOf(interpreter: string): Candidate {
  return { command: interpreter, args: ["-m", "hplint", "server"], interpreter };
}

/** Runs a server that nobody speaks to: one that is complete ends at once, and well. */
function tried(candidate: Candidate, folder: string | undefined): Promise<Refusal | undefined> {
  return new Promise((resolve) => {
    const options = { cwd: folder, env: environment(), timeout: PATIENCE, windowsHide: true };
    const process = execFile(candidate.command, [...candidate.args], options, (error, stdout, stderr) => {
      const output = (stderr || stdout || error?.message || "").trim();
      resolve(error === null ? undefined : { candidate, reason: reasonIn(output, error.code), output });
    });
    process.stdin?.on("error", () => undefined); // It is told of above that the process has not started.
    process.stdin?.end();
  });
}

function reasonIn(output: string, code: unknown): Refusal["reason"] {
  if (code === "ENOENT" || /No module named '?hplint\b/.test(output)) {
    return "no hplint";
  }
  return output.includes("hplint[lsp]") ? "no extra" : "fails";
}
