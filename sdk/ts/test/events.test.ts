import type { Address } from '@solana/kit';
import { describe, expect, it } from 'vitest';

import idl from '../../../idl/plimsoll.json' with { type: 'json' };
import { ENGINE_EVENTS } from '../src/generated/eventTable.js';
import { decodeEvent, decodeLoggedEvent, getMarginCalledEncoder } from '../src/index.js';
import { defined, drawing } from './borsh.js';
import { eventBytes, loggedBytes } from './node.js';
import { bytesOf, recording } from './recording.js';

const NOBODY = '11111111111111111111111111111111' as Address;

describe('events', () => {
    it('are all those of the interface description', () => {
        expect(ENGINE_EVENTS.map(({ name, discriminator }) => ({ name, discriminator: [...discriminator] }))).toEqual(
            idl.events,
        );
    });

    it.each(idl.events.map(({ name }) => name))('%s is read field by field, as the description says', (name) => {
        const draw = drawing(7);
        for (let round = 0; round < 20; round += 1) {
            const { value, bytes } = defined(name, draw);
            expect(decodeEvent(eventBytes(name, bytes))).toEqual({ name, data: value });
            const line = `Program data: ${Buffer.from(loggedBytes(name, bytes)).toString('base64')}`;
            expect(decodeLoggedEvent(line)).toEqual({ name, data: value });
            expect(() => decodeEvent(eventBytes(name, bytes.slice(0, -1)))).toThrow();
        }
    });

    it('of a recorded liquidation are read as the program wrote them', () => {
        const { event_base64, account, ...expected } = recording.liquidation_event;
        expect(decodeEvent(bytesOf(event_base64))).toMatchObject({
            name: 'CollateralLiquidated',
            data: {
                liquidatee: account,
                assetBank: expected.asset_bank,
                liabilityBank: expected.liability_bank,
                penaltyPpm: expected.penalty_ppm,
                repaidAtoms: BigInt(expected.repaid_atoms),
                seizedAtoms: BigInt(expected.seized_atoms),
                insuranceFeeAtoms: BigInt(expected.insurance_fee_atoms),
                navAfterUsdPico: BigInt(expected.nav_after_usd_pico),
            },
        });
    });

    it('in a log are read as they are in a call, and other lines are none', () => {
        const event = bytesOf(recording.liquidation_event.event_base64);
        const line = `Program data: ${Buffer.from(event.subarray(8)).toString('base64')}`;
        expect(decodeLoggedEvent(line)).toEqual(decodeEvent(event));
        expect(decodeLoggedEvent('Program log: waits: deposit_cap_atoms from 1 to 2')).toBeUndefined();
        expect(decodeLoggedEvent(`Program data: ${Buffer.from(event).toString('base64')}`)).toBeUndefined();
        expect(decodeLoggedEvent(line.slice(8))).toBeUndefined();
    });

    it('a margin call is read with its distances', () => {
        const fixed = { engine: NOBODY, owner: NOBODY, id: 7, ratioPpm: 1_050_000 };
        const call = { ...fixed, distances: [{ slot: 3, movePpm: -52_000 }] };
        const { discriminator } = ENGINE_EVENTS.find(({ name }) => name === 'MarginCalled')!;
        const event = [...discriminator, ...getMarginCalledEncoder().encode(call)];
        const line = `Program data: ${Buffer.from(event).toString('base64')}`;
        expect(decodeLoggedEvent(line)).toEqual({ name: 'MarginCalled', data: call });
    });

    it('are nothing else', () => {
        const bytes = bytesOf(recording.liquidation_event.event_base64);
        expect(decodeEvent(bytes.subarray(1))).toBeUndefined();
        expect(decodeEvent(bytes.map((byte, index) => (index === 8 ? byte ^ 1 : byte)))).toBeUndefined();
        expect(decodeEvent(new Uint8Array())).toBeUndefined();
        expect(() => decodeEvent(bytes.subarray(0, 40))).toThrow();
    });
});
