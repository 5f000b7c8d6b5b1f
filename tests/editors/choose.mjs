// Prints which server editors/vscode would run: node choose.mjs BUNDLE WISHES FOLDER
import { createRequire } from "node:module";

const [bundle, wishes, folder] = process.argv.slice(2);
const { choose } = createRequire(import.meta.url)(bundle);
console.log(JSON.stringify(await choose(JSON.parse(wishes), folder)));
