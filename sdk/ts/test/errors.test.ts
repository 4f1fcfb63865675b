import {
    SOLANA_ERROR__INSTRUCTION_ERROR__CUSTOM,
    SOLANA_ERROR__TRANSACTION_ERROR__BLOCKHASH_NOT_FOUND,
    SolanaError,
} from '@solana/kit';
import { describe, expect, it } from 'vitest';

import idl from '../../../idl/plimsoll.json' with { type: 'json' };
import { ENGINE_ERRORS } from '../src/generated/errorTable.js';
import { decodeEngineError, engineError } from '../src/index.js';

const healthy = { code: 6300, name: 'AccountHealthy', message: ENGINE_ERRORS[6300]!.message };

describe('errors', () => {
    it('are all those of the interface description', () => {
        expect(Object.keys(ENGINE_ERRORS).map(Number)).toEqual(idl.errors.map(({ code }) => code));
        for (const { code, name, msg } of idl.errors) expect(engineError(code)).toEqual({ code, name, message: msg });
    });

    it('are found in an error of kit and in its causes', () => {
        const custom = new SolanaError(SOLANA_ERROR__INSTRUCTION_ERROR__CUSTOM, { code: 6300, index: 1 });
        expect(decodeEngineError(custom)).toEqual(healthy);
        expect(decodeEngineError(new Error('sending failed', { cause: custom }))).toEqual(healthy);
    });

    it('are found in the status of a transaction, with numbers of either type', () => {
        expect(decodeEngineError({ err: { InstructionError: [2, { Custom: 6300 }] } })).toEqual(healthy);
        expect(decodeEngineError({ InstructionError: [2n, { Custom: 6300n }] })).toEqual(healthy);
    });

    it('are found in log lines', () => {
        const logs = ['Program X invoke [1]', 'Program X failed: custom program error: 0x189c'];
        expect(decodeEngineError(logs)).toEqual(healthy);
        expect(decodeEngineError({ logs })).toEqual(healthy);
    });

    it('of other programs and of Anchor keep their number', () => {
        expect(decodeEngineError({ Custom: 3007 })).toMatchObject({ code: 3007, name: undefined });
    });

    it('are not invented where no program failed with a code', () => {
        expect(
            decodeEngineError(new SolanaError(SOLANA_ERROR__TRANSACTION_ERROR__BLOCKHASH_NOT_FOUND)),
        ).toBeUndefined();
        expect(decodeEngineError({ InstructionError: [0, 'InvalidAccountData'] })).toBeUndefined();
        expect(decodeEngineError(undefined)).toBeUndefined();
        const cycle: { cause?: unknown } = {};
        cycle.cause = cycle;
        expect(decodeEngineError(cycle)).toBeUndefined();
    });
});
