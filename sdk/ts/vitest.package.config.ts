import { defineConfig } from 'vitest/config';

// What packs, installs and bundles, which takes longer than all other tests.
export default defineConfig({ test: { include: ['test/package/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 } });
