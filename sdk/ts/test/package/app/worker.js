import { navUsdPico } from './margin.js';

navUsdPico().then(
    (answer) => self.postMessage(answer),
    (error) => self.postMessage(`${error}`),
);
