import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { address } from '@solana/kit';
import { describe, expect, it } from 'vitest';

import idl from '../../../idl/plimsoll.json' with { type: 'json' };
import { generate } from '../scripts/generate.mjs';
import * as client from '../src/index.js';

const pascal = (name: string) => name.replace(/(^|_)([a-z0-9])/g, (_, __, letter: string) => letter.toUpperCase());
const constant = (name: string) => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
const exported = client as unknown as Record<string, unknown>;

/** Every file below a folder with its text. */
function texts(folder: string): Record<string, string> {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const named = files.map((entry): [string, string] => {
        const path = join(entry.parentPath, entry.name);
        return [path.slice(folder.length), readFileSync(path, 'utf8')];
    });
    return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe('the generated client', () => {
    it('is what the committed interface description generates', async () => {
        const folder = mkdtempSync(join(tmpdir(), 'plimsoll-client-'));
        try {
            await generate(folder);
            const committed = texts(fileURLToPath(new URL('../src/generated', import.meta.url)));
            expect(texts(folder), 'out of date; to regenerate it: npm run generate').toEqual(committed);
        } finally {
            rmSync(folder, { recursive: true });
        }
    });

    it('knows every instruction by the discriminator that Anchor derives from its name', () => {
        expect(idl.instructions.length).toBeGreaterThanOrEqual(40);
        for (const { name, discriminator } of idl.instructions) {
            const derived = createHash('sha256').update(`global:${name}`).digest().subarray(0, 8);
            expect(Array.from(derived), name).toEqual(discriminator);
            const generated = exported[`${constant(pascal(name))}_DISCRIMINATOR`];
            expect(Array.from(generated as Uint8Array), name).toEqual(discriminator);
        }
    });

    it('knows every account by the discriminator that Anchor derives from its name', () => {
        expect(idl.accounts.map(({ name }) => name)).toEqual([
            'Bank',
            'Engine',
            'FeedBook',
            'MarginAccount',
            'Market',
            'PendingChange',
            'PriceBoard',
            'Registry',
            'Venue',
        ]);
        for (const { name, discriminator } of idl.accounts) {
            const derived = createHash('sha256').update(`account:${name}`).digest().subarray(0, 8);
            expect(Array.from(derived), name).toEqual(discriminator);
            expect(Array.from(exported[`${constant(name)}_DISCRIMINATOR`] as Uint8Array), name).toEqual(discriminator);
        }
    });

    it('reads exactly as many bytes as each account has', () => {
        const sizes = {
            Bank: 792,
            Engine: 528,
            FeedBook: 36_096,
            MarginAccount: 3040,
            Market: 656,
            PendingChange: 1248,
            PriceBoard: 16_640,
            Registry: 30_720,
            Venue: 136,
        };
        for (const [name, size] of Object.entries(sizes)) {
            const decoder = (exported[`get${name}Decoder`] as () => { fixedSize: number })();
            expect(decoder.fixedSize, name).toBe(size);
        }
    });

    it('fills in the accounts that carry events', async () => {
        const key = address('11111111111111111111111111111112');
        const { accounts } = client.getAccrueInstruction({ registry: key, bank: key });
        expect(accounts.map(({ address }) => address)).toEqual([
            key,
            key,
            await client.findEventAuthority(),
            client.PLIMSOLL_PROGRAM_ADDRESS,
        ]);
    });

    it('builds an instruction with the accounts and bytes that the program reads', () => {
        const key = (digit: number) => address('1'.repeat(31) + digit);
        const instruction = client.getCheckMarginInstruction({
            marginAccount: key(2),
            registry: key(3),
            board: key(4),
            views: 3,
        });
        expect(instruction.programAddress).toBe(client.PLIMSOLL_PROGRAM_ADDRESS);
        expect(instruction.accounts.map(({ address }) => address)).toEqual([key(2), key(3), key(4)]);
        expect(Array.from(instruction.data)).toEqual([...client.CHECK_MARGIN_DISCRIMINATOR, 3]);
    });
});
