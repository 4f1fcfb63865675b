/** TypeScript client of the Plimsoll margin and liquidation engine. */
export * from './accounts.js';
export * from './changes.js';
export * from './errors.js';
export * from './events.js';
export * from './generated/index.js';
export * from './history/index.js';
export * from './instructions.js';
export * from './layout.js';
export * from './margin/index.js';
export * from './pdas.js';
export * from './powers.js';
export * from './price.js';
