// Generates src/generated from idl/plimsoll.json. With a folder as argument it writes there instead.
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { rootNodeFromAnchor } from '@codama/nodes-from-anchor';
import { renderVisitor } from '@codama/renderers-js';
import { getProgramDerivedAddress } from '@solana/kit';
import {
    bottomUpTransformerVisitor,
    createFromRoot,
    deleteNodesVisitor,
    numberTypeNode,
    pascalCase,
    publicKeyValueNode,
    setInstructionAccountDefaultValuesVisitor,
} from 'codama';

const here = dirname(fileURLToPath(import.meta.url));
const IDL = join(here, '../../../idl/plimsoll.json');

// Numbers that accounts store as bytes, because 128-bit integers are aligned differently on Solana and on hosts.
const STORED_AS_BYTES = { i128Le: 'i128', u128Le: 'u128' };

/** Turns links to the byte wrappers into the numbers they hold. */
function unwrapNumbers(codama) {
    codama.update(
        bottomUpTransformerVisitor([
            {
                select: (path) => {
                    const node = path.at(-1);
                    return node.kind === 'definedTypeLinkNode' && node.name in STORED_AS_BYTES;
                },
                transform: (node) => numberTypeNode(STORED_AS_BYTES[node.name]),
            },
        ]),
    );
    codama.update(deleteNodesVisitor(Object.keys(STORED_AS_BYTES).map((name) => `[definedTypeNode]${name}`)));
}

/** The two accounts that sign and receive events are the same in every instruction. */
async function resolveEventAccounts(codama, programAddress) {
    const [authority] = await getProgramDerivedAddress({ programAddress, seeds: ['__event_authority'] });
    codama.update(
        setInstructionAccountDefaultValuesVisitor([
            { account: 'eventAuthority', defaultValue: publicKeyValueNode(authority, 'eventAuthority') },
            { account: 'program', defaultValue: publicKeyValueNode(programAddress, 'plimsoll') },
        ]),
    );
}

/** Node resolves no folders and adds no extensions, so relative imports name their files. */
function nameImportedFiles(folder) {
    for (const name of readdirSync(folder)) {
        const file = join(folder, name);
        if (statSync(file).isDirectory()) {
            nameImportedFiles(file);
            continue;
        }
        const text = readFileSync(file, 'utf8');
        const named = text.replace(/(from\s+['"])(\.{1,2}(?:\/[^'"]*)?)(['"])/g, (_, before, path, after) => {
            const target = resolve(dirname(file), path);
            const isFolder = statSync(target, { throwIfNoEntry: false })?.isDirectory() ?? false;
            return `${before}${path}${isFolder ? '/index' : ''}.js${after}`;
        });
        writeFileSync(file, named);
    }
}

/** The renderer is written for kit 6; since kit 8 the type of an extended client has a name of its own. */
function nameExtendedClient(file) {
    const text = readFileSync(file, 'utf8');
    const type = "Omit<T, 'plimsoll'> & { plimsoll: PlimsollPlugin }";
    if (!text.includes(type)) throw new Error(`${file} no longer writes out the type of an extended client`);
    const named = text
        .replace(type, 'ExtendedClient<T, { plimsoll: PlimsollPlugin }>')
        .replace("} from '@solana/kit';", "    type ExtendedClient,\n} from '@solana/kit';");
    writeFileSync(file, named);
}

/** Renderer's decoders take any bytes for fields; so what is read of an account asks first whether it is one. */
function checkLayouts(folder, idl) {
    for (const { name } of idl.accounts) {
        const file = join(folder, `${name[0].toLowerCase()}${name.slice(1)}.ts`);
        const text = readFileSync(file, 'utf8');
        const decodes = `    return decodeAccount(encodedAccount as MaybeEncodedAccount<TAddress>, get${name}Decoder());`;
        if (!text.includes(decodes)) throw new Error(`${file} no longer decodes an account as it did`);
        const words = name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
        const constant = `${name.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase()}_DISCRIMINATOR`;
        const checked =
            `    if (!('exists' in encodedAccount) || encodedAccount.exists) {\n` +
            `        assertReadable(encodedAccount, {\n            what: '${words}',\n` +
            `            discriminator: ${constant},\n            size: get${name}Size(),\n        });\n    }\n${decodes}`;
        const imported = "} from '@solana/kit';\nimport { assertReadable } from '../../layout.js';";
        writeFileSync(file, text.replace("} from '@solana/kit';", imported).replace(decodes, checked));
    }
}

/** Name and text of every error, which Codama's own table leaves out of production builds. */
function errorTable(idl) {
    const rows = idl.errors.map(
        ({ code, name, msg }) => `    ${code}: { name: ${JSON.stringify(name)}, message: ${JSON.stringify(msg)} },\n`,
    );
    return (
        '/** Errors of the program by code. Generated from the interface description; do not edit. */\n' +
        'export const ENGINE_ERRORS: Readonly<Record<number, { name: string; message: string }>> = {\n' +
        `${rows.join('')}};\n`
    );
}

/** The decoder of every event by its discriminator, which Codama's renderer leaves out. */
function eventTable(idl) {
    const names = idl.events.map(({ name }) => name);
    const imports = names.flatMap((name) => [`    get${name}Decoder,\n`, `    type ${name},\n`]);
    const rows = idl.events.map(
        ({ name, discriminator }) =>
            `    { name: '${name}', discriminator: [${discriminator.join(', ')}], decoder: get${name}Decoder() },\n`,
    );
    return (
        '// Generated from the interface description; do not edit.\n' +
        `import {\n${imports.join('')}} from './types/index.js';\n\n` +
        '/** An event of the program, by name. */\n' +
        `export type EngineEvent =\n${names.map((name) => `    | { name: '${name}'; data: ${name} }`).join('\n')};\n\n` +
        '/** Discriminator and decoder of every event. */\n' +
        `export const ENGINE_EVENTS = [\n${rows.join('')}] as const;\n`
    );
}

/** Generates the client into `folder`. */
export async function generate(folder) {
    const idl = JSON.parse(readFileSync(IDL, 'utf8'));
    // Without the list of events their types stay among the others.
    const codama = createFromRoot(rootNodeFromAnchor({ ...idl, events: [] }));
    unwrapNumbers(codama);
    await resolveEventAccounts(codama, idl.address);
    const visitor = renderVisitor(folder, {
        generatedFolder: '.',
        kitImportStrategy: 'rootOnly',
        // The program has types that end in Args themselves.
        nameTransformers: { dataArgsType: (name) => `${pascalCase(name)}Input` },
        prettierOptions: { printWidth: 120, singleQuote: true, tabWidth: 4 },
        syncPackageJson: false,
    });
    await codama.accept(visitor);
    nameImportedFiles(folder);
    checkLayouts(join(folder, 'accounts'), idl);
    nameExtendedClient(join(folder, 'programs/plimsoll.ts'));
    writeFileSync(join(folder, 'errorTable.ts'), errorTable(idl));
    writeFileSync(join(folder, 'eventTable.ts'), eventTable(idl));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
    await generate(resolve(process.argv[2] ?? join(here, '../src/generated')));
}
