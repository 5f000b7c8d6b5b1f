import { type LogOutputChannel, ProcessExecution, Task, TaskScope, commands, tasks, window } from "vscode";
import type { Refusal } from "./servers";
import { SECTION } from "./settings";

const REQUIREMENT = "hplint[lsp]";

/** Tells why no server runs and offers what helps. True when hplint has been installed. */
export async function tell(refusals: readonly Refusal[], log: LogOutputChannel): Promise<boolean> {
  for (const { candidate, reason, output } of refusals) {
    log.warn(`${[candidate.command, ...candidate.args].join(" ")}: ${reason}: ${output}`);
  }
  const told = mostTelling(refusals);
  const interpreter = told?.reason === "fails" ? undefined : told?.candidate.interpreter;
  const install = interpreter === undefined ? [] : ["Install"];
  const answer = await window.showWarningMessage(messageOf(told), ...install, "Settings", "Show log");
  if (answer === "Settings") {
    await commands.executeCommand("workbench.action.openSettings", `${SECTION}.`);
  } else if (answer === "Show log") {
    log.show();
  }
  return answer === "Install" && interpreter !== undefined && installed(interpreter);
}

/** An hplint that is there and lacks something tells more than a place without one. */
function mostTelling(refusals: readonly Refusal[]): Refusal | undefined {
  return refusals.find((refusal) => refusal.reason !== "no hplint") ?? refusals[0];
}

function messageOf(refusal: Refusal | undefined): string {
  const command = refusal?.candidate.interpreter ?? refusal?.candidate.command ?? "";
  switch (refusal?.reason) {
    case "no extra":
      return `hplint in ${command} has no language server: it needs ${REQUIREMENT}.`;
    case "fails":
      return `hplint cannot be started with ${command}: ${refusal.output.split("\n").at(-1)}`;
    default:
      return `hplint is not installed in ${command}: it needs ${REQUIREMENT}.`;
  }
}

/** Runs pip where the user sees it; whether that went well. */
async function installed(interpreter: string): Promise<boolean> {
  const pip = new ProcessExecution(interpreter, ["-m", "pip", "install", REQUIREMENT]);
  const task = new Task({ type: "process" }, TaskScope.Workspace, `install ${REQUIREMENT}`, "hplint", pip);
  const execution = await tasks.executeTask(task);
  return new Promise((resolve) => {
    const listener = tasks.onDidEndTaskProcess((event) => {
      if (event.execution === execution) {
        listener.dispose();
        resolve(event.exitCode === 0);
      }
    });
  });
}
