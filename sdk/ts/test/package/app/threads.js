import { Worker, isMainThread, parentPort } from 'node:worker_threads';

import { navUsdPico } from './margin.js';

if (isMainThread) new Worker(new URL(import.meta.url)).once('message', (answer) => console.log(answer));
else parentPort.postMessage(await navUsdPico());
