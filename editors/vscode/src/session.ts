import type { LogOutputChannel } from "vscode";
import { DidChangeConfigurationNotification, LanguageClient, type LanguageClientOptions } from "vscode-languageclient/node";
import { selectedInterpreter } from "./python";
import { tell } from "./refusals";
import { type Candidate, choose, environment } from "./servers";
import { SECTION, isEnabled, pathSetting, rootFolder, serverSettings } from "./settings";

/** Texts with a file or yet to be saved. Cells are told of with their notebook, as the server asks for it. */
const TEXTS = ["file", "untitled"].map((scheme) => ({ scheme, language: "python" }));
/** Files of configuration: hovers tell of their keys. */
const CONFIGURATIONS = ["yaml", "json", "jsonc", "toml"].map((language) => ({ scheme: "file", language }));

/** The one server of this window. Starts and stops follow each other, however quickly they are asked for. */
export class Session {
  private client: LanguageClient | undefined;
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly log: LogOutputChannel) {}

  /** Stop the server that runs, and start the one that the settings name. */
  restart(): Promise<void> {
    return this.next(async () => {
      await this.end();
      await this.begin();
    });
  }

  stop(): Promise<void> {
    return this.next(() => this.end());
  }

  /** Tell the server its settings. */
  async configure(): Promise<void> {
    if (this.client?.isRunning()) {
      await this.client.sendNotification(DidChangeConfigurationNotification.type, { settings: serverSettings() });
    }
  }

  private next(step: () => Promise<void>): Promise<void> {
    this.last = this.last.then(step).catch((problem: unknown) => this.log.error(String(problem)));
    return this.last;
  }

  private async begin(): Promise<void> {
    if (!isEnabled()) {
      return;
    }
    const wishes = {
      path: pathSetting("path"),
      interpreter: pathSetting("interpreter"),
      selected: await selectedInterpreter(),
    };
    const found = await choose(wishes, rootFolder());
    if ("chosen" in found) {
      await this.run(found.chosen);
    } else {
      // Not awaited: a message may stand for hours, and the command to restart must go on to work.
      void tell(found.refusals, this.log).then((installed) => (installed ? this.restart() : undefined));
    }
  }

  private async run({ command, args }: Candidate): Promise<void> {
    this.log.info(`starting ${[command, ...args].join(" ")}`);
    const folder = rootFolder();
    const options = { env: environment(), ...(folder === undefined ? {} : { cwd: folder }) };
    this.client = new LanguageClient(SECTION, "hplint", { command, args: [...args], options }, this.clientOptions());
    await this.client.start();
  }

  private clientOptions(): LanguageClientOptions {
    return {
      documentSelector: [...TEXTS, ...CONFIGURATIONS],
      outputChannel: this.log,
      initializationOptions: serverSettings(),
      middleware: {
        workspace: { configuration: (asked) => asked.items.map(() => serverSettings()) },
      },
    };
  }

  private async end(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    await client?.dispose().catch((problem: unknown) => this.log.warn(String(problem)));
  }
}
