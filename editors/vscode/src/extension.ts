import { type ExtensionContext, commands, window, workspace } from "vscode";
import { onOtherInterpreter } from "./python";
import { Session } from "./session";
import { OF_THE_CLIENT, SECTION } from "./settings";

let session: Session | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  const log = window.createOutputChannel("hplint", { log: true });
  const started = new Session(log);
  session = started;
  context.subscriptions.push(
    log,
    commands.registerCommand("hplint.restart", () => started.restart()),
    commands.registerCommand("hplint.showLog", () => log.show()),
    workspace.onDidChangeConfiguration(async (change) => {
      if (OF_THE_CLIENT.some((name) => change.affectsConfiguration(`${SECTION}.${name}`))) {
        await started.restart();
      } else if (change.affectsConfiguration(SECTION)) {
        await started.configure();
      }
    }),
  );
  const listener = await onOtherInterpreter(() => void started.restart());
  if (listener !== undefined) {
    context.subscriptions.push(listener);
  }
  await started.restart();
}

export async function deactivate(): Promise<void> {
  await session?.stop();
}
