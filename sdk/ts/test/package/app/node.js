import { navUsdPico } from './margin.js';

console.log(await navUsdPico());
