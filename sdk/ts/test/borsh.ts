import { type Address, getAddressDecoder } from '@solana/kit';

import idl from '../../../idl/plimsoll.json' with { type: 'json' };

/** A type in the interface description. */
type Type =
    | string
    | { option: Type }
    | { vec: Type }
    | { array: [Type, number] }
    | { defined: { name: string } };
type Field = { name: string; type: Type };
type Variant = { name: string; fields?: (Type | Field)[] };
type Definition = { kind: 'struct'; fields: Field[] } | { kind: 'enum'; variants: Variant[] };

const definitions = new Map(idl.types.map(({ name, type }) => [name, type as unknown as Definition]));
const camel = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
const address = getAddressDecoder();

/** A value of a type as the client shows it, and its bytes as Borsh writes it; read from the description alone. */
export interface Sample {
    readonly value: unknown;
    readonly bytes: number[];
}

/** Draws bytes that are the same in every run. */
export function drawing(seed: number): () => number {
    let state = seed >>> 0;
    return () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return state >>> 24;
    };
}

function integer(name: string, draw: () => number): Sample {
    const bits = Number(name.slice(1));
    const bytes = Array.from({ length: bits / 8 }, draw);
    const unsigned = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    const value = name.startsWith('i') ? BigInt.asIntN(bits, unsigned) : unsigned;
    return { value: bits > 32 ? value : Number(value), bytes };
}

const list = (samples: Sample[]): Sample => ({
    value: samples.map(({ value }) => value),
    bytes: samples.flatMap(({ bytes }) => bytes),
});
const count = (length: number) => [length, 0, 0, 0];

/** Draws a value of a type. */
export function sample(type: Type, draw: () => number): Sample {
    if (typeof type === 'string') return plain(type, draw);
    if ('option' in type) {
        if (draw() < 128) return { value: { __option: 'None' }, bytes: [0] };
        const { value, bytes } = sample(type.option, draw);
        return { value: { __option: 'Some', value }, bytes: [1, ...bytes] };
    }
    if ('vec' in type) {
        const { value, bytes } = list(Array.from({ length: draw() % 5 }, () => sample(type.vec, draw)));
        return { value, bytes: [...count((value as unknown[]).length), ...bytes] };
    }
    if ('array' in type) {
        const [of, length] = type.array;
        const items = list(Array.from({ length }, () => sample(of, draw)));
        return of === 'u8' ? { ...items, value: Uint8Array.from(items.bytes) } : items;
    }
    return defined(type.defined.name, draw);
}

function plain(type: string, draw: () => number): Sample {
    if (/^[ui]\d+$/.test(type)) return integer(type, draw);
    if (type === 'bool') {
        const byte = draw() & 1;
        return { value: byte === 1, bytes: [byte] };
    }
    if (type === 'pubkey') {
        const bytes = Array.from({ length: 32 }, draw);
        return { value: address.decode(Uint8Array.from(bytes)) as Address, bytes };
    }
    if (type === 'bytes') {
        const bytes = Array.from({ length: draw() % 9 }, draw);
        return { value: Uint8Array.from(bytes), bytes: [...count(bytes.length), ...bytes] };
    }
    throw new Error(`there is no sample of ${type}`);
}

/** Draws a value of a named type. */
export function defined(name: string, draw: () => number): Sample {
    const definition = definitions.get(name)!;
    if (definition.kind === 'struct') return struct(definition.fields, draw);
    const index = draw() % definition.variants.length;
    const { name: variant, fields } = definition.variants[index]!;
    if (definition.variants.every((each) => each.fields === undefined)) return { value: index, bytes: [index] };
    if (fields === undefined) return { value: { __kind: variant }, bytes: [index] };
    const { value, bytes } = list(fields.map((field) => sample(field as Type, draw)));
    return { value: { __kind: variant, fields: value }, bytes: [index, ...bytes] };
}

function struct(fields: Field[], draw: () => number): Sample {
    const parts = fields.map(({ name, type }) => ({ name: camel(name), ...sample(type, draw) }));
    return {
        value: Object.fromEntries(parts.map(({ name, value }) => [name, value])),
        bytes: parts.flatMap(({ bytes }) => bytes),
    };
}
