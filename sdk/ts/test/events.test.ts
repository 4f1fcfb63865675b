import { describe, expect, it } from 'vitest';

import idl from '../../../idl/plimsoll.json' with { type: 'json' };
import { ENGINE_EVENTS } from '../src/generated/eventTable.js';
import { decodeEvent, decodeLoggedEvent } from '../src/index.js';
import { defined, drawing } from './borsh.js';
import { eventBytes, loggedBytes } from './node.js';
import { bytesOf, recording } from './recording.js';

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
            expect(decodeLoggedEvent(loggedBytes(name, bytes))).toEqual({ name, data: value });
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

    it('are nothing else', () => {
        const bytes = bytesOf(recording.liquidation_event.event_base64);
        expect(decodeEvent(bytes.subarray(1))).toBeUndefined();
        expect(decodeEvent(bytes.map((byte, index) => (index === 8 ? byte ^ 1 : byte)))).toBeUndefined();
        expect(decodeEvent(new Uint8Array())).toBeUndefined();
        expect(() => decodeEvent(bytes.subarray(0, 40))).toThrow();
    });
});
